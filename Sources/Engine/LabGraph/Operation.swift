import LabCore

/// A kind of computation with its attributes: shape inference, gradient rule and cost.
///
/// An operation is ONE file in `Ops`, one kernel file a backend, one file of conformance samples, and, unless only training
/// has it, a form in ONNX.
/// Attributes are stored properties, so equal operations are interchangeable.
public protocol Operation: Sendable, Hashable {
  /// The name in listings and errors, in camel case, such as `conv2d`.
  static var name: String { get }

  /// The results' types for operands of the given types.
  ///
  /// - Throws: ``GraphError/shape(operation:path:expected:actual:)`` or ``GraphError/invalid(path:problem:)`` with an
  ///   empty path, which the builder fills in.
  func outputTypes(for inputs: [TensorType]) throws -> [TensorType]

  /// Multiply-adds of one execution, as the literature counts them.
  func multiplyAdds(inputs: [TensorType], outputs: [TensorType]) -> Int

  /// Adds the nodes that compute the operands' gradients.
  ///
  /// - Returns: one gradient per operand; nil where the operand's gradient is zero or not asked for.
  /// - Throws: ``GraphError`` where the operation has no gradient.
  func gradients(_ context: GradientContext) throws -> [Tensor?]
}

extension Operation {
  /// No multiply-adds: what the literature does not count.
  public func multiplyAdds(inputs: [TensorType], outputs: [TensorType]) -> Int { 0 }

  /// Refuses: operations that only appear in backward passes and updates have no gradient rule.
  ///
  /// - Throws: ``GraphError/notDifferentiable(operation:path:)``.
  public func gradients(_ context: GradientContext) throws -> [Tensor?] {
    throw GraphError.notDifferentiable(operation: Self.name, path: context.path)
  }

  /// A shape error of this operation; the builder adds the layer's path.
  public func shapeError(expected: String, actual: [TensorType]) -> GraphError {
    let found = actual.isEmpty ? "no operands" : actual.map(\.description).joined(separator: ", ")
    return .shape(operation: Self.name, path: "", expected: expected, actual: found)
  }
}

/// What an operation's gradient rule may use.
public struct GradientContext {
  /// The operands.
  public let inputs: [Tensor]
  /// The results of the forward node.
  public let outputs: [Tensor]
  /// The gradient of the loss with respect to each result; nil where it is zero.
  public let outputGradients: [Tensor?]
  /// Which operands' gradients are asked for.
  public let needsGradient: [Bool]
  /// The layer's path.
  public let path: String
  /// Where new nodes go.
  public let builder: GraphBuilder

  /// The gradient of the only result.
  public var outputGradient: Tensor { outputGradients[0]! }
}

/// What can go wrong when a graph is built, differentiated or compiled.
public enum GraphError: Error, Equatable, CustomStringConvertible {
  /// Operands whose shapes or types do not fit the operation.
  case shape(operation: String, path: String, expected: String, actual: String)
  /// A gradient is asked of an operation that has none.
  case notDifferentiable(operation: String, path: String)
  /// Two variables or inputs of one name, or a name that does not exist.
  case name(subject: String, problem: String)
  /// A graph that breaks an invariant; the verifier found it.
  case invalid(path: String, problem: String)
  /// A backend has no kernel for an operation.
  case unsupported(operation: String, path: String, backend: String)
  /// A backend's library failed.
  case backend(String)

  /// The same error with the layer's path, where it has none yet.
  package func located(at path: String) -> GraphError {
    switch self {
    case .shape(let operation, "", let expected, let actual):
      .shape(operation: operation, path: path, expected: expected, actual: actual)
    case .invalid("", let problem): .invalid(path: path, problem: problem)
    default: self
    }
  }

  /// One sentence: where, what was expected, what was found.
  public var description: String {
    switch self {
    case .shape(let operation, let path, let expected, let actual):
      "\(path.isEmpty ? "" : path + ": ")\(operation) expects \(expected), found \(actual)"
    case .notDifferentiable(let operation, let path): "\(path): \(operation) has no gradient"
    case .name(let subject, let problem): "\"\(subject)\": \(problem)"
    case .invalid(let path, let problem): "\(path.isEmpty ? "graph" : path): \(problem)"
    case .unsupported(let operation, let path, let backend):
      "\(path): the \(backend) backend has no kernel for \(operation)"
    case .backend(let message): message
    }
  }
}
