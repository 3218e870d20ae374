import CLabKernels
import Testing

@Suite struct DynamicTests {
  /// Kernels and attentions of a dynamic convolution in whole blocks.
  struct Weights {
    let kernels, outputBlocks, inputBlocks, taps, samples, block, groups: Int
    let isDepthWise: Bool
    let w, kernelWeights, rows, columns: [Float]

    var outputs: Int { outputBlocks * block }
    var inputs: Int { inputBlocks * block }
    /// Rows of a matrix.
    var matrixRows: Int { isDepthWise ? 1 : block }
    var matrixCount: Int { outputBlocks * (inputBlocks / groups) * taps * matrixRows * block }
    /// A gap between kernels shows that the stride is respected.
    var kernelStride: Int { matrixCount + 5 }
    var extent: LabDynamicExtent {
      LabDynamicExtent(
        kernels: kernels, outputBlocks: outputBlocks, inputBlocks: inputBlocks, taps: taps, kernelStride: kernelStride,
        groups: groups, isDepthWise: isDepthWise)
    }

    /// Rows are inputs; transposed, they are outputs.
    init(_ shape: Shape, block: Int, transposed: Bool) {
      let (outputBlocks, inputBlocks) = (shape.outputBlocks, shape.inputBlocks)
      let (kernels, taps, samples) = (shape.kernels, shape.taps, shape.samples)
      (groups, isDepthWise) = (shape.groups, shape.isDepthWise)
      self.kernels = kernels
      self.outputBlocks = outputBlocks
      self.inputBlocks = inputBlocks
      self.taps = taps
      self.samples = samples
      self.block = block
      var random = TestRandom("dynamic")
      let (outputs, inputs) = (outputBlocks * block, inputBlocks * block)
      let setCount = shape.isDepthWise ? outputs * taps : outputs * (inputs / groups) * taps
      w = random.floats(kernels * (setCount + 5))
      kernelWeights = random.floats(samples * kernels)
      rows = random.floats(samples * taps * (shape.isDepthWise ? 1 : transposed ? outputs : inputs))
      columns = random.floats(samples * (transposed ? inputs : outputs))
    }

    /// Visits each matrix element with its index, its tap and its row and column among all channels.
    func forEach(transposed: Bool, _ body: (_ index: Int, _ tap: Int, _ row: Int, _ column: Int) -> Void) {
      for index in 0..<matrixCount {
        let matrix = index / (matrixRows * block)
        let inputsPerGroup = inputBlocks / groups
        let outputBlock = matrix / taps / inputsPerGroup
        let inputBlock = outputBlock * groups / outputBlocks * inputsPerGroup + matrix / taps % inputsPerGroup
        let row = isDepthWise ? 0 : (transposed ? outputBlock : inputBlock) * block + index / block % block
        let column = (transposed ? inputBlock : outputBlock) * block + index % block
        body(index, matrix % taps, row, column)
      }
    }
  }

  struct Shape: CustomStringConvertible {
    let kernels, outputBlocks, inputBlocks, taps, samples: Int
    var groups = 1
    var isDepthWise = false

    var description: String {
      "\(kernels) kernels, \(inputBlocks) to \(outputBlocks) blocks, \(taps) taps, \(samples) samples, \(groups) groups"
    }
  }

  static let shapes = [
    Shape(kernels: 1, outputBlocks: 1, inputBlocks: 2, taps: 9, samples: 1),
    Shape(kernels: 1, outputBlocks: 2, inputBlocks: 1, taps: 1, samples: 3),
    Shape(kernels: 4, outputBlocks: 2, inputBlocks: 2, taps: 9, samples: 3),
    Shape(kernels: 4, outputBlocks: 1, inputBlocks: 1, taps: 9, samples: 4),
    Shape(kernels: 3, outputBlocks: 1, inputBlocks: 2, taps: 4, samples: 2),
    Shape(kernels: 6, outputBlocks: 2, inputBlocks: 1, taps: 3, samples: 3),
    Shape(kernels: 4, outputBlocks: 4, inputBlocks: 2, taps: 9, samples: 3, groups: 2),
    Shape(kernels: 2, outputBlocks: 3, inputBlocks: 6, taps: 1, samples: 2, groups: 3),
    Shape(kernels: 1, outputBlocks: 2, inputBlocks: 2, taps: 9, samples: 1, groups: 2, isDepthWise: true),
    Shape(kernels: 4, outputBlocks: 3, inputBlocks: 3, taps: 9, samples: 3, groups: 3, isDepthWise: true),
    Shape(kernels: 6, outputBlocks: 1, inputBlocks: 1, taps: 1, samples: 2, groups: 1, isDepthWise: true),
  ]

  @Test(arguments: Instructions.available, shapes.indices)
  func aggregatesKernels(on instructions: Instructions, case index: Int) throws {
    let kernels = try instructions.kernels
    let shape = Self.shapes[index]
    for transposed in [false, true] {
      let weights = Weights(shape, block: kernels.block, transposed: transposed)
      for (hasKernels, hasRows, hasColumns) in [(true, true, true), (false, true, false), (true, false, true)] {
        checkAggregate(
          kernels, weights, transposed: transposed, hasKernels: hasKernels, hasRows: hasRows, hasColumns: hasColumns)
      }
    }
  }

  func checkAggregate(
    _ kernels: LabKernels, _ weights: Weights, transposed: Bool, hasKernels: Bool, hasRows: Bool, hasColumns: Bool
  ) {
    let rowCount = weights.isDepthWise ? 1 : transposed ? weights.outputs : weights.inputs
    let columnCount = transposed ? weights.inputs : weights.outputs
    let stride = weights.matrixCount + 3
    var expected = [Double](repeating: 4, count: weights.samples * stride)
    for sample in 0..<weights.samples {
      weights.forEach(transposed: transposed) { index, tap, row, column in
        var sum = 0.0
        for k in 0..<weights.kernels {
          let factor = hasKernels ? Double(weights.kernelWeights[sample * weights.kernels + k]) : 1
          sum += factor * Double(weights.w[k * weights.kernelStride + index])
        }
        if hasRows { sum *= Double(weights.rows[(sample * weights.taps + tap) * rowCount + row]) }
        if hasColumns { sum *= Double(weights.columns[sample * columnCount + column]) }
        expected[sample * stride + index] = sum
      }
    }
    let buffers = [weights.w, weights.kernelWeights, weights.rows, weights.columns].map { GuardedBuffer($0) }
    let out = GuardedBuffer([Float](repeating: 4, count: expected.count))
    var arguments = LabAggregate()
    arguments.extent = weights.extent
    arguments.samples = weights.samples
    arguments.transposed = transposed
    arguments.w = UnsafePointer(buffers[0].pointer)
    arguments.kernelWeights = hasKernels ? UnsafePointer(buffers[1].pointer) : nil
    arguments.rowFactor = hasRows ? UnsafePointer(buffers[2].pointer) : nil
    arguments.columnFactor = hasColumns ? UnsafePointer(buffers[3].pointer) : nil
    arguments.out = out.pointer
    arguments.outStride = stride
    kernels.aggregateSamples(&arguments)
    func what() -> String { describe(weights.extent, transposed, hasKernels, hasRows, hasColumns) }
    expectClose(out.values, expected, absolute: 1e-6, what())
    #expect(out.isWithinMargins)

    let single = GuardedBuffer<Float>(overwritten: weights.matrixCount)
    kernels.aggregate(
      weights.extent, transposed, arguments.w, arguments.kernelWeights, arguments.rowFactor, arguments.columnFactor,
      single.pointer)
    expectClose(single.values, Array(expected[..<weights.matrixCount]), absolute: 1e-6, what())
    #expect(single.isWithinMargins)
  }

  @Test(arguments: Instructions.available, shapes.indices)
  func contractsGradients(on instructions: Instructions, case index: Int) throws {
    let kernels = try instructions.kernels
    let weights = Weights(Self.shapes[index], block: kernels.block, transposed: false)
    for hasFactors in [true, false] { Contraction(weights, hasFactors: hasFactors).check(kernels) }
  }
}

/// The expected results of a contraction, and its check.
private struct Contraction {
  let weights: DynamicTests.Weights
  let hasFactors: Bool
  let gradient: [Float]
  let gradientStride: Int
  /// The kernels' gradient is accumulated into this.
  let initial: Float = 0.5
  var dw, sumInput, sumOutput, sumTap, dKernel: [Double]

  init(_ weights: DynamicTests.Weights, hasFactors: Bool) {
    self.weights = weights
    self.hasFactors = hasFactors
    gradientStride = weights.matrixCount + 7
    var random = TestRandom("contract")
    gradient = random.floats(weights.samples * gradientStride)
    dw = [Double](repeating: Double(initial), count: weights.kernels * weights.kernelStride)
    sumInput = [Double](repeating: 0, count: weights.samples * weights.inputs)
    sumOutput = [Double](repeating: 0, count: weights.samples * weights.outputs)
    sumTap = [Double](repeating: 0, count: weights.samples * weights.taps)
    dKernel = [Double](repeating: 0, count: weights.samples * weights.kernels)
    for sample in 0..<weights.samples { add(sample) }
  }

  private mutating func add(_ sample: Int) {
    let (w, kernels) = (weights, weights.kernels)
    var elements: [(index: Int, tap: Int, row: Int, column: Int)] = []
    w.forEach(transposed: false) { elements.append(($0, $1, $2, $3)) }
    for (index, tap, row, column) in elements {
      var scaled = Double(gradient[sample * gradientStride + index])
      if hasFactors {
        scaled *=
          Double(w.rows[(sample * w.taps + tap) * (w.isDepthWise ? 1 : w.inputs) + row])
          * Double(w.columns[sample * w.outputs + column])
      }
      var sum = 0.0
      for k in 0..<kernels {
        let factor = hasFactors ? Double(w.kernelWeights[sample * kernels + k]) : 1
        let own = Double(w.w[k * w.kernelStride + index])
        sum += factor * own
        dw[k * w.kernelStride + index] += factor * scaled
        dKernel[sample * kernels + k] += scaled * own
      }
      sumInput[sample * w.inputs + row] += scaled * sum
      sumOutput[sample * w.outputs + column] += scaled * sum
      sumTap[sample * w.taps + tap] += scaled * sum
    }
  }

  func check(_ kernels: LabKernels) {
    let buffers = [weights.w, gradient, weights.kernelWeights, weights.rows, weights.columns].map { GuardedBuffer($0) }
    for (samples, wantsSums) in [(weights.samples, true), (weights.samples, false), (1, true)] {
      let dw = GuardedBuffer([Float](repeating: initial, count: self.dw.count))
      let expectedSums = [sumInput, sumOutput, sumTap, dKernel].map {
        Array($0[..<($0.count / weights.samples * samples)])
      }
      let sums = expectedSums.map { GuardedBuffer<Float>(overwritten: $0.count) }
      let vectors = (weights.isDepthWise ? 0 : weights.inputs) + weights.taps + weights.kernels
      let scratch = GuardedBuffer<Float>(overwritten: samples * vectors * weights.block)
      var arguments = LabContract()
      arguments.extent = weights.extent
      arguments.samples = samples
      arguments.w = UnsafePointer(buffers[0].pointer)
      arguments.gradient = UnsafePointer(buffers[1].pointer)
      arguments.gradientStride = gradientStride
      arguments.kernelWeights = hasFactors ? UnsafePointer(buffers[2].pointer) : nil
      arguments.rowFactor = hasFactors ? UnsafePointer(buffers[3].pointer) : nil
      arguments.columnFactor = hasFactors ? UnsafePointer(buffers[4].pointer) : nil
      arguments.dw = dw.pointer
      arguments.sumInput = wantsSums && !weights.isDepthWise ? sums[0].pointer : nil
      arguments.sumOutput = wantsSums ? sums[1].pointer : nil
      arguments.sumTap = wantsSums ? sums[2].pointer : nil
      arguments.dKernel = wantsSums ? sums[3].pointer : nil
      arguments.scratch = scratch.pointer
      if samples == 1 {
        kernels.contract(
          arguments.extent, arguments.w, arguments.gradient, arguments.kernelWeights, arguments.rowFactor,
          arguments.columnFactor, arguments.dw, arguments.sumInput, arguments.sumOutput, arguments.sumTap,
          arguments.dKernel, arguments.scratch)
      } else {
        kernels.contractSamples(&arguments)
      }
      func what() -> String { describe(weights.extent, hasFactors) }
      if samples == weights.samples { expectClose(dw.values, self.dw, absolute: 1e-6, what()) }
      if wantsSums {
        for (sum, expected) in zip(sums, expectedSums).dropFirst(weights.isDepthWise ? 1 : 0) {
          expectClose(sum.values, expected, absolute: 2e-4, what())
        }
      }
      #expect(dw.isWithinMargins && scratch.isWithinMargins && sums.allSatisfy { $0.isWithinMargins })
    }
  }
}
