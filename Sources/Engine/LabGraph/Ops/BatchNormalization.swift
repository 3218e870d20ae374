import LabCore

/// Batch normalisation with the batch's own statistics, and the update of the running ones.
///
/// Normalises with the biased variance and updates the running variance with the unbiased one, as PyTorch does.
///
/// ## Shapes
/// - `x`: `[N, C, H, W]` or `[N, C]` f32; `scale`, `shift`, `runningMean`, `runningVariance`: `[C]`.
/// - results: `y` like `x`; the batch's `mean` and `inverseDeviation` `[C]`; the new running mean and variance `[C]`.
/// - Source: Ioffe, Szegedy, "Batch normalization", ICML 2015, arXiv 1502.03167.
public struct BatchNormalization: Operation {
  public static let name = "batch_norm"
  /// Added to the variance.
  public var epsilon: Float
  /// The weight of the batch's statistics in the running ones.
  public var momentum: Float

  /// Creates the operation.
  public init(epsilon: Float = 1e-5, momentum: Float = 0.1) {
    self.epsilon = epsilon
    self.momentum = momentum
  }

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count == 5, inputs[0].isFloatBatch,
      inputs.dropFirst().allSatisfy({ $0 == TensorType([inputs[0].shape[1]]) }),
      inputs[0].shape.elementCount > inputs[0].shape[1]
    else {
      throw shapeError(
        expected: "a batch [N, C, H, W] or [N, C] with more than one value a channel and four vectors [C]",
        actual: inputs)
    }
    return [inputs[0]] + inputs.dropFirst()
  }

  public func gradients(_ context: GradientContext) throws -> [Tensor?] {
    // The statistics' own gradients are part of the rule; nothing else may be differentiated through them.
    guard context.outputGradients.dropFirst().allSatisfy({ $0 == nil }) else {
      throw GraphError.notDifferentiable(operation: Self.name + " statistics", path: context.path)
    }
    let results = try context.builder.apply(
      BatchNormalizationGradient(),
      [context.outputGradient, context.inputs[0], context.inputs[1], context.outputs[1], context.outputs[2]])
    return [results[0], results[1], results[2], nil, nil]
  }
}

/// The gradients of batch normalisation's input, scale and shift.
///
/// ## Shapes
/// - operands: `upstream` and `x` `[N, C, …]`, `scale`, `mean`, `inverseDeviation` `[C]`; results: like `x`, `[C]`, `[C]`.
public struct BatchNormalizationGradient: Operation {
  public static let name = "batch_norm_gradient"

  /// Creates the operation.
  public init() {}

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count == 5, inputs[0] == inputs[1], inputs[0].isFloatBatch,
      inputs.dropFirst(2).allSatisfy({ $0 == TensorType([inputs[0].shape[1]]) })
    else { throw shapeError(expected: "two batches of one shape and three vectors [C]", actual: inputs) }
    return [inputs[1], inputs[2], inputs[2]]
  }
}

/// Batch normalisation with running statistics, as used for evaluation.
///
/// ## Shapes
/// - `x`: `[N, C, H, W]` or `[N, C]` f32; `scale`, `shift`, `runningMean`, `runningVariance`: `[C]`; result like `x`.
public struct BatchNormalizationInference: Operation {
  public static let name = "batch_norm_inference"
  /// Added to the variance.
  public var epsilon: Float

  /// Creates the operation.
  public init(epsilon: Float = 1e-5) { self.epsilon = epsilon }

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count == 5, inputs[0].isFloatBatch,
      inputs.dropFirst().allSatisfy({ $0 == TensorType([inputs[0].shape[1]]) })
    else { throw shapeError(expected: "a batch [N, C, …] and four vectors [C]", actual: inputs) }
    return [inputs[0]]
  }

  /// Built from elementary operations: this gradient is for fine-tuning with frozen statistics and for tests.
  ///
  /// - Throws: ``GraphError/notDifferentiable(operation:path:)`` where the running statistics' gradient is asked for.
  public func gradients(_ context: GradientContext) throws -> [Tensor?] {
    guard !context.needsGradient[3], !context.needsGradient[4] else {
      throw GraphError.notDifferentiable(operation: Self.name + " statistics", path: context.path)
    }
    let x = context.inputs[0]
    let builder = context.builder
    let upstream = context.outputGradient
    let channels = x.shape[1]
    let broadcastShape: Shape = x.shape.rank == 4 ? [1, channels, 1, 1] : [1, channels]
    let axes = x.shape.rank == 4 ? [0, 2, 3] : [0]
    func wide(_ vector: Tensor) throws -> Tensor { try builder.apply(Reshape(broadcastShape), vector) }
    let variance = try builder.apply(Binary(.add), context.inputs[4], builder.constant(epsilon))
    let inverse = try builder.apply(Unary(.reciprocalSquareRoot), variance)
    var gradients: [Tensor?] = [nil, nil, nil, nil, nil]
    if context.needsGradient[0] {
      let factor = try builder.apply(Binary(.multiply), context.inputs[1], inverse)
      gradients[0] = try builder.apply(Binary(.multiply), upstream, wide(factor))
    }
    if context.needsGradient[1] {
      let centered = try builder.apply(Binary(.subtract), x, wide(context.inputs[3]))
      let product = try builder.apply(Binary(.multiply), centered, upstream)
      gradients[1] = try builder.apply(
        Binary(.multiply), builder.apply(Reduction(.sum, axes: axes), product), inverse)
    }
    if context.needsGradient[2] { gradients[2] = try builder.apply(Reduction(.sum, axes: axes), upstream) }
    return gradients
  }
}

extension TensorType {
  /// Whether this is a float batch of images `[N, C, H, W]` or of vectors `[N, C]`.
  fileprivate var isFloatBatch: Bool { element == .float32 && (shape.rank == 4 || shape.rank == 2) }
}
