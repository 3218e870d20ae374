import LabGraph

/// Every kind of operation by its name: what a backend has to implement and a conformance suite has to cover.
package enum OperationCatalog {
  /// The operations, in order of name.
  package static let operations: [any Operation.Type] = [
    Activation.self, ActivationGradient.self, AdamUpdate.self, AffineSampling.self, AffineSamplingGradient.self,
    BatchNormalization.self, BatchNormalizationGradient.self, BatchNormalizationInference.self, Binary.self,
    Broadcast.self, ChannelShuffle.self, ClassificationLoss.self, ClassificationLossGradient.self, Concatenation.self,
    Convolution2D.self, Convolution2DInputGradient.self, Convolution2DWeightGradient.self, DepthToSpace.self,
    Dropout.self, DynamicConvolution2D.self, DynamicConvolution2DGradient.self, GradientClipFactor.self,
    GroupNormalization.self, GroupNormalizationGradient.self,
    MatrixProduct.self, MaximumGradient.self, MovingAverageUpdate.self, Pad.self, Permute.self, Pooling2D.self,
    Pooling2DGradient.self, Reduction.self, Reshape.self, SGDUpdate.self, Slice.self, Softmax.self,
    SoftmaxGradient.self, SpaceToDepth.self, TopPositions.self, Unary.self,
  ]

  /// The operations by name.
  package static let byName: [String: any Operation.Type] = Dictionary(
    operations.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
}
