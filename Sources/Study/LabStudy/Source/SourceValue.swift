import LabCore

/// A value of a JSON or YAML file that knows where it stands; objects keep the file's order.
public struct SourceValue: Hashable, Sendable {
  /// What the value is.
  public enum Content: Hashable, Sendable {
    case null
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([SourceValue])
    case object([Member])
  }

  /// A key of an object with its value.
  public struct Member: Hashable, Sendable {
    /// The key.
    public var key: String
    /// Where the key stands.
    public var keyLocation: SourceLocation
    /// The value.
    public var value: SourceValue

    /// Creates a member.
    public init(key: String, keyLocation: SourceLocation, value: SourceValue) {
      self.key = key
      self.keyLocation = keyLocation
      self.value = value
    }
  }

  /// What the value is.
  public var content: Content
  /// Where the value starts.
  public var location: SourceLocation

  /// Creates a value.
  public init(_ content: Content, at location: SourceLocation) {
    self.content = content
    self.location = location
  }
}

extension SourceValue {
  /// The value without locations.
  public var json: JSONValue {
    switch content {
    case .null: .null
    case .boolean(let value): .boolean(value)
    case .integer(let value): .integer(value)
    case .number(let value): .number(value)
    case .string(let value): .string(value)
    case .array(let elements): .array(elements.map(\.json))
    case .object(let members): .object(Dictionary(members.map { ($0.key, $0.value.json) }) { first, _ in first })
    }
  }

  /// The members, where this is an object.
  public var members: [Member]? { if case .object(let members) = content { members } else { nil } }
  /// The elements, where this is an array.
  public var elements: [SourceValue]? { if case .array(let elements) = content { elements } else { nil } }
  /// The string, where this is one.
  public var string: String? { if case .string(let value) = content { value } else { nil } }

  /// The member of a key, where this is an object that has it.
  public func member(_ key: String) -> Member? { members?.first { $0.key == key } }

  /// The value of a key, where this is an object that has it.
  public subscript(key: String) -> SourceValue? { member(key)?.value }

  /// What the value is, to complete "found …".
  var foundDescription: String { json.foundDescription }

  /// Where a path leads, or where its last existing part does.
  ///
  /// - Parameters:
  ///   - path: a path from here.
  ///   - preferKey: whether the key is meant and not its value, where the whole path exists.
  public func location(of path: ConfigurationPath, preferKey: Bool = false) -> SourceLocation {
    var value = self
    for (index, component) in path.components.enumerated() {
      let isLast = index == path.components.count - 1
      switch component {
      case .key(let name):
        guard let member = value.member(name) else { return value.location }
        if isLast && preferKey { return member.keyLocation }
        value = member.value
      case .index(let index):
        guard let elements = value.elements, elements.indices.contains(index) else { return value.location }
        value = elements[index]
      }
    }
    return value.location
  }
}
