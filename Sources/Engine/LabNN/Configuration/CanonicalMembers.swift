import LabCore

/// The members of a canonical configuration, in which every key of the schema is present.
package struct CanonicalMembers {
  private let object: JSONValue

  /// Wraps what ``LabCore/ConfigurationSchema/resolved(_:)`` returned.
  package init(_ canonical: JSONValue) { object = canonical }

  /// The decoded member of a key.
  package subscript<Key: CodingKey, Value: Decodable>(_ key: Key) -> Value {
    get throws { try (object[key.stringValue] ?? .null).decode() }
  }
}
