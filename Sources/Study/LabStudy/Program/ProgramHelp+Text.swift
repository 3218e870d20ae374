import Foundation
import LabCore

extension ProgramHelp {
  /// Reads what a program prints when it is asked for `--help`, by `argparse`, `click`, `typer`, `absl`, `docopt`, Hydra, or by hand.
  public init(text: String) {
    self.init()
    if let hydra = HydraHelp(text) {
      configuration = hydra.configuration
      groups = hydra.groups
      return
    }
    var reader = HelpReader(text)
    reader.read()
    options = reader.options
    commands = reader.commands
  }
}

/// The configuration that a program of Hydra prints.
private struct HydraHelp {
  var configuration: SourceValue
  var groups: [ProgramHelp.Group] = []

  init?(_ text: String) {
    guard let config = text.range(of: "== Config ==") else { return nil }
    let head = text[..<config.lowerBound]
    var body = text[config.upperBound...]
    if let end = body.range(of: "Powered by Hydra") { body = body[..<end.lowerBound] }
    // A sentence stands between the title and the configuration.
    let lines = body.split(separator: "\n", omittingEmptySubsequences: false)
      .drop { $0.allSatisfy(\.isWhitespace) || $0.hasPrefix("Override ") }
    let yaml = lines.joined(separator: "\n")
    guard let value = SpecSource(path: "help.yaml", text: yaml).parse().value, value.members != nil else { return nil }
    configuration = value
    guard let start = head.range(of: "== Configuration groups ==") else { return }
    for line in head[start.upperBound...].split(separator: "\n") {
      guard let found = line.wholeMatch(of: /([\w@\/.]+): (.+)/) else { continue }
      let choices = found.2.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
      groups.append(.init(name: String(found.1), choices: choices))
    }
  }
}

/// Reads the lines of a help text.
private struct HelpReader {
  private(set) var options: [ProgramOption] = []
  private(set) var commands: [String] = []
  private let lines: [Line]
  /// The words of the usage that are in no brackets.
  private let required: [String]

  /// A line without the frame that some programs draw.
  private struct Line {
    var text: String
    var isFramed: Bool
    var isMarked: Bool

    var indentation: Int { text.prefix { $0 == " " || $0 == "\t" }.count }
    var trimmed: String { text.trimmingCharacters(in: .whitespaces) }
    var isBlank: Bool { trimmed.isEmpty }
    var startsOption: Bool { trimmed.firstMatch(of: /^--?(?:\[no-?\])?[A-Za-z]/) != nil }
  }

  init(_ text: String) {
    lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { line in
      guard line.contains("│") || line.contains("╭") || line.contains("╰") else {
        return Line(text: String(line), isFramed: false, isMarked: false)
      }
      var inner = String(line.filter { !"│╭╮╰╯─".contains($0) })
      let isMarked = inner.trimmingCharacters(in: .whitespaces).hasPrefix("* ")
      if isMarked, let star = inner.firstIndex(of: "*") { inner.replaceSubrange(star...star, with: " ") }
      if line.contains("╭") { inner = inner.trimmingCharacters(in: .whitespaces) + ":" }
      return Line(text: inner, isFramed: true, isMarked: isMarked)
    }
    required = Self.required(in: lines)
  }

  /// The words of the usage that are in no brackets, without the program.
  private static func required(in lines: [Line]) -> [String] {
    guard let start = lines.firstIndex(where: { $0.trimmed.lowercased().hasPrefix("usage:") }) else { return [] }
    // Some print the usage on the line behind the word.
    var body = lines[start...].prefix { !$0.isBlank }.map(\.trimmed)
    body[0] = String(body[0].dropFirst("usage:".count))
    var depth = 0
    var text = ""
    for character in body.joined(separator: " ") {
      if character == "[" { depth += 1 }
      if depth == 0 { text.append(character) }
      if character == "]" { depth -= 1 }
    }
    return text.split(separator: " ").dropFirst().map(String.init)
  }

  mutating func read() {
    var section = ""
    var index = 0
    var isUsage = false
    while index < lines.count {
      let line = lines[index]
      if line.trimmed.lowercased().hasPrefix("usage:") { isUsage = true }
      if line.isBlank { isUsage = false }
      guard !isUsage, !line.isBlank else {
        index += 1
        continue
      }
      // What is indented more belongs to the line.
      var help: [String] = []
      var next = index + 1
      while next < lines.count, !lines[next].isBlank, lines[next].indentation > line.indentation,
        !lines[next].startsOption
      {
        help.append(lines[next].trimmed)
        next += 1
      }
      if line.startsOption {
        if let option = option(line, help) { options.append(option) }
      } else if line.indentation > 0, section.contains("argument"), !section.contains("optional") {
        readPositional(line, help)
      } else {
        if line.trimmed.hasSuffix(":") { section = line.trimmed.lowercased() }
        next = index + 1
      }
      index = next
    }
    readUsage()
  }

  // MARK: Options

  private func option(_ line: Line, _ more: [String]) -> ProgramOption? {
    guard let head = OptionHead(line.trimmed, isFramed: line.isFramed) else { return nil }
    let names = head.names
    guard !names.contains("--help"), !names.contains("--version"), names != ["-h"] else { return nil }
    let help = ([head.rest] + more).joined(separator: " ").trimmingCharacters(in: .whitespaces)
    let notes = HelpNotes(help, type: head.type)
    let flag = names.first { $0.hasPrefix("--") && !head.opposites.contains($0) } ?? names[0]
    var option = ProgramOption(flag, help: notes.sentence)
    option.isRequired =
      line.isMarked || notes.isRequired || names.contains { required.contains($0) || required.contains("(\($0)") }
    option.choices = (head.choices ?? notes.choices).map { OptionText.value($0, type: head.type) }
    let isToggle = head.isNegatable || (head.metavar == nil && !head.hasColon) || head.type == "bool"
    guard !isToggle else {
      let opposite = head.opposites.first.map { String($0.drop { $0 == "-" }) }
      option.kind = .toggle(opposite: opposite)
      let text = notes.defaultText?.lowercased()
      option.defaultValue = opposite == nil ? false : .boolean(text == "true" || text == option.name.lowercased())
      // A count has a number where a switch has a truth value.
      if let text, Int(text) != nil { option.kind = .other("its number counts how often it is given") }
      return option
    }
    guard let text = notes.defaultText, !["none", "null", "", "nil"].contains(text.lowercased()) else {
      if head.takesSeveral { option.kind = .values }
      return option
    }
    if text.hasPrefix("["), text.hasSuffix("]") || text.hasPrefix("(") && text.hasSuffix(")") {
      let inner = text.dropFirst().dropLast()
      let values = inner.split(separator: ",").map {
        OptionText.value($0.trimmingCharacters(in: .whitespaces), type: head.type)
      }
      guard head.takesSeveral, !values.isEmpty else {
        option.kind = .other("its default \(text) has a form that only the program knows")
        return option
      }
      option.kind = .values
      option.defaultValue = .array(values)
      return option
    }
    option.defaultValue = OptionText.value(text, type: head.type ?? notes.type)
    if head.takesSeveral {
      option.kind = .values
      option.defaultValue = option.defaultValue.map { [$0] }
    }
    return option
  }

  // MARK: What is given by its place

  private mutating func readPositional(_ line: Line, _ more: [String]) {
    let words = line.trimmed.split(separator: " ", maxSplits: 1)
    guard let name = words.first else { return }
    if name.hasPrefix("{") {
      commands += name.dropFirst().dropLast().split(separator: ",").map(String.init)
      return
    }
    let rest = ([words.dropFirst().first.map(String.init) ?? ""] + more).joined(separator: " ")
    let text = rest.replacing(/^\s*(?:<[^>]*>|[A-Z]+)\s+/, with: "")
    let notes = HelpNotes(text, type: nil)
    options.append(
      ProgramOption(
        String(name), .positional, default: notes.defaultText.map { OptionText.value($0, type: nil) },
        isRequired: notes.defaultText == nil, help: notes.sentence))
  }

  /// Takes from the usage what has no line of its own.
  private mutating func readUsage() {
    var isBehindOption = false
    for word in required {
      defer { isBehindOption = word.hasPrefix("-") }
      guard !isBehindOption, !word.hasPrefix("-") else { continue }
      if word.hasPrefix("{"), word.hasSuffix("}"), word.contains(",") {
        let named = word.dropFirst().dropLast().split(separator: ",").map(String.init)
        if commands.isEmpty { commands = named }
        continue
      }
      let name = word.trimmingCharacters(in: CharacterSet(charactersIn: "<>{}.")).lowercased()
      if name == "command" {
        commands = commands.isEmpty ? ["COMMAND"] : commands
      } else if word.firstMatch(of: /^(?:<[\w-]+>|\{[\w-]+\}|[A-Z][A-Z0-9_-]*)(?:\.\.\.)?$/) != nil,
        !options.contains(where: { $0.kind == .positional && $0.name.lowercased() == name })
      {
        options.append(ProgramOption(name, .positional, isRequired: true))
      }
    }
  }
}

/// The names of an option's line with what stands for its value, and what is left of the line.
private struct OptionHead {
  var names: [String] = []
  var opposites: [String] = []
  var metavar: String?
  var takesSeveral = false
  /// Whether a colon ends the names, as in texts of absl.
  var hasColon = false
  var isNegatable = false
  var rest = ""

  init?(_ line: String, isFramed: Bool) {
    var text = line[...]
    while let found = text.prefixMatch(of: /(--?)(\[no-?\])?([A-Za-z0-9][\w.-]*)/) {
      let name = "\(found.1)\(found.3)".trimmingCharacters(in: CharacterSet(charactersIn: "."))
      names.append(name)
      if let no = found.2 {
        isNegatable = true
        opposites.append("\(found.1)\(no.dropFirst().dropLast())\(found.3)")
      }
      text = text[found.range.upperBound...]
      if let value = text.prefixMatch(of: /[ =](\{[^}]*\}|\[[^\]]*\|[^\]]*\]|<[^>]*>)/) {
        take(String(value.1), &text, to: value.range.upperBound)
      } else if let value = text.prefixMatch(of: /[ =]([A-Z][A-Z0-9_.:]*(?: RANGE)?)(?=$|[\s,])/) {
        take(String(value.1), &text, to: value.range.upperBound)
      } else if let value = text.prefixMatch(of: /[ =]([A-Za-z][\w.:-]*)(?=$|,|\s\s)/) {
        take(String(value.1), &text, to: value.range.upperBound)
      } else if isFramed,
        let value = text.prefixMatch(
          of: /\s+(<[^>]*>|\[[^\]]*\|[^\]]*\]|(?:INTEGER|FLOAT|TEXT|PATH|FILE|BOOLEAN|UUID)(?: RANGE)?)/)
      {
        take(String(value.1), &text, to: value.range.upperBound)
      }
      if let list = text.prefixMatch(of: /\s?\[[^\]]*\.\.\.\]|\s?\.\.\./) {
        takesSeveral = true
        text = text[list.range.upperBound...]
      }
      guard let gap = text.prefixMatch(of: /(?:\s*[,\/|]\s*|\s+)(?=--?[A-Za-z\[])/) else { break }
      text = text[gap.range.upperBound...]
    }
    guard !names.isEmpty else { return nil }
    if text.hasPrefix(":") {
      hasColon = true
      text = text.dropFirst()
    }
    for name in names where name.hasPrefix("--no-") && names.contains("--" + name.dropFirst(5)) {
      opposites.append(name)
      isNegatable = true
    }
    rest = text.trimmingCharacters(in: .whitespaces)
  }

  private mutating func take(_ value: String, _ text: inout Substring, to end: String.Index) {
    metavar = value
    text = text[end...]
  }

  /// The type that stands for the value.
  var type: String? {
    switch metavar?.lowercased().trimmingCharacters(in: CharacterSet(charactersIn: "<>")) ?? "" {
    case let name where name.hasPrefix("int"): "int"
    case let name where name.hasPrefix("float") || name == "number" || name == "double": "float"
    case "text", "str", "string", "path", "file", "filename", "directory": "str"
    case "bool" where isNegatable || metavar == "<bool>": "bool"
    default: nil
    }
  }

  /// What stands for the value as a list.
  var choices: [String]? {
    guard let metavar, let first = metavar.first, "{[<".contains(first) else { return nil }
    let separator: Character = first == "{" ? "," : "|"
    let parts = metavar.dropFirst().dropLast().split(separator: separator).map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    return parts.count > 1 ? parts : nil
  }
}

/// What the sentence behind an option says beside what it is for.
private struct HelpNotes {
  var sentence: String
  var defaultText: String?
  var isRequired = false
  var choices: [String] = []
  var type: String?

  init(_ help: String, type: String?) {
    var text = help
    if let found = text.prefixMatch(of: /<([^>]*\|[^>]*)>:\s*/) {
      choices = found.1.split(separator: "|").map(String.init)
      text.removeSubrange(found.range)
    }
    if text.contains("(an integer)") || text.contains(/\(a (?:positive|non-negative) integer\)/) { self.type = "int" }
    if text.contains("(a number)") || text.contains(/\(a (?:positive|non-negative) number\)/) { self.type = "float" }
    isRequired = text.contains(/[\[(]required[\])]/.ignoresCase())
    // The last one counts, for the sentence itself may speak of defaults.
    let bracketed = text.matches(of: /\[defaults?[:=]\s*((?:\[[^\]]*\]|[^\];])*)(?:;[^\]]*)?\]/.ignoresCase()).last
    let inParentheses = text.matches(of: /\(defaults?(?:\s+is|\s+to|[:=])?\s+((?:\([^)]*\)|[^)])*)\)/.ignoresCase())
      .last
    let loose = text.firstMatch(of: /\bdefaults? ?(?:is|to|:|=) ?([^\s,;()\[\]]+)/.ignoresCase())
    if let found = bracketed.map({ ($0.1, $0.range) }) ?? inParentheses.map({ ($0.1, $0.range) })
      ?? loose.map({ ($0.1, $0.range) })
    {
      defaultText = OptionText.unquoted(found.0.trimmingCharacters(in: .whitespaces))
      text.removeSubrange(found.1)
    }
    text = text.replacing(
      /\s*[\[(]required[\])]|\s*\((?:an? [\w -]*(?:integer|number)|a comma separated list)\)/, with: "")
    sentence = text.replacing(/\s+/, with: " ").trimmingCharacters(in: CharacterSet(charactersIn: " ;,:"))
  }
}

/// Values as help texts have them.
private enum OptionText {
  static func unquoted(_ text: String) -> String {
    guard text.count >= 2, let first = text.first, first == "'" || first == "\"", text.last == first else {
      return text
    }
    return String(text.dropFirst().dropLast())
  }

  static func value(_ text: String, type: String?) -> JSONValue {
    let text = unquoted(text)
    if type == "str" { return .string(text) }
    if text.wholeMatch(of: /[-+]?\d{1,15}/) != nil, let number = Int(text) {
      return type == "float" ? .number(Double(number)) : .integer(number)
    }
    if text.wholeMatch(of: /[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/) != nil,
      let number = Double(text.hasSuffix(".") ? text + "0" : text.hasPrefix(".") ? "0" + text : text), number.isFinite
    {
      return .number(number)
    }
    return .string(text)
  }
}
