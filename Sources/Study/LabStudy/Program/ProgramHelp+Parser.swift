import Foundation
import LabCore

extension ProgramHelp {
  /// What Python's `argparse` knows of a program's options, as labrun's shim has written it.
  ///
  /// - Throws: `DecodingError` where the text is something else.
  public init(parser text: String) throws {
    self.init(try JSONDecoder().decode(ParserDump.self, from: Data(text.utf8)))
  }

  private init(_ dump: ParserDump) {
    self.init(commands: dump.commands, usesClient: dump.client)
    options = dump.actions.map { ProgramOption($0, isOfClient: dump.client) }
  }
}

/// The actions of a parser.
private struct ParserDump: Decodable {
  struct Action: Decodable {
    var flags: [String]
    var dest: String
    var kind: String
    var type: String?
    var value: JSONValue
    var unreadable: String?
    var choices: [JSONValue]
    var required: Bool
    var several: Bool
    var help: String
  }

  var actions: [Action]
  var commands: [String]
  var client: Bool
}

extension ProgramOption {
  fileprivate init(_ action: ParserDump.Action, isOfClient: Bool) {
    let long = action.flags.first { $0.hasPrefix("--") } ?? action.flags.first
    self.init(long ?? action.dest, isRequired: action.required, help: action.help)
    choices = action.choices.map { Self.typed($0, action.type) }
    if action.value != .null { defaultValue = Self.typed(action.value, action.type) }
    switch action.kind {
    case "store" where long == nil && action.several: kind = .other("it takes several words by their place")
    case "store" where long == nil: kind = .positional
    case "store" where action.several:
      kind = .values
      if let value = defaultValue, value.arrayValue == nil { defaultValue = [value] }
    case "store":
      kind = .value
      if let value = defaultValue, value.arrayValue != nil || value.objectValue != nil {
        defaultValue = nil
        kind = .other("its default \(value.canonicalText) has a form that only the program knows")
      }
    case "store_true", "store_false":
      kind = .toggle(opposite: nil)
      defaultValue = false
    case "optional":
      let opposite = action.flags.first { $0.hasPrefix("--no-") }
      kind = .toggle(opposite: isOfClient ? nil : opposite.map { String($0.dropFirst(2)) })
      defaultValue = .boolean(action.value.booleanValue ?? false)
    case "append": kind = .other("it may be given several times")
    case "count": kind = .other("its number counts how often it is given")
    default: kind = .other("it does something of its own")
    }
    if let unreadable = action.unreadable { kind = .other("its default \(unreadable) is no plain value") }
  }

  /// A value as the option's type has it: an option that takes numbers with decimals may have a whole default.
  private static func typed(_ value: JSONValue, _ type: String?) -> JSONValue {
    switch value {
    case .integer(let number) where type == "float": .number(Double(number))
    // Behind an option stands a word, whatever the program makes of it.
    case .boolean(let flag): .string(flag ? "True" : "False")
    case .array(let values): .array(values.map { typed($0, type) })
    default: value
    }
  }
}
