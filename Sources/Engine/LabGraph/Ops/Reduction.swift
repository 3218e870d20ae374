import LabCore

/// A sum, mean or maximum over some axes, which are removed.
///
/// ## Shapes
/// - `x`: any f32 shape; result without the reduced axes.
public struct Reduction: Operation {
  public static let name = "reduction"

  /// The functions.
  public enum Function: String, Sendable, Codable, CaseIterable {
    case sum, mean, maximum
  }

  /// The function.
  public var function: Function
  /// The axes, ascending and not negative.
  public var axes: [Int]

  /// Creates the operation.
  public init(_ function: Function, axes: [Int]) {
    self.function = function
    self.axes = axes.sorted()
  }

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count == 1, inputs[0].element == .float32, Set(axes).count == axes.count,
      axes.allSatisfy({ $0 >= 0 && $0 < inputs[0].shape.rank })
    else { throw shapeError(expected: "one float tensor that has the axes \(axes)", actual: inputs) }
    let kept = inputs[0].shape.dimensions.enumerated().filter { !axes.contains($0.offset) }.map(\.element)
    return [TensorType(Shape(kept))]
  }

  public func gradients(_ context: GradientContext) throws -> [Tensor?] {
    let builder = context.builder
    let x = context.inputs[0]
    switch function {
    case .sum:
      return [try builder.apply(Broadcast(to: x.shape, axes: axes), context.outputGradient)]
    case .mean:
      let count = axes.reduce(1) { $0 * x.shape[$1] }
      return [
        try builder.apply(Broadcast(to: x.shape, axes: axes, factor: 1 / Float(count)), context.outputGradient)
      ]
    case .maximum:
      return [
        try builder.apply(MaximumGradient(axes: axes), context.outputGradient, x, context.outputs[0])
      ]
    }
  }
}

/// Repeats a tensor along new axes: the gradient of a sum, and with a factor that of a mean.
///
/// ## Shapes
/// - `x`: the target shape without `axes`; result: the target shape.
public struct Broadcast: Operation {
  public static let name = "broadcast"
  /// The result's shape.
  public var shape: Shape
  /// The axes of the result that the operand lacks, ascending.
  public var axes: [Int]
  /// Multiplies each element.
  public var factor: Float

  /// Creates the operation.
  public init(to shape: Shape, axes: [Int], factor: Float = 1) {
    self.shape = shape
    self.axes = axes.sorted()
    self.factor = factor
  }

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    let kept = shape.dimensions.enumerated().filter { !axes.contains($0.offset) }.map(\.element)
    guard Set(axes).count == axes.count, axes.allSatisfy({ $0 >= 0 && $0 < shape.rank }) else {
      throw GraphError.invalid(path: "", problem: "\(Self.name) to \(shape) cannot add the axes \(axes)")
    }
    guard inputs.count == 1, inputs[0] == TensorType(Shape(kept)) else {
      throw shapeError(expected: "a float tensor \(Shape(kept))", actual: inputs)
    }
    return [TensorType(shape)]
  }

  public func gradients(_ context: GradientContext) throws -> [Tensor?] {
    let sum = try context.builder.apply(Reduction(.sum, axes: axes), context.outputGradient)
    guard factor != 1 else { return [sum] }
    return [try context.builder.apply(Unary(.affine(factor: factor, offset: 0)), sum)]
  }
}

/// The gradient of a maximum: it goes to the first element, in row-major order, that attains it.
///
/// ## Shapes
/// - operands: `upstream` without the axes, `x`, the maxima; result like `x`.
public struct MaximumGradient: Operation {
  public static let name = "maximum_gradient"
  /// The reduced axes, ascending.
  public var axes: [Int]

  /// Creates the operation.
  public init(axes: [Int]) { self.axes = axes.sorted() }

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count == 3, inputs[0] == inputs[2],
      try Reduction(.maximum, axes: axes).outputTypes(for: [inputs[1]]) == [inputs[0]]
    else {
      throw shapeError(expected: "an upstream gradient, an operand and its maxima", actual: inputs)
    }
    return [inputs[1]]
  }
}
