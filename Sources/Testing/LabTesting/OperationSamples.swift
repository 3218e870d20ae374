import LabGraph

/// The samples of every operation: each operation's stand in a file of their own in `Samples`.
public enum OperationSamples {
  /// Small samples of every operation with every combination of attributes that matters.
  public static let all: [OperationSample] = [
    activation, activationGradient, adamUpdate, affineSampling, affineSamplingGradient, topPositions,
    batchNormalization, batchNormalizationGradient,
    batchNormalizationInference, binary, broadcast, channelShuffle, classificationLoss, classificationLossGradient,
    concatenation,
    convolution, convolutionInputGradient, convolutionWeightGradient, depthToSpace, dropout, dynamicConvolution,
    dynamicConvolutionGradient, gradientClipFactor, groupNormalization, groupNormalizationGradient, matrixProduct,
    maximumGradient, movingAverageUpdate, pad, permute,
    pooling, poolingGradient, reduction, reshape, sgdUpdate, slice, softmax, softmaxGradient, spaceToDepth, unary,
  ].flatMap { $0 }

  /// Larger samples that show a backend's layouts and tails: channel counts around vector widths, odd extents.
  public static let grid: [OperationSample] = [
    convolutionGrid, dynamicConvolutionGrid, channelGrid, groupGrid,
  ].flatMap { $0 }

  /// The samples that a backend may compute by more than one algorithm.
  public static let convolutions: [OperationSample] = [
    convolution, convolutionInputGradient, convolutionWeightGradient, dynamicConvolution, dynamicConvolutionGradient,
    convolutionGrid, dynamicConvolutionGrid,
  ].flatMap { $0 }

  /// The samples of dynamic convolutions.
  public static let dynamicConvolutions: [OperationSample] = [
    dynamicConvolution, dynamicConvolutionGradient, dynamicConvolutionGrid,
  ].flatMap { $0 }

  /// Patterns of several operations, as networks use them and as executors fuse them.
  public static let patterns: [OperationSample] = [networkPatterns, [sharedWeights], trainingPatterns].flatMap { $0 }
}
