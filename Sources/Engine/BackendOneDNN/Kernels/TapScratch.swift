import CLabKernels

/// Memory of a worker while it handles a group of samples.
struct TapScratch {
  let image: UnsafeMutablePointer<Float>
  /// The result's gradient times the filters' factors; before, the result without them.
  let upstream: UnsafeMutablePointer<Float>
  /// An image's gradient that nobody asks for.
  let dx: UnsafeMutablePointer<Float>
  let sumsOfKernels: UnsafeMutablePointer<Float>
  let sumsOfTaps: UnsafeMutablePointer<Float>
  let sumsOfInputs: UnsafeMutablePointer<Float>
  let sumsOfOutputs: UnsafeMutablePointer<Float>
  let products: UnsafeMutablePointer<Float>
  let byteCount: Int

  init(_ base: UnsafeMutableRawPointer?, _ plan: TapProducts, samples: Int, isGradient: Bool, holdsImageGradient: Bool)
  {
    let start = base ?? UnsafeMutableRawPointer(bitPattern: 64)!
    var next = start
    func take(_ floats: Int) -> UnsafeMutablePointer<Float> {
      let pointer = next.assumingMemoryBound(to: Float.self)
      next += (floats * 4 + 63) / 64 * 64
      return pointer
    }
    let operands = plan.operands
    let factor = isGradient ? samples : 0
    image = take(operands.channel == nil ? 0 : samples * plan.imageFloats)
    upstream = take(operands.filter == nil ? 0 : factor * plan.resultFloats)
    dx = take(holdsImageGradient ? samples * plan.imageFloats : 0)
    sumsOfKernels = take(factor * operands.kernelCount)
    sumsOfTaps = take(factor * operands.taps)
    sumsOfInputs = take(factor * operands.paddedInputChannels)
    sumsOfOutputs = take(factor * operands.paddedOutputChannels)
    products = take(plan.scratchCount(samples: samples))
    byteCount = next - start
  }

  /// The image times the channels' factors.
  func scaledImage(
    _ image: UnsafeMutablePointer<Float>, _ arguments: inout LabTapConvolution, _ plan: TapProducts
  ) -> UnsafePointer<Float> {
    guard let factors = arguments.inputFactor else { return UnsafePointer(image) }
    plan.kernels.scaleChannels(plan.imageExtent(arguments.samples), image, factors, self.image)
    return UnsafePointer(self.image)
  }
}
