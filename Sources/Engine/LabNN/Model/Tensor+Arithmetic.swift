import LabCore
import LabGraph

/// Formulas on tensors; NumPy's broadcasting.
extension Tensor {
  /// The sum.
  public func adding(_ other: Tensor) throws -> Tensor { try builder.apply(Binary(.add), self, other) }

  /// The difference.
  public func subtracting(_ other: Tensor) throws -> Tensor { try builder.apply(Binary(.subtract), self, other) }

  /// The product, element by element.
  public func multiplied(by other: Tensor) throws -> Tensor { try builder.apply(Binary(.multiply), self, other) }

  /// The quotient, element by element.
  public func divided(by other: Tensor) throws -> Tensor { try builder.apply(Binary(.divide), self, other) }

  /// `factor · self + offset`.
  public func affine(_ factor: Float, offset: Float = 0) throws -> Tensor {
    try builder.apply(Unary(.affine(factor: factor, offset: offset)), self)
  }

  /// The same elements in row-major order under another shape.
  public func reshaped(to shape: Shape) throws -> Tensor {
    self.shape == shape ? self : try builder.apply(Reshape(shape), self)
  }

  /// The mean over some axes, which are removed.
  public func mean(_ axes: Int...) throws -> Tensor { try builder.apply(Reduction(.mean, axes: axes), self) }

  /// The sum over some axes, which are removed.
  public func sum(_ axes: Int...) throws -> Tensor { try builder.apply(Reduction(.sum, axes: axes), self) }

  /// A non-linearity.
  public func activated(_ function: Activation.Function) throws -> Tensor {
    try builder.apply(Activation(function), self)
  }

  /// Softmax along the last axis.
  public func softmax() throws -> Tensor { try builder.apply(Softmax(), self) }

  /// The product of this matrix `[N, I]` and a transposed one `[O, I]`: `[N, O]`.
  public func multiplied(byTransposed matrix: Tensor) throws -> Tensor {
    try builder.apply(MatrixProduct(transposesRight: true), self, matrix)
  }

  /// The positions `start ..< start + count` along an axis.
  public func slice(axis: Int, start: Int, count: Int) throws -> Tensor {
    try builder.apply(Slice(axis: axis, start: start, count: count), self)
  }

  /// The features of each sample in one row: `[N, …]` as `[N, F]`.
  public func flattened() throws -> Tensor {
    try reshaped(to: [shape[0], shape.dimensions.dropFirst().reduce(1, *)])
  }
}
