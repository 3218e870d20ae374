import CLabKernels

/// Memory of a worker while it handles a group of samples of a blocked dynamic convolution.
struct DynamicScratch {
  /// Each sample's aggregated weights.
  let weights: UnsafeMutablePointer<Float>
  /// Each sample's weight gradient.
  let gradients: UnsafeMutablePointer<Float>
  let rowFactors: UnsafeMutablePointer<Float>
  let sums: UnsafeMutablePointer<Float>
  let contraction: UnsafeMutablePointer<Float>
  let primitive: UnsafeMutableRawPointer

  /// The samples of a group: their weights are read from memory once for all, and small ones stay in the cache until used.
  static func groupSize(setBytes: Int) -> Int { min(max(512 * 1024 / setBytes, 4), 8) }

  /// Floats from one sample's weights to the next, which start in different cache sets.
  static func stride(setBytes: Int) -> Int { setBytes / 4 + VariableLayout.setPaddingBytes / 4 }

  static func byteCount(_ operands: DynamicConvolutionOperands, setBytes: Int, primitiveBytes: Int, block: Int) -> Int {
    DynamicScratch(nil, operands, setBytes: setBytes, block: block).byteCount + primitiveBytes
  }

  private let byteCount: Int

  init(_ base: UnsafeMutableRawPointer?, _ operands: DynamicConvolutionOperands, setBytes: Int, block: Int) {
    let group = DynamicScratch.groupSize(setBytes: setBytes)
    let start = base ?? UnsafeMutableRawPointer(bitPattern: 64)!
    var next = start
    func take(_ floats: Int) -> UnsafeMutablePointer<Float> {
      let pointer = next.assumingMemoryBound(to: Float.self)
      next += (floats * 4 + 63) / 64 * 64
      return pointer
    }
    let (inputs, outputs) = (operands.inputChannels, operands.outputChannels)
    weights = take(group * DynamicScratch.stride(setBytes: setBytes))
    gradients = take(group * DynamicScratch.stride(setBytes: setBytes))
    rowFactors = take(group * operands.taps * max(inputs, outputs))
    sums = take(group * (inputs + outputs + operands.taps + operands.kernelCount))
    contraction = take(group * (inputs + operands.taps + operands.kernelCount) * block)
    primitive = next
    byteCount = next - start
  }
}
