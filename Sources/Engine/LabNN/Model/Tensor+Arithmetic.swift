import LabCore
import LabGraph

/// Formulas on tensors; NumPy's broadcasting.
extension Tensor {
  /// The sum.
  ///
  /// ## Shapes
  /// - any two that broadcast; result: the broadcast shape.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit.
  public func adding(_ other: Tensor) throws -> Tensor { try builder.apply(Binary(.add), self, other) }

  /// The difference.
  ///
  /// ## Shapes
  /// - any two that broadcast; result: the broadcast shape.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit.
  public func subtracting(_ other: Tensor) throws -> Tensor { try builder.apply(Binary(.subtract), self, other) }

  /// The product, element by element.
  ///
  /// ## Shapes
  /// - any two that broadcast; result: the broadcast shape.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit.
  public func multiplied(by other: Tensor) throws -> Tensor { try builder.apply(Binary(.multiply), self, other) }

  /// The quotient, element by element.
  ///
  /// ## Shapes
  /// - any two that broadcast; result: the broadcast shape.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit.
  public func divided(by other: Tensor) throws -> Tensor { try builder.apply(Binary(.divide), self, other) }

  /// `factor · self + offset`.
  ///
  /// ## Shapes
  /// - any; result: the same.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit.
  public func affine(_ factor: Float, offset: Float = 0) throws -> Tensor {
    try builder.apply(Unary(.affine(factor: factor, offset: offset)), self)
  }

  /// The same elements in row-major order under another shape.
  ///
  /// ## Shapes
  /// - any; result: `shape`, of as many elements.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit.
  public func reshaped(to shape: Shape) throws -> Tensor {
    self.shape == shape ? self : try builder.apply(Reshape(shape), self)
  }

  /// The mean over some axes, which are removed.
  ///
  /// ## Shapes
  /// - any; result: the same without these axes.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit.
  public func mean(_ axes: Int...) throws -> Tensor { try builder.apply(Reduction(.mean, axes: axes), self) }

  /// The sum over some axes, which are removed.
  ///
  /// ## Shapes
  /// - any; result: the same without these axes.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit.
  public func sum(_ axes: Int...) throws -> Tensor { try builder.apply(Reduction(.sum, axes: axes), self) }

  /// A non-linearity.
  ///
  /// ## Shapes
  /// - any; result: the same.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit.
  public func activated(_ function: Activation.Function) throws -> Tensor {
    try builder.apply(Activation(function), self)
  }

  /// Softmax along the last axis.
  ///
  /// ## Shapes
  /// - `[…, C]`; result: the same.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit.
  public func softmax() throws -> Tensor { try builder.apply(Softmax(), self) }

  /// The product of this matrix `[N, I]` and a transposed one `[O, I]`: `[N, O]`.
  ///
  /// ## Shapes
  /// - `self`: `[N, I]`; `matrix`: `[O, I]`; result: `[N, O]`.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit.
  public func multiplied(byTransposed matrix: Tensor) throws -> Tensor {
    try builder.apply(MatrixProduct(transposesRight: true), self, matrix)
  }

  /// The positions `start ..< start + count` along an axis.
  ///
  /// ## Shapes
  /// - any; result: the same with `count` positions along the axis.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit.
  public func slice(axis: Int, start: Int, count: Int) throws -> Tensor {
    try builder.apply(Slice(axis: axis, start: start, count: count), self)
  }

  /// The features of each sample in one row: `[N, …]` as `[N, F]`.
  ///
  /// ## Shapes
  /// - `[N, …]`; result: `[N, F]`.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit.
  public func flattened() throws -> Tensor {
    try reshaped(to: [shape[0], shape.dimensions.dropFirst().reduce(1, *)])
  }
}
