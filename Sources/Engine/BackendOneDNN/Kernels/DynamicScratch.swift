import CLabKernels

/// Which memory a worker needs for a group of samples of a blocked dynamic convolution.
struct DynamicScratchDemand {
  var operands: DynamicConvolutionOperands
  /// Bytes of one kernel in the layout of the convolution.
  var setBytes: Int
  /// The samples of a group: the kernels are read from memory once for all of them.
  var groupSize: Int
  /// Whether the samples' aggregated weights are kept, not made piece by piece.
  var holdsWeights: Bool
  var holdsGradients: Bool
  /// Bytes that the convolution itself needs.
  var convolutionBytes = 0

  /// Floats from one sample's weights to the next, which start in different cache sets.
  var stride: Int { (setBytes + VariableLayout.setPaddingBytes) / 4 }

  var byteCount: Int { DynamicScratch(nil, self).byteCount + convolutionBytes }

  /// Samples whose weights stay in the cache until they are used, where these are small, but no fewer than `least`.
  static func groupSize(setBytes: Int, least: Int) -> Int { min(max(512 * 1024 / setBytes, least), 8) }
}

/// Memory of a worker while it handles a group of samples of a blocked dynamic convolution.
struct DynamicScratch {
  /// Each sample's aggregated weights, if they are kept.
  let weights: UnsafeMutablePointer<Float>
  /// Each sample's weight gradient, if there is one.
  let gradients: UnsafeMutablePointer<Float>
  let rowFactors: UnsafeMutablePointer<Float>
  /// Products of channels' and filters' attentions, where both multiply the same weights.
  let columnFactors: UnsafeMutablePointer<Float>
  let sums: UnsafeMutablePointer<Float>
  let contraction: UnsafeMutablePointer<Float>
  let convolution: UnsafeMutableRawPointer
  fileprivate let byteCount: Int

  init(_ base: UnsafeMutableRawPointer?, _ demand: DynamicScratchDemand) {
    let start = base ?? UnsafeMutableRawPointer(bitPattern: 64)!
    var next = start
    func take(_ floatsPerSample: Int) -> UnsafeMutablePointer<Float> {
      let pointer = next.assumingMemoryBound(to: Float.self)
      next += (demand.groupSize * floatsPerSample * 4 + 63) / 64 * 64
      return pointer
    }
    let operands = demand.operands
    let (inputs, outputs) = (operands.paddedInputChannels, operands.paddedOutputChannels)
    let attentions = operands.taps + operands.kernelCount
    weights = take(demand.holdsWeights ? demand.stride : 0)
    gradients = take(demand.holdsGradients ? demand.stride : 0)
    rowFactors = take(operands.taps * max(inputs, outputs))
    columnFactors = take(operands.isDepthWise ? outputs : 0)
    sums = take(demand.holdsGradients ? inputs + outputs + attentions : 0)
    contraction = take(demand.holdsGradients ? (inputs + attentions) * operands.block : 0)
    convolution = next
    byteCount = next - start
  }
}
