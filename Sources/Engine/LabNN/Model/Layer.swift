import LabGraph

/// A part of a network with one input and one result: a value that holds the layer's options.
///
/// Applying it adds its nodes to the context's graph and declares its parameters there under the current path.
public protocol Layer: Sendable {
  /// Applies the layer at the current path.
  ///
  /// - Throws: ``LabGraph/GraphError`` where the shapes do not fit.
  func callAsFunction(_ x: Tensor, in context: ModelContext) throws -> Tensor
}

extension Layer {
  /// Applies the layer under a name, such as `conv1`.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``ModelError`` where an option does not.
  public func callAsFunction(_ x: Tensor, _ name: String, in context: ModelContext) throws -> Tensor {
    try context.scope(name) { try self(x, in: context) }
  }
}

/// Operations without parameters are layers as they are: `Activation(.relu)`, `SpaceToDepth(scale: 2)`.
extension Layer where Self: LabGraph.Operation {
  public func callAsFunction(_ x: Tensor, in context: ModelContext) throws -> Tensor {
    try context.builder.apply(self, x)
  }
}

extension Activation: Layer {}
extension Pooling2D: Layer {}
extension Reshape: Layer {}
extension Softmax: Layer {}
extension SpaceToDepth: Layer {}
extension DepthToSpace: Layer {}

/// A model: logits `[N, classes]` from images `[N, C, H, W]`.
public typealias ModelFunction = @Sendable (_ images: Tensor, _ context: ModelContext) throws -> Tensor
