/// The way from the root of a configuration to one of its values, such as `model.conv.kernels` or `sizes[2]`.
public struct ConfigurationPath: Hashable, Codable, Sendable {
  /// One step of the way.
  public enum Component: Hashable, Codable, Sendable {
    /// Into the member of an object.
    case key(String)
    /// Into the element of an array, counted from 0.
    case index(Int)
  }

  /// The steps, from the root.
  public var components: [Component]

  /// Creates a path from its steps.
  public init(_ components: [Component] = []) { self.components = components }

  /// Creates a path from keys with dots between.
  public init(_ dotted: String) {
    components = dotted.split(separator: ".").map { .key(String($0)) }
  }

  /// The empty path.
  public static let root = ConfigurationPath([Component]())

  /// The keys of the path without the indices.
  public var keys: [String] {
    components.compactMap { if case .key(let name) = $0 { name } else { nil } }
  }

  /// The path without its last step; the root's parent is the root.
  public var parent: ConfigurationPath { ConfigurationPath(components.dropLast()) }

  /// The path one key further.
  public func appending(_ key: String) -> ConfigurationPath { ConfigurationPath(components + [.key(key)]) }

  /// The path one element further.
  public func appending(index: Int) -> ConfigurationPath { ConfigurationPath(components + [.index(index)]) }

  /// Whether this path is the other one or lies below it.
  public func hasPrefix(_ other: ConfigurationPath) -> Bool { components.starts(with: other.components) }
}

extension ConfigurationPath {
  private init(_ components: ArraySlice<Component>) { self.components = Array(components) }
}

extension ConfigurationPath: CustomStringConvertible, ExpressibleByStringLiteral {
  /// Creates a path from keys with dots between.
  public init(stringLiteral value: String) { self.init(value) }

  /// The path as people write it: `model.conv.kernels`, `sizes[2]`.
  public var description: String {
    components.reduce(into: "") { text, component in
      switch component {
      case .key(let name): text += text.isEmpty ? name : "." + name
      case .index(let index): text += "[\(index)]"
      }
    }
  }
}

extension JSONValue {
  /// The value at a path, where there is one.
  public subscript(at path: ConfigurationPath) -> JSONValue? {
    path.components.reduce(Optional(self)) { value, component in
      switch component {
      case .key(let name): return value?[name]
      case .index(let index):
        guard let elements = value?.arrayValue, elements.indices.contains(index) else { return nil }
        return elements[index]
      }
    }
  }
}
