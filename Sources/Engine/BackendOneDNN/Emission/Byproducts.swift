import LabGraph

/// What nodes' kernels leave for the computation of expressions, and expressions for nodes.
struct Byproducts {
  /// Factors and offsets, by the result of the node that provides them.
  var affines: [ValueID: ChannelAffine] = [:]
  /// Convolutions' results before their biases are added, by the result with it.
  var unbiased: [ValueID: SlotID] = [:]
  /// Sums over an image's pixels, made by the pass that computes the image.
  var pooledSums: [ValueID: SlotID] = [:]
  /// What follows from the sums that a batch normalization's gradient needs.
  var normGradients: [NormGradientExpression: NormGradientCoefficients] = [:]
  /// Depth-wise convolutions by their results, whose statistics they can sum.
  var depthWiseResults: [ValueID: DepthWiseForwardKernel] = [:]
  /// Gradients of depth-wise convolutions by the gradient of the result, as long as one more node can take part.
  var depthWiseUpstreams: [ValueID: DepthWiseBackwardKernel] = [:]
  /// The same by the gradient of the image.
  var depthWiseImageGradients: [ValueID: DepthWiseBackwardKernel] = [:]
}

/// Per-channel factors and offsets, padded to whole blocks.
struct ChannelAffine {
  var scale: SlotID
  var shift: SlotID
  /// Whether each sample has vectors of its own.
  var isPerSample = false

  var slots: [SlotID] { [scale, shift] }

  /// The factors and offsets of a sample.
  func vectors(_ worker: Worker, sample: Int) -> (scale: UnsafePointer<Float>, shift: UnsafePointer<Float>) {
    isPerSample
      ? (UnsafePointer(worker.pointer(scale, sample: sample)), UnsafePointer(worker.pointer(shift, sample: sample)))
      : (UnsafePointer(worker.whole(scale)), UnsafePointer(worker.whole(shift)))
  }
}

/// Vectors `[C]` of batch normalization's backward pass: `dx = a·g + b·x + c`.
struct NormGradientCoefficients {
  var a: SlotID
  var b: SlotID
  var c: SlotID
  var scaleGradient: SlotID
  var shiftGradient: SlotID
}
