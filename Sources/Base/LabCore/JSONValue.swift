import Foundation

/// A JSON value whose objects are unordered: configurations, overrides, provenance.
///
/// Integers and other numbers are kept apart, so that `3` is never printed as `3.0`.
public enum JSONValue: Hashable, Sendable {
  case null
  case boolean(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])
}

extension JSONValue {
  /// The value of a key, where this is an object that has it.
  public subscript(key: String) -> JSONValue? {
    get {
      guard case .object(let members) = self else { return nil }
      return members[key]
    }
    set {
      guard case .object(var members) = self else { return }
      members[key] = newValue
      self = .object(members)
    }
  }

  /// The value at a dotted key path such as `model.conv.kernels`; setting creates the objects between.
  public subscript(path path: String) -> JSONValue? {
    get { path.split(separator: ".").reduce(Optional(self)) { $0?[String($1)] } }
    set { set(newValue, at: path.split(separator: ".").map(String.init)[...]) }
  }

  private mutating func set(_ value: JSONValue?, at path: ArraySlice<String>) {
    guard let key = path.first else {
      if let value { self = value }
      return
    }
    var members = [String: JSONValue]()
    if case .object(let existing) = self { members = existing }
    if path.count == 1 {
      members[key] = value
    } else {
      var child = members[key] ?? .object([:])
      child.set(value, at: path.dropFirst())
      members[key] = child
    }
    self = .object(members)
  }

  /// The string, where this is one.
  public var stringValue: String? { if case .string(let value) = self { value } else { nil } }
  /// The integer, where this is one.
  public var integerValue: Int? { if case .integer(let value) = self { value } else { nil } }
  /// The number as a double, where this is an integer or a number.
  public var doubleValue: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
  /// The truth value, where this is one.
  public var booleanValue: Bool? { if case .boolean(let value) = self { value } else { nil } }
  /// The elements, where this is an array.
  public var arrayValue: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
  /// The members, where this is an object.
  public var objectValue: [String: JSONValue]? { if case .object(let value) = self { value } else { nil } }

  /// The one text that equal values share: keys sorted, no white space, shortest round-trip numbers.
  public var canonicalText: String {
    switch self {
    case .null: "null"
    case .boolean(let value): value ? "true" : "false"
    case .integer(let value): String(value)
    case .number(let value):
      // 1 and 1.0 are the same configuration and must have the same hash.
      value.rounded() == value && abs(value) < 0x1p53 ? String(Int(value)) : "\(value)"
    case .string(let value): JSONValue.quote(value)
    case .array(let values): "[" + values.map(\.canonicalText).joined(separator: ",") + "]"
    case .object(let members):
      "{"
        + members.sorted { $0.key < $1.key }.map { JSONValue.quote($0) + ":" + $1.canonicalText }
        .joined(separator: ",") + "}"
    }
  }

  /// The text with sorted keys and two spaces of indentation a level, for people.
  public func prettyText(indentation: String = "") -> String {
    let inner = indentation + "  "
    switch self {
    case .array(let values) where values.contains(where: { $0.arrayValue != nil || $0.objectValue != nil }):
      return "[\n" + values.map { inner + $0.prettyText(indentation: inner) }.joined(separator: ",\n")
        + "\n\(indentation)]"
    case .array(let values): return "[" + values.map { $0.prettyText() }.joined(separator: ", ") + "]"
    case .object(let members) where !members.isEmpty:
      return "{\n"
        + members.sorted { $0.key < $1.key }
        .map { inner + JSONValue.quote($0) + ": " + $1.prettyText(indentation: inner) }.joined(separator: ",\n")
        + "\n\(indentation)}"
    default: return canonicalText
    }
  }

  /// The hash of the canonical text.
  public var contentHash: ContentHash { ContentHash(of: canonicalText) }

  private static func quote(_ string: String) -> String {
    var text = "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}

extension JSONValue: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .boolean(value)
    } else if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .boolean(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .array(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }

  /// The JSON value of an encodable one.
  ///
  /// - Throws: what the value throws when it is encoded.
  public init(encoding value: some Encodable) throws {
    self = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
  }

  /// Parses standard JSON text.
  ///
  /// - Throws: `DecodingError` where the text is no JSON.
  public init(parsing text: String) throws {
    self = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
  }

  /// Decodes a value from this JSON value.
  ///
  /// - Throws: `DecodingError` where the type does not fit.
  public func decode<T: Decodable>(_ type: T.Type = T.self) throws -> T {
    try JSONDecoder().decode(type, from: JSONEncoder().encode(self))
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int) { self = .integer(value) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(booleanLiteral value: Bool) { self = .boolean(value) }
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(Dictionary(elements, uniquingKeysWith: { _, last in last }))
  }
  public init(nilLiteral: ()) { self = .null }
}
