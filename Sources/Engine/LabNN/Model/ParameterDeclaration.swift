import LabCore
import LabGraph

/// What a model says about one of its parameters or buffers.
public struct ParameterDeclaration: Hashable, Sendable {
  /// What sort of parameter it is, for optimisers that treat them differently.
  public enum Category: String, Sendable, Codable {
    /// A kernel or matrix.
    case weight
    /// An offset, or another vector that decay would harm.
    case bias
    /// The scale or shift of a normalisation.
    case normalization
  }

  /// The name as in a PyTorch state_dict, such as `layer1.0.conv1.weight`.
  public var name: String
  /// The shape as in PyTorch.
  public var shape: Shape
  /// ``LabGraph/Variable/Role/parameter`` or ``LabGraph/Variable/Role/buffer``.
  public var role: Variable.Role
  /// How the first values are drawn.
  public var initializer: Initializer
  /// What sort of parameter it is.
  public var category: Category
  /// What parts of the network it belongs to, such as `head`, for parameter groups that suit every architecture.
  public var tags: Set<String>

  /// Creates a declaration.
  public init(
    name: String, shape: Shape, role: Variable.Role, initializer: Initializer, category: Category = .weight,
    tags: Set<String> = []
  ) {
    self.name = name
    self.shape = shape
    self.role = role
    self.initializer = initializer
    self.category = category
    self.tags = tags
  }
}

extension Sequence<ParameterDeclaration> {
  /// The number of trained numbers.
  public var parameterCount: Int {
    reduce(0) { $0 + ($1.role == .parameter ? $1.shape.elementCount : 0) }
  }

  /// The first values of every parameter and buffer under a seed, by name.
  public func initialValues(seed: UInt64) -> [String: [Float]] {
    reduce(into: [:]) { values, declaration in
      values[declaration.name] = declaration.initializer.values(
        count: declaration.shape.elementCount, seed: seed, name: declaration.name)
    }
  }
}
