import LabCore

/// A program's command line with its placeholders.
public struct ProgramCommand: Sendable, Hashable {
  /// What a piece of a word is.
  enum Piece: Sendable, Hashable {
    case text(String)
    case placeholder(String)
  }

  /// The placeholders that are no parameters.
  static let names = ["args", "hydra", "json", "seed", "folder", "checkpoint"]

  /// The words of the spec.
  public let words: [String]

  /// Creates a command.
  public init(_ words: [String]) { self.words = words }

  /// The pieces of a word: names in braces, and the text between them.
  ///
  /// Other braces are text.
  static func pieces(of word: String) -> [Piece] {
    var pieces: [Piece] = []
    var text = ""
    var rest = word[...]
    while let open = rest.firstIndex(of: "{") {
      let inner = rest[rest.index(after: open)...].prefix {
        $0.isASCII && ($0.isLetter || $0.isNumber || "_.-".contains($0))
      }
      guard let first = inner.first, first.isLetter || first == "_", inner.endIndex < rest.endIndex,
        rest[inner.endIndex] == "}"
      else {
        text += rest[...open]
        rest = rest[rest.index(after: open)...]
        continue
      }
      text += rest[..<open]
      if !text.isEmpty { pieces.append(.text(text)) }
      text = ""
      pieces.append(.placeholder(String(inner)))
      rest = rest[rest.index(after: inner.endIndex)...]
    }
    text += rest
    if !text.isEmpty { pieces.append(.text(text)) }
    return pieces
  }

  /// The names in braces.
  var placeholders: [String] { words.flatMap(Self.placeholders) }

  /// The names in braces that a word or a pattern has.
  public static func placeholders(of word: String) -> [String] {
    pieces(of: word).compactMap { if case .placeholder(let name) = $0 { name } else { nil } }
  }

  /// What takes the place of the placeholders that are no parameters.
  public struct Surroundings: Sendable {
    /// The run's seed.
    public var seed: UInt64
    /// The run's own folder.
    public var folder: String
    /// The path of its checkpoint.
    public var checkpoint: String
    /// The path of a JSON file of the parameters.
    public var json: String

    /// Creates surroundings.
    public init(seed: UInt64, folder: String, checkpoint: String, json: String) {
      self.seed = seed
      self.folder = folder
      self.checkpoint = checkpoint
      self.json = json
    }
  }

  /// The words of a run's command.
  ///
  /// - Parameters:
  ///   - parameters: the run's parameters, with the seed where they have one.
  ///   - surroundings: what is no parameter.
  public func resolved(parameters: JSONValue, _ surroundings: Surroundings) -> [String] {
    let flat = Self.flat(parameters)
    // What has a place of its own in the command is not said twice.
    let placed = Set(placeholders)
    let others = flat.filter { !placed.contains($0.name) }
    return words.flatMap { word -> [String] in
      switch word {
      case "{args}":
        return others.flatMap { name, value -> [String] in
          // A switch stands alone, and one that is off is left out.
          switch value {
          case .boolean(let isOn): isOn ? ["--\(name)"] : []
          case .null: []
          case .array(let elements): ["--\(name)"] + elements.map(Self.text)
          default: ["--\(name)", Self.text(value)]
          }
        }
      case "{hydra}": return others.map { "\($0)=\($1 == .null ? "null" : Self.text($1))" }
      default:
        return [
          Self.pieces(of: word).map { piece -> String in
            switch piece {
            case .text(let text): text
            case .placeholder("seed"): String(surroundings.seed)
            case .placeholder("folder"): surroundings.folder
            case .placeholder("checkpoint"): surroundings.checkpoint
            case .placeholder("json"): surroundings.json
            case .placeholder(let name): flat.first { $0.name == name }.map { Self.text($0.value) } ?? "{\(name)}"
            }
          }.joined()
        ]
      }
    }
  }

  /// The parameters with the seed in place of the one that they may have.
  public static func parameters(_ parameters: JSONValue, seed: UInt64) -> JSONValue {
    guard case .object(var members) = parameters, members["seed"] != nil else { return parameters }
    members["seed"] = Int(exactly: seed).map { .integer($0) } ?? .string(String(seed))
    return .object(members)
  }

  /// The parameters by their names with dots, in alphabetical order.
  static func flat(_ value: JSONValue, prefix: String = "") -> [(name: String, value: JSONValue)] {
    guard case .object(let members) = value else { return [] }
    return members.sorted { $0.key < $1.key }.flatMap { key, value -> [(name: String, value: JSONValue)] in
      if case .object = value { return flat(value, prefix: "\(prefix)\(key).") }
      return [("\(prefix)\(key)", value)]
    }
  }

  private static func text(_ value: JSONValue) -> String { value.stringValue ?? value.canonicalText }
}
