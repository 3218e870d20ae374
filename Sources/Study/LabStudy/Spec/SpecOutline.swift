import LabCore

/// A spec with its comments, to be written in one of the languages of specs.
struct SpecOutline {
  /// A value whose objects keep their order.
  enum Node: Sendable {
    case value(JSONValue)
    case members([(key: String, value: Node)])

    /// Puts a value within objects that are made where they are missing.
    mutating func insert(_ value: Node, at path: ArraySlice<String>) {
      guard let key = path.first else {
        self = value
        return
      }
      var members: [(key: String, value: Node)] = []
      if case .members(let existing) = self { members = existing }
      let index = members.firstIndex { $0.key == key } ?? members.endIndex
      if index == members.endIndex { members.append((key, .members([]))) }
      members[index].value.insert(value, at: path.dropFirst())
      self = .members(members)
    }
  }

  /// A key of a section.
  struct Member: Sendable {
    var key: String
    var value: Node
    /// Comments on lines of their own.
    var above: [String]
    /// A comment on the same line; empty without one.
    var behind: String
    /// Comments on lines of their own, behind it.
    var below: [String] = []

    init(_ key: String, _ value: Node, above: [String] = [], behind: String = "") {
      self.key = key
      self.value = value
      self.above = above
      self.behind = behind
    }
  }

  private enum Block {
    case comment([String])
    case member(Member)
    case section(String, [Member], comment: [String])
  }

  private let format: SourceFormat
  private var blocks: [Block] = []
  /// What stands above everything.
  var head: [String] = []

  init(_ format: SourceFormat) { self.format = format }

  /// Adds a key of the spec.
  mutating func add(_ key: String, _ value: JSONValue, comment: [String] = []) {
    blocks.append(.member(Member(key, .value(value), above: comment)))
  }

  /// Adds a key of the spec that has keys of its own.
  mutating func addSection(_ key: String, _ members: [Member], comment: [String] = []) {
    blocks.append(.section(key, members, comment: comment))
  }

  /// Adds lines that mean nothing to labrun.
  mutating func addComment(_ lines: [String]) { blocks.append(.comment(lines)) }

  /// The text.
  var text: String {
    var lines: [String] = []
    let inner = format == .json ? "  " : ""
    if format == .json {
      lines += comment(head, "") + ["{", "  \"$schema\": \"spec.schema.json\","]
    } else {
      lines += ["# yaml-language-server: $schema=spec.schema.json", "#"] + comment(head, "")
    }
    let last = blocks.lastIndex { if case .comment = $0 { false } else { true } } ?? 0
    for (index, block) in blocks.enumerated() {
      switch block {
      case .comment(let text): lines += [""] + comment(text, inner)
      case .member(let member):
        if !member.above.isEmpty { lines.append("") }
        lines += self.lines(of: member, inner, isLast: index == last)
      case .section(let key, let members, let text):
        lines += [""] + comment(text, inner)
        guard !members.isEmpty else {
          lines.append("\(inner)\(name(key)): {}\(index == last || format != .json ? "" : ",")")
          continue
        }
        lines.append("\(inner)\(name(key)):\(format == .json ? " {" : "")")
        for (place, member) in members.enumerated() {
          lines += self.lines(of: member, inner + "  ", isLast: place == members.count - 1)
        }
        if format == .json { lines.append("\(inner)}\(index == last ? "" : ",")") }
      }
    }
    if format == .json { lines.append("}") }
    return lines.joined(separator: "\n") + "\n"
  }

  private func lines(of member: Member, _ indentation: String, isLast: Bool) -> [String] {
    let comma = format == .json && !isLast ? "," : ""
    let mark = format == .json ? "//" : "#"
    let behind = member.behind.isEmpty ? "" : " \(mark) \(member.behind)"
    return comment(member.above, indentation)
      + ["\(indentation)\(name(member.key)): \(Self.literal(member.value))\(comma)\(behind)"]
      + comment(member.below, indentation)
  }

  private func comment(_ lines: [String], _ indentation: String) -> [String] {
    lines.map { "\(indentation)\(format == .json ? "//" : "#")\($0.isEmpty ? "" : " ")\($0)" }
  }

  /// A key, in quotes where the language needs them.
  private func name(_ key: String) -> String {
    format != .json && key.wholeMatch(of: /[A-Za-z_][\w-]*/) != nil
      && !["on", "off", "yes", "no", "null", "true", "false"].contains(key.lowercased())
      ? key : JSONValue.string(key).canonicalText
  }

  /// A value on one line, which is JSON and YAML.
  static func literal(_ node: Node) -> String {
    switch node {
    case .value(let value): literal(value)
    case .members(let members):
      members.isEmpty
        ? "{}"
        : "{ "
          + members.map { "\(JSONValue.string($0.key).canonicalText): \(literal($0.value))" }
          .joined(separator: ", ") + " }"
    }
  }

  /// A value on one line; numbers with decimals keep them, since they say which values a factor may have.
  static func literal(_ value: JSONValue) -> String {
    switch value {
    case .number(let number): "\(number)"
    case .array(let values): "[" + values.map { literal($0) }.joined(separator: ", ") + "]"
    case .object(let members):
      literal(.members(members.sorted { $0.key < $1.key }.map { (key: $0.key, value: Node.value($0.value)) }))
    default: value.canonicalText
    }
  }
}
