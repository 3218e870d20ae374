import CLabKernels
import Testing

/// A dynamic convolution with the attentions of some samples, and what its results and gradients are in double precision.
struct TapProblem {
  struct Shape {
    let kernels, inputBlocks, outputBlocks, side, samples: Int
    var window = 3
    var stride = 1

    var taps: Int { window * window }
    var outputSide: Int { (side + 2 * (window / 2) - window) / stride + 1 }
  }

  /// Which attentions there are.
  struct Factors {
    var kernels, taps, inputs, outputs: Bool

    static let all = Factors(kernels: true, taps: true, inputs: true, outputs: true)
    static let none = Factors(kernels: false, taps: false, inputs: false, outputs: false)
    static let kernelsOnly = Factors(kernels: true, taps: false, inputs: false, outputs: false)
    static let channelsOnly = Factors(kernels: false, taps: false, inputs: true, outputs: false)
  }

  let shape: Shape
  let factors: Factors
  let block: Int
  private let image, upstream, w, kernelFactors, tapFactors, inputFactors, outputFactors: [Float]
  /// What the gradients of the weights are added to.
  private let initial: [Float]
  private var starts: [Int32] = [0]
  private var imagePixels: [Int32] = []
  private var resultPixels: [Int32] = []
  private var y, dx, dw, dKernel, dTap, dInput: [Double]

  init(_ shape: Shape, _ factors: Factors, block: Int) {
    self.shape = shape
    self.factors = factors
    self.block = block
    var random = TestRandom("taps")
    let (inputs, outputs) = (shape.inputBlocks * block, shape.outputBlocks * block)
    image = random.floats(shape.samples * inputs * shape.side * shape.side)
    upstream = random.floats(shape.samples * outputs * shape.outputSide * shape.outputSide)
    let stride = inputs * outputs * shape.taps + TapProblem.gap
    w = random.floats(shape.kernels * stride)
    initial = random.floats(shape.kernels * stride)
    kernelFactors = random.floats(shape.samples * shape.kernels)
    tapFactors = random.floats(shape.samples * shape.taps)
    inputFactors = random.floats(shape.samples * inputs)
    outputFactors = random.floats(shape.samples * outputs)
    y = [Double](repeating: 0, count: upstream.count)
    dx = [Double](repeating: 0, count: image.count)
    dw = [Double](repeating: 0, count: w.count)
    dKernel = [Double](repeating: 0, count: kernelFactors.count)
    dTap = [Double](repeating: 0, count: tapFactors.count)
    dInput = [Double](repeating: 0, count: inputFactors.count)
    joinPixels()
    for sample in 0..<shape.samples {
      for tap in 0..<shape.taps { add(sample, tap) }
    }
  }

  /// A gap between kernels shows that the stride is respected.
  private static let gap = 16

  private var kernelStride: Int { w.count / shape.kernels }
  private var imagePixelCount: Int { shape.side * shape.side }
  private var resultPixelCount: Int { shape.outputSide * shape.outputSide }

  private mutating func joinPixels() {
    for tap in 0..<shape.taps {
      for pixel in 0..<resultPixelCount {
        let row = pixel / shape.outputSide * shape.stride - shape.window / 2 + tap / shape.window
        let column = pixel % shape.outputSide * shape.stride - shape.window / 2 + tap % shape.window
        guard 0..<shape.side ~= row, 0..<shape.side ~= column else { continue }
        imagePixels.append(Int32(row * shape.side + column))
        resultPixels.append(Int32(pixel))
      }
      starts.append(Int32(imagePixels.count))
    }
  }

  /// Adds what one tap of a sample contributes to everything.
  private mutating func add(_ sample: Int, _ tap: Int) {
    let tapFactor = factors.taps ? Double(tapFactors[sample * shape.taps + tap]) : 1
    for input in 0..<(shape.inputBlocks * block) {
      let inputPlace = sample * shape.inputBlocks * block + input
      let inputFactor = factors.inputs ? Double(inputFactors[inputPlace]) : 1
      for output in 0..<(shape.outputBlocks * block) {
        let outputPlace = sample * shape.outputBlocks * block + output
        let outputFactor = factors.outputs ? Double(outputFactors[outputPlace]) : 1
        let matrix = ((output / block) * shape.inputBlocks + input / block) * shape.taps + tap
        let index = (matrix * block + input % block) * block + output % block
        var mixed = 0.0
        for kernel in 0..<shape.kernels {
          let factor = factors.kernels ? Double(kernelFactors[sample * shape.kernels + kernel]) : 1
          mixed += factor * Double(w[kernel * kernelStride + index])
        }
        // The gradient of this one weight of this one sample.
        var gradient = 0.0
        for pair in Int(starts[tap])..<Int(starts[tap + 1]) {
          let at =
            (inputPlace / block * imagePixelCount + Int(imagePixels[pair])) * block + inputPlace % block
          let target =
            (outputPlace / block * resultPixelCount + Int(resultPixels[pair])) * block + outputPlace % block
          y[target] += outputFactor * tapFactor * mixed * inputFactor * Double(image[at])
          dx[at] += inputFactor * tapFactor * mixed * Double(upstream[target])
          gradient += Double(image[at]) * Double(upstream[target])
        }
        for kernel in 0..<shape.kernels {
          let factor = factors.kernels ? Double(kernelFactors[sample * shape.kernels + kernel]) : 1
          dw[kernel * kernelStride + index] += factor * tapFactor * inputFactor * gradient
          dKernel[sample * shape.kernels + kernel] +=
            tapFactor * inputFactor * gradient * Double(w[kernel * kernelStride + index])
        }
        dTap[sample * shape.taps + tap] += mixed * inputFactor * gradient
        dInput[inputPlace] += mixed * tapFactor * gradient
      }
    }
  }

  /// Computes everything by the kernels of an instruction set.
  func check(_ kernels: LabKernels, mixesWeights: Bool) {
    func pointer(_ values: [Float], if isThere: Bool = true) -> UnsafePointer<Float>? {
      isThere ? UnsafePointer(GuardedBuffer(values).pointer) : nil
    }
    var arguments = LabTapConvolution()
    arguments.extent = LabDynamicExtent(
      kernels: shape.kernels, outputBlocks: shape.outputBlocks, inputBlocks: shape.inputBlocks, taps: shape.taps,
      kernelStride: kernelStride, groups: 1, isDepthWise: false)
    arguments.pairs = LabTapPairs(
      starts: GuardedBuffer(starts).pointer, imagePixels: GuardedBuffer(imagePixels).pointer,
      resultPixels: GuardedBuffer(resultPixels).pointer, imagePixelCount: imagePixelCount,
      resultPixelCount: resultPixelCount)
    arguments.samples = shape.samples
    arguments.mixesWeights = mixesWeights
    arguments.w = pointer(w)
    arguments.kernelFactor = pointer(kernelFactors, if: factors.kernels)
    arguments.tapFactor = pointer(tapFactors, if: factors.taps)
    arguments.inputFactor = pointer(inputFactors, if: factors.inputs)
    arguments.outputFactor = pointer(outputFactors, if: factors.outputs)
    arguments.x = pointer(scaledImage)
    let scratch = GuardedBuffer<Float>(overwritten: kernels.tapScratchCount(&arguments))
    arguments.scratch = scratch.pointer
    let what = describe(shape, factors, mixesWeights)

    let result = GuardedBuffer<Float>(overwritten: y.count)
    kernels.tapForward(&arguments, result.pointer)
    expectClose(result.values, y, absolute: 3e-5, "y of \(what)")

    for accumulates in [false, true] {
      let dx = GuardedBuffer<Float>(overwritten: self.dx.count)
      let dw = GuardedBuffer(initial, isAligned: !accumulates)
      let sums = [dKernel, dTap, dInput].map { GuardedBuffer<Float>(overwritten: $0.count) }
      var gradients = LabTapGradients()
      gradients.image = pointer(image)
      gradients.upstream = pointer(upstream)
      gradients.dx = dx.pointer
      gradients.dw = dw.pointer
      gradients.accumulates = accumulates
      gradients.dKernel = sums[0].pointer
      gradients.dTap = sums[1].pointer
      gradients.dInput = sums[2].pointer
      kernels.tapInputGradient(&arguments, &gradients)
      kernels.tapWeightGradient(&arguments, &gradients)
      expectClose(dx.values, self.dx, absolute: 3e-5, "dx of \(what)")
      expectClose(dw.values, expectedWeights(accumulates: accumulates), absolute: 3e-5, "dw of \(what)")
      for (name, (actual, expected)) in zip(["dKernel", "dTap", "dInput"], zip(sums, [dKernel, dTap, dInput])) {
        expectClose(actual.values, expected, absolute: 1e-3, "\(name) of \(what)")
      }
      #expect(dx.isWithinMargins && dw.isWithinMargins && sums.allSatisfy(\.isWithinMargins))
    }
    #expect(scratch.isWithinMargins && result.isWithinMargins)
  }

  private var scaledImage: [Float] {
    image.indices.map { index in
      let channel = index / block / imagePixelCount * block + index % block
      return factors.inputs ? image[index] * inputFactors[channel] : image[index]
    }
  }

  /// The weights' gradients, and what lies between the kernels, as it was.
  private func expectedWeights(accumulates: Bool) -> [Double] {
    dw.indices.map { index in
      let isGap = index % kernelStride >= kernelStride - TapProblem.gap
      return dw[index] + (accumulates || isGap ? Double(initial[index]) : 0)
    }
  }
}
