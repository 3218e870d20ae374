import CLabKernels
import Testing

/// A depth-wise convolution with random operands, and what its kernels should give.
struct DepthWiseProblem {
  struct Shape {
    var channels: Int
    var height: Int
    var width: Int
    var samples = 1
    var window = (3, 3)
    var stride = (1, 1)
    var padding = (1, 1)
    var dilation = (1, 1)

    var outputHeight: Int { (height + 2 * padding.0 - dilation.0 * (window.0 - 1) - 1) / stride.0 + 1 }
    var outputWidth: Int { (width + 2 * padding.1 - dilation.1 * (window.1 - 1) - 1) / stride.1 + 1 }
    var geometry: LabDepthWise {
      LabDepthWise(
        height: height, width: width, outputHeight: outputHeight, outputWidth: outputWidth, kernelHeight: window.0,
        kernelWidth: window.1, strideHeight: stride.0, strideWidth: stride.1, paddingHeight: padding.0,
        paddingWidth: padding.1, dilationHeight: dilation.0, dilationWidth: dilation.1)
    }
  }

  /// What is computed on the way.
  struct Options {
    var normalizesImage: Bool
    var normalizesResult: Bool
    /// Whether the gradient goes on to that of the normalization before the convolution.
    var reduces: Bool
    var passesCache: Bool

    static let all = [
      Options(normalizesImage: false, normalizesResult: false, reduces: false, passesCache: false),
      Options(normalizesImage: true, normalizesResult: false, reduces: false, passesCache: true),
      Options(normalizesImage: false, normalizesResult: true, reduces: false, passesCache: false),
      Options(normalizesImage: true, normalizesResult: true, reduces: true, passesCache: false),
      Options(normalizesImage: true, normalizesResult: true, reduces: true, passesCache: true),
    ]
  }

  private let shape: Shape
  private let options: Options
  private let activation: LabActivation
  private let image: BlockedLayout
  private let result: BlockedLayout
  private let x: [Float]
  private let upstream: [Float]
  /// By channel and tap.
  private let weights: [Float]
  private let tables: [String: [Float]]

  init(_ shape: Shape, _ activation: LabActivation, _ options: Options, block: Int) {
    self.shape = shape
    self.options = options
    self.activation = options.normalizesImage ? activation : LAB_ACTIVATION_NONE
    image = BlockedLayout(
      samples: shape.samples, channels: shape.channels, pixels: shape.height * shape.width, block: block)
    result = BlockedLayout(
      samples: shape.samples, channels: shape.channels, pixels: shape.outputHeight * shape.outputWidth, block: block)
    var random = TestRandom("depth-wise")
    x = random.floats(image.flatCount, scale: 3)
    upstream = random.floats(result.flatCount)
    weights = random.floats(shape.channels * shape.window.0 * shape.window.1)
    var tables: [String: [Float]] = [:]
    for name in ["scale", "shift", "a", "b", "c", "pivot", "mean"] { tables[name] = random.floats(shape.channels) }
    self.tables = tables
  }

  // MARK: What is expected

  private func table(_ name: String, _ channel: Int) -> Double { Double(tables[name]![channel]) }

  /// What the activation is applied to, as the kernels round it.
  private func preactivation(_ sample: Int, _ channel: Int, _ pixel: Int) -> Double {
    let own = Double(x[image.flatIndex(sample, channel, pixel)])
    guard options.normalizesImage else { return own }
    return own * table("scale", channel) + table("shift", channel)
  }

  private func convolved(_ sample: Int, _ channel: Int, _ pixel: Int) -> Double {
    referenceActivation(activation, preactivation(sample, channel, pixel))
  }

  /// Visits each pixel of the result with each of the image's that a tap joins it with.
  private func forEachPair(_ body: (_ resultPixel: Int, _ imagePixel: Int, _ tap: Int) -> Void) {
    for row in 0..<shape.outputHeight {
      for column in 0..<shape.outputWidth {
        for tap in 0..<shape.window.0 * shape.window.1 {
          let y = row * shape.stride.0 - shape.padding.0 + tap / shape.window.1 * shape.dilation.0
          let x = column * shape.stride.1 - shape.padding.1 + tap % shape.window.1 * shape.dilation.1
          guard 0..<shape.height ~= y, 0..<shape.width ~= x else { continue }
          body(row * shape.outputWidth + column, y * shape.width + x, tap)
        }
      }
    }
  }

  private func weight(_ channel: Int, _ tap: Int) -> Double {
    Double(weights[channel * shape.window.0 * shape.window.1 + tap])
  }

  // MARK: The check

  /// Numbers of the kernels' weights and their sums: `[blocks][taps][block]`.
  private func blockedWeights<T: BinaryFloatingPoint>(_ values: [T]) -> [T] {
    let taps = shape.window.0 * shape.window.1
    var blocked = [T](repeating: 0, count: image.paddedChannels * taps)
    for channel in 0..<shape.channels {
      for tap in 0..<taps {
        blocked[(channel / image.block * taps + tap) * image.block + channel % image.block] =
          values[channel * taps + tap]
      }
    }
    return blocked
  }

  func check(_ kernels: LabKernels) {
    var geometry = shape.geometry
    let scratch = GuardedBuffer<Float>(overwritten: kernels.depthWiseScratchCount(&geometry))
    let operands = ["scale", "shift", "a", "b", "c", "pivot", "mean"].reduce(into: [String: GuardedBuffer<Float>]()) {
      $0[$1] = GuardedBuffer(image.table(tables[$1]!))
    }
    let weights = GuardedBuffer(blockedWeights(weights))
    let x = GuardedBuffer(image.blocked(x))
    var convolution = LabDepthWiseConvolution()
    convolution.geometry = geometry
    convolution.samples = shape.samples
    convolution.channels = shape.channels
    convolution.blocks = image.blocks
    convolution.weights = UnsafePointer(weights.pointer)
    convolution.x = UnsafePointer(x.pointer)
    if options.normalizesImage {
      convolution.scale = UnsafePointer(operands["scale"]!.pointer)
      convolution.shift = UnsafePointer(operands["shift"]!.pointer)
    }
    convolution.activation = activation
    convolution.passesCache = options.passesCache
    convolution.scratch = scratch.pointer

    let y = checkForward(kernels, &convolution, pivot: operands["pivot"]!)
    checkBackward(kernels, &convolution, y: y, operands)
    #expect(scratch.isWithinMargins)
  }

  /// Returns the result as the kernel gives it.
  private func checkForward(
    _ kernels: LabKernels, _ convolution: inout LabDepthWiseConvolution, pivot: GuardedBuffer<Float>
  ) -> GuardedBuffer<Float> {
    var expected = [Double](repeating: 0, count: result.flatCount)
    var (sums, squares) = ([Double](repeating: 0, count: shape.channels), [Double](repeating: 0, count: shape.channels))
    for sample in 0..<shape.samples {
      for channel in 0..<shape.channels {
        forEachPair { to, from, tap in
          expected[result.flatIndex(sample, channel, to)] +=
            convolved(sample, channel, from) * weight(channel, tap)
        }
      }
    }
    result.forEach { sample, channel, pixel in
      let difference = expected[result.flatIndex(sample, channel, pixel)] - table("pivot", channel)
      sums[channel] += difference
      squares[channel] += difference * difference
    }
    // What goes past the cache has to be aligned, and is stored as anything else where it is not.
    let y = GuardedBuffer<Float>([Float](repeating: .nan, count: result.blockedCount), isAligned: options.passesCache)
    let (sum, square) = (
      GuardedBuffer<Double>(zeros: result.paddedChannels), GuardedBuffer<Double>(zeros: result.paddedChannels)
    )
    var target = LabDepthWiseResult()
    target.y = y.pointer
    if options.normalizesResult {
      (target.pivot, target.sum, target.squares) = (UnsafePointer(pivot.pointer), sum.pointer, square.pointer)
    }
    kernels.depthWiseForward(&convolution, &target)
    expectClose(y.values, result.blocked(expected), relative: 5e-6, absolute: 2e-5, "y of \(shape)")
    #expect(y.isWithinMargins && sum.isWithinMargins && square.isWithinMargins)
    guard options.normalizesResult else {
      #expect(sum.values.allSatisfy { $0 == 0 })
      return y
    }
    let absolute = 2e-5 * Double(result.pixels * result.samples)
    expectClose(sum.values, result.paddedResult(sums), absolute: absolute, "sums of \(shape)")
    expectClose(square.values, result.paddedResult(squares), relative: 1e-5, absolute: absolute, "squares of \(shape)")
    return y
  }

  private func checkBackward(
    _ kernels: LabKernels, _ convolution: inout LabDepthWiseConvolution, y: GuardedBuffer<Float>,
    _ operands: [String: GuardedBuffer<Float>]
  ) {
    let taps = shape.window.0 * shape.window.1
    var dw = [Double](repeating: 1, count: shape.channels * taps)
    var dx = [Double](repeating: 0, count: image.flatCount)
    var (sums, products) = (
      [Double](repeating: 2, count: shape.channels), [Double](repeating: 3, count: shape.channels)
    )
    let results = y.values
    for sample in 0..<shape.samples {
      for channel in 0..<shape.channels {
        forEachPair { to, from, tap in
          var gradient = Double(upstream[result.flatIndex(sample, channel, to)])
          if options.normalizesResult {
            gradient =
              table("a", channel) * gradient
              + table("b", channel) * Double(results[result.blockedIndex(sample, channel, to)]) + table("c", channel)
          }
          dw[channel * taps + tap] += gradient * convolved(sample, channel, from)
          dx[image.flatIndex(sample, channel, from)] += gradient * weight(channel, tap)
        }
      }
    }
    if options.reduces {
      image.forEach { sample, channel, pixel in
        let index = image.flatIndex(sample, channel, pixel)
        dx[index] *= referenceDerivative(activation, preactivation(sample, channel, pixel))
        sums[channel] += dx[index]
        products[channel] += dx[index] * (Double(x[index]) - table("mean", channel))
      }
    }
    let upstreamBuffer = GuardedBuffer(result.blocked(upstream))
    let weightGradient = GuardedBuffer(blockedWeights([Double](repeating: 1, count: shape.channels * taps)))
    let imageGradient = GuardedBuffer<Float>(
      [Float](repeating: .nan, count: image.blockedCount), isAligned: options.passesCache)
    let sum = GuardedBuffer(image.paddedResult([Double](repeating: 2, count: shape.channels)))
    let product = GuardedBuffer(image.paddedResult([Double](repeating: 3, count: shape.channels)))
    var gradients = LabDepthWiseGradients()
    gradients.upstream = UnsafePointer(upstreamBuffer.pointer)
    gradients.dw = weightGradient.pointer
    gradients.dx = imageGradient.pointer
    if options.normalizesResult {
      gradients.y = UnsafePointer(y.pointer)
      gradients.a = UnsafePointer(operands["a"]!.pointer)
      gradients.b = UnsafePointer(operands["b"]!.pointer)
      gradients.c0 = UnsafePointer(operands["c"]!.pointer)
    }
    if options.reduces {
      gradients.mean = UnsafePointer(operands["mean"]!.pointer)
      (gradients.sum, gradients.sumX) = (sum.pointer, product.pointer)
    }
    kernels.depthWiseBackward(&convolution, &gradients)
    let absolute = 2e-5 * Double(result.pixels * result.samples)
    expectClose(
      weightGradient.values, blockedWeights(dw), relative: 1e-5, absolute: absolute, "weights' gradient of \(shape)")
    expectClose(
      imageGradient.values, image.blocked(dx), relative: 2e-5, absolute: 1e-4, "image's gradient of \(shape)")
    expectClose(sum.values, image.paddedResult(sums), relative: 1e-5, absolute: absolute, "sums of \(shape)")
    expectClose(
      product.values, image.paddedResult(products), relative: 1e-5, absolute: 4 * absolute, "products of \(shape)")
    #expect(imageGradient.isWithinMargins && weightGradient.isWithinMargins)
    #expect(sum.isWithinMargins && product.isWithinMargins)

    // Each gradient by itself is the same.
    let alone = GuardedBuffer<Float>(overwritten: image.blockedCount)
    gradients.dw = nil
    gradients.dx = alone.pointer
    kernels.depthWiseBackward(&convolution, &gradients)
    #expect(alone.values == imageGradient.values)
    let sumAlone = GuardedBuffer(blockedWeights([Double](repeating: 1, count: shape.channels * taps)))
    gradients.dw = sumAlone.pointer
    gradients.dx = nil
    kernels.depthWiseBackward(&convolution, &gradients)
    #expect(sumAlone.values == weightGradient.values)
  }
}
