import CLabKernels
import Testing

/// One convolution with known operands, its results in double precision, and the kernels that are to agree with them.
struct WinogradProblem {
  private let item: WinogradTests.Case
  private let table: LabKernels
  private let winograd: LabWinograd
  private let geometry: LabWinogradGeometry
  private let hasOwnWeights: Bool
  private let x, upstream, w, kernelWeights, inputFactor, tapFactor, outputFactor: [Float]

  /// What rounding may make of a number, relative to the largest: sums over many channels round more often.
  private let tolerance: Double

  init(
    _ item: WinogradTests.Case, results: Int, on instructions: Instructions, hasOwnWeights: Bool
  ) throws {
    self.item = item
    self.hasOwnWeights = hasOwnWeights
    table = try instructions.kernels
    winograd = try #require(labWinograd(labKernelsNamed(instructions.name))).pointee
    geometry = LabWinogradGeometry(
      resultSide: results, height: item.height, width: item.width, inputBlocks: item.inputBlocks,
      outputBlocks: item.outputBlocks)
    var random = TestRandom("winograd")
    let block = table.block
    tolerance = max(item.inputBlocks, item.outputBlocks) * block > 128 ? 2e-5 : 1e-5
    x = random.floats(item.samples * item.inputBlocks * block * item.height * item.width)
    upstream = random.floats(item.samples * item.outputBlocks * block * item.height * item.width)
    let kernels = hasOwnWeights ? item.kernels : 1
    w = random.floats(kernels * item.inputBlocks * item.outputBlocks * block * block * 9)
    kernelWeights = random.floats(item.samples * kernels)
    inputFactor = random.floats(item.samples * item.inputBlocks * block)
    tapFactor = random.floats(item.samples * 9)
    outputFactor = random.floats(item.samples * item.outputBlocks * block)
  }

  private var block: Int { table.block }
  private var inputs: Int { item.inputBlocks * block }
  private var outputs: Int { item.outputBlocks * block }
  private var pixels: Int { item.height * item.width }
  private var kernels: Int { hasOwnWeights ? item.kernels : 1 }
  private var setCount: Int { inputs * outputs * 9 }

  private var swapped: LabWinogradGeometry {
    var geometry = geometry
    swap(&geometry.inputBlocks, &geometry.outputBlocks)
    return geometry
  }

  // MARK: Expected values

  /// A weight's place in [output block][input block][tap][input][output].
  private func weightIndex(_ output: Int, _ input: Int, _ tap: Int) -> Int {
    (((output / block * item.inputBlocks + input / block) * 9 + tap) * block + input % block) * block + output % block
  }

  private func imageIndex(_ sample: Int, _ channel: Int, of blocks: Int, _ row: Int, _ column: Int) -> Int {
    ((sample * blocks + channel / block) * pixels + row * item.width + column) * block + channel % block
  }

  /// A sample's weights by `weightIndex`.
  private func weights(of sample: Int) -> [Double] {
    guard hasOwnWeights else { return w.map(Double.init) }
    var result = [Double](repeating: 0, count: setCount)
    for output in 0..<outputs {
      for input in 0..<inputs {
        for tap in 0..<9 {
          let index = weightIndex(output, input, tap)
          var sum = 0.0
          for k in 0..<kernels { sum += Double(kernelWeights[sample * kernels + k]) * Double(w[k * setCount + index]) }
          result[index] =
            sum * Double(inputFactor[sample * inputs + input]) * Double(tapFactor[sample * 9 + tap])
            * Double(outputFactor[sample * outputs + output])
        }
      }
    }
    return result
  }

  /// Visits every product of the convolution: sample, output and input channel, tap, and the pixels of both images.
  private func forEachTap(
    _ body: (_ sample: Int, _ tap: Int, _ outputPixel: (Int, Int), _ inputPixel: (Int, Int)) -> Void
  ) {
    for sample in 0..<item.samples {
      for row in 0..<item.height {
        for column in 0..<item.width {
          for tap in 0..<9 {
            let (y, x) = (row + tap / 3 - 1, column + tap % 3 - 1)
            if y >= 0, y < item.height, x >= 0, x < item.width { body(sample, tap, (row, column), (y, x)) }
          }
        }
      }
    }
  }

  private func expected() -> (y: [Double], dx: [Double], dw: [Double]) {
    var y = [Double](repeating: 0, count: upstream.count)
    var dx = [Double](repeating: 0, count: x.count)
    var dw = [Double](repeating: 0, count: setCount)
    let own = (0..<item.samples).map { weights(of: hasOwnWeights ? $0 : 0) }
    forEachTap { sample, tap, outputPixel, inputPixel in
      for output in 0..<outputs {
        let place = imageIndex(sample, output, of: item.outputBlocks, outputPixel.0, outputPixel.1)
        let gradient = Double(upstream[place])
        var sum = 0.0
        for input in 0..<inputs {
          let source = imageIndex(sample, input, of: item.inputBlocks, inputPixel.0, inputPixel.1)
          let index = weightIndex(output, input, tap)
          let weight = own[sample][index]
          sum += weight * Double(x[source])
          dx[source] += weight * gradient
          dw[index] += gradient * Double(x[source])
        }
        y[place] += sum
      }
    }
    return (y, dx, dw)
  }

  // MARK: Kernels

  /// Runs one pass over the samples' or the common weights.
  private func convolve(
    _ pass: LabWinogradGeometry, transposed: Bool, source: [Float], resultCount: Int
  ) -> (values: [Float], isWithinMargins: Bool) {
    let source = GuardedBuffer(source)
    let result = GuardedBuffer<Float>(overwritten: resultCount)
    let weights = GuardedBuffer(w)
    if transposed { table.transposeBlocks(w.count / (block * block), weights.pointer, weights.pointer) }
    var arguments = LabAggregate()
    arguments.extent = LabDynamicExtent(
      kernels: kernels, outputBlocks: item.outputBlocks, inputBlocks: item.inputBlocks, taps: 9, kernelStride: setCount,
      groups: 1, isDepthWise: false)
    arguments.samples = hasOwnWeights ? item.samples : 1
    arguments.transposed = transposed
    arguments.w = UnsafePointer(weights.pointer)
    guard hasOwnWeights else {
      let transformed = GuardedBuffer<Float>(overwritten: winograd.weightCount(pass))
      let scratch = GuardedBuffer<Float>(overwritten: winograd.forwardScratchCount(pass))
      arguments.out = transformed.pointer
      winograd.transformWeights(pass.resultSide, &arguments)
      winograd.forward(
        pass, item.samples, source.pointer, transformed.pointer, result.pointer, true, scratch.pointer)
      return (result.values, result.isWithinMargins && transformed.isWithinMargins && scratch.isWithinMargins)
    }
    let rowFactors = GuardedBuffer(rows(transposed ? outputFactor : inputFactor, transposed ? outputs : inputs))
    let columnFactors = GuardedBuffer(transposed ? inputFactor : outputFactor)
    let mixture = GuardedBuffer(kernelWeights)
    let scratch = GuardedBuffer<Float>(overwritten: winograd.forwardDynamicScratchCount(pass, item.samples))
    arguments.kernelWeights = UnsafePointer(mixture.pointer)
    arguments.rowFactor = UnsafePointer(rowFactors.pointer)
    arguments.columnFactor = UnsafePointer(columnFactors.pointer)
    winograd.forwardDynamic(pass, &arguments, source.pointer, result.pointer, false, scratch.pointer)
    return (result.values, result.isWithinMargins && scratch.isWithinMargins)
  }

  /// A factor of the rows times that of the taps, `[samples][taps][rows]`.
  private func rows(_ factor: [Float], _ count: Int) -> [Float] {
    (0..<item.samples).flatMap { sample in
      (0..<9).flatMap { tap in (0..<count).map { factor[sample * count + $0] * tapFactor[sample * 9 + tap] } }
    }
  }

  private func expect(_ found: [Float], _ expected: [Double], _ what: String) {
    let largest = expected.map(abs).max() ?? 0
    expectClose(
      found, expected, relative: 0, absolute: tolerance * largest,
      "\(what) of \(item.testDescription), tiles of \(geometry.resultSide)")
    // By lengths, as many channels as there are round no more than that.
    let squares = zip(found, expected).reduce(0.0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
    let length = expected.reduce(0.0) { $0 + $1 * $1 }.squareRoot()
    #expect(squares.squareRoot() <= 1e-5 * length, "\(what) of \(item.testDescription), by lengths")
  }

  // MARK: Checks

  func checkForward() {
    let found = convolve(geometry, transposed: false, source: x, resultCount: upstream.count)
    expect(found.values, expected().y, "the result")
    #expect(found.isWithinMargins)
  }

  func checkImageGradient() {
    let found = convolve(swapped, transposed: true, source: upstream, resultCount: x.count)
    expect(found.values, expected().dx, "the image's gradient")
    #expect(found.isWithinMargins)
  }

  func checkWeightGradient() {
    let expected = expected().dw
    let (image, gradient) = (GuardedBuffer(x), GuardedBuffer(upstream))
    var scratch = GuardedBuffer<Float>(overwritten: winograd.weightGradientScratchCount(geometry, item.samples))
    let dw = GuardedBuffer<Float>(overwritten: setCount)
    winograd.weightGradient(
      geometry, item.samples, image.pointer, gradient.pointer, dw.pointer, scratch.pointer)
    expect(dw.values, expected, "the weights' gradient")
    #expect(scratch.isWithinMargins)

    scratch = GuardedBuffer<Float>(overwritten: winograd.transformedGradientScratchCount(geometry, 1))
    let transformed = GuardedBuffer<Float>(overwritten: winograd.weightCount(geometry))
    for sample in 0..<item.samples {
      winograd.transformedGradient(
        geometry, 1, image.pointer + sample * inputs * pixels, gradient.pointer + sample * outputs * pixels,
        transformed.pointer, sample > 0, scratch.pointer)
    }
    winograd.finishGradient(geometry, transformed.pointer, dw.pointer)
    expect(dw.values, expected, "the gradient of the weights, sample by sample")
    #expect(dw.isWithinMargins && scratch.isWithinMargins && transformed.isWithinMargins)
  }
}
