import CLabKernels
import COneDNN

/// A dynamic convolution by products of one tap at a time: what its passes share.
///
/// - Source: own. Attentions of channels, taps and filters commute with a tap's product, so that no sample needs weights of
///   its own; see `CLabTaps.h`.
struct TapProducts {
  let operands: DynamicConvolutionOperands
  let kernels: LabKernels
  /// Bytes of one kernel in the layout of the convolution.
  let setBytes: Int
  /// Bytes from one kernel to the next.
  let setStride: Int
  private let mixesWeights: Bool
  private let pairs: TapPairs

  /// The plan for a convolution of one group for which ``TapRules`` say so, or which is to be computed so in any case.
  init?(
    _ shape: OneDnnConvolutionShape, operands: DynamicConvolutionOperands, layout: WeightLayout, kernels: LabKernels,
    isForced: Bool
  ) {
    guard shape.groups == 1 else { return nil }
    let pairs = TapPairs(shape)
    let rules = TapRules(shape, kernelCount: operands.kernelCount, pairCount: pairs.count, block: kernels.block)
    guard isForced || rules.apply else { return nil }
    self.operands = operands
    self.kernels = kernels
    self.pairs = pairs
    setBytes = layout.byteCount
    setStride = VariableLayout.setStride(layout, count: operands.kernelCount)
    mixesWeights = rules.mixesWeights
  }

  /// Whether the gradients of kernels give that of the attention over them, not those of the image.
  var weightsGiveKernelGradient: Bool { mixesWeights }

  /// Bytes of the operands of one tap of a group.
  ///
  /// Products of all samples' operands want them in a core's second-level cache, with room for others. Where kernels are mixed,
  /// products are a sample's, and the more samples use the kernels that were read, the better.
  private var mostOperandBytes: Int { mixesWeights ? 2 << 20 : 512 << 10 }

  /// Samples that are worked on together.
  var groupSize: Int {
    max(
      mostOperandBytes / (pairs.mostOfTap * max(operands.paddedInputChannels, operands.paddedOutputChannels) * 4), 1)
  }

  func imageExtent(_ samples: Int) -> LabExtent {
    LabExtent(
      samples: samples, channels: operands.paddedInputChannels, blocks: operands.inputBlocks,
      pixels: pairs.imagePixelCount)
  }

  func resultExtent(_ samples: Int) -> LabExtent {
    LabExtent(
      samples: samples, channels: operands.paddedOutputChannels, blocks: operands.outputBlocks,
      pixels: pairs.resultPixelCount)
  }

  /// Floats of an image, and of a result.
  var imageFloats: Int { operands.paddedInputChannels * pairs.imagePixelCount }
  var resultFloats: Int { operands.paddedOutputChannels * pairs.resultPixelCount }

  /// Floats that the products of so many samples need.
  func scratchCount(samples: Int) -> Int {
    withArguments(samples) { kernels.tapScratchCount(&$0) }
  }

  /// Calls `body` with the arguments of the products of a group of a chunk's samples.
  func with<T>(
    _ group: Range<Int>, _ worker: Worker, weights: SlotID, _ body: (inout LabTapConvolution) throws -> T
  ) rethrows -> T {
    func first(_ slot: SlotID?) -> UnsafePointer<Float>? {
      slot.map { UnsafePointer(worker.pointer($0, sample: group.lowerBound)) }
    }
    return try withArguments(group.count) { arguments in
      arguments.w = UnsafePointer(worker.whole(weights))
      arguments.kernelFactor = first(operands.kernel)
      arguments.tapFactor = first(operands.spatial)
      arguments.inputFactor = first(operands.channel)
      arguments.outputFactor = first(operands.filter)
      return try body(&arguments)
    }
  }

  private func withArguments<T>(_ samples: Int, _ body: (inout LabTapConvolution) throws -> T) rethrows -> T {
    try pairs.withPointers { pointers in
      var arguments = LabTapConvolution()
      arguments.extent = operands.extent(setBytes: setBytes)
      arguments.pairs = pointers
      arguments.samples = samples
      arguments.mixesWeights = mixesWeights
      return try body(&arguments)
    }
  }
}

/// Which pixels of an image each tap of a convolution multiplies for which pixels of the result, in order.
private struct TapPairs {
  private var starts: [Int32] = [0]
  private var imagePixels: [Int32] = []
  private var resultPixels: [Int32] = []
  let imagePixelCount: Int
  let resultPixelCount: Int

  init(_ shape: OneDnnConvolutionShape) {
    imagePixelCount = shape.inputHeight * shape.inputWidth
    resultPixelCount = shape.outputHeight * shape.outputWidth
    for tapRow in 0..<shape.kernelHeight {
      for tapColumn in 0..<shape.kernelWidth {
        for row in 0..<shape.outputHeight {
          let imageRow = row * shape.strideHeight - shape.paddingHeight + tapRow * shape.dilationHeight
          guard 0..<shape.inputHeight ~= imageRow else { continue }
          for column in 0..<shape.outputWidth {
            let imageColumn = column * shape.strideWidth - shape.paddingWidth + tapColumn * shape.dilationWidth
            guard 0..<shape.inputWidth ~= imageColumn else { continue }
            imagePixels.append(Int32(imageRow * shape.inputWidth + imageColumn))
            resultPixels.append(Int32(row * shape.outputWidth + column))
          }
        }
        starts.append(Int32(imagePixels.count))
      }
    }
  }

  var count: Int { imagePixels.count }

  /// The pairs of the tap that has most of them.
  var mostOfTap: Int { zip(starts, starts.dropFirst()).map { Int($1 - $0) }.max() ?? 0 }

  func withPointers<T>(_ body: (LabTapPairs) throws -> T) rethrows -> T {
    try starts.withUnsafeBufferPointer { starts in
      try imagePixels.withUnsafeBufferPointer { imagePixels in
        try resultPixels.withUnsafeBufferPointer { resultPixels in
          try body(
            LabTapPairs(
              starts: starts.baseAddress, imagePixels: imagePixels.baseAddress, resultPixels: resultPixels.baseAddress,
              imagePixelCount: imagePixelCount, resultPixelCount: resultPixelCount))
        }
      }
    }
  }
}
