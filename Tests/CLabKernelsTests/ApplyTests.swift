import CLabKernels
import Testing

@Suite struct ApplyTests {
  /// What is passed besides the operand.
  struct Options {
    var isScaled: Bool
    /// 0: none, 1: plain, 2: scaled.
    var residual: Int
    var hasAddend: Bool
    var stores: Bool
    var pools: Bool
    var isInPlace = false
    var form = SourceForm.floats

    static let all: [Options] = {
      var result: [Options] = []
      for isScaled in [false, true] {
        for residual in 0...2 {
          for hasAddend in [false, true] {
            for (stores, pools) in [(true, false), (false, true), (true, true)] {
              for form in SourceForm.allCases {
                result.append(
                  Options(
                    isScaled: isScaled, residual: residual, hasAddend: hasAddend, stores: stores, pools: pools,
                    form: form))
              }
            }
          }
        }
      }
      result.append(
        Options(isScaled: true, residual: 1, hasAddend: false, stores: true, pools: true, isInPlace: true))
      return result
    }()
  }

  @Test(arguments: Instructions.available, allActivations.map(\.rawValue))
  func matchesItsDefinition(on instructions: Instructions, activation raw: LabActivation.RawValue) throws {
    let kernels = try instructions.kernels
    for layout in BlockedLayout.shapes(block: kernels.block) {
      let data = ApplyData(layout)
      for options in Options.all {
        data.check(kernels, LabActivation(rawValue: raw), options)
      }
    }
  }

  @Test(arguments: Instructions.available) func sumsLongPlanes(on instructions: Instructions) throws {
    let kernels = try instructions.kernels
    let data = ApplyData(.longPlane(block: kernels.block))
    for form in SourceForm.allCases {
      let options = Options(isScaled: true, residual: 1, hasAddend: true, stores: true, pools: true, form: form)
      for activation in [LAB_ACTIVATION_RELU, LAB_ACTIVATION_SILU] { data.check(kernels, activation, options) }
    }
  }

  @Test(arguments: Instructions.available) func propagatesNaN(on instructions: Instructions) throws {
    let kernels = try instructions.kernels
    let layout = BlockedLayout(samples: 1, channels: kernels.block, pixels: 5, block: kernels.block)
    for activation in allActivations {
      let x = GuardedBuffer([Float](repeating: .nan, count: layout.blockedCount))
      var arguments = LabApply()
      arguments.extent = layout.extent
      arguments.x = LabSource(floats: x.pointer, bfloat16: nil)
      arguments.activation = activation
      arguments.y = x.pointer
      kernels.apply(&arguments)
      #expect(x.values.allSatisfy { $0.isNaN })
    }
  }
}

/// Random operands of one shape and the check of one combination of options.
private struct ApplyData {
  let layout: BlockedLayout
  let x, residual, scale, shift, residualScale, residualShift, addend: [Float]

  init(_ layout: BlockedLayout) {
    var random = TestRandom("apply \(layout)")
    self.layout = layout
    x = random.shortFloats(layout.flatCount, scale: 3)
    residual = random.shortFloats(layout.flatCount, scale: 3)
    scale = random.floats(layout.channels, scale: 2)
    shift = random.floats(layout.channels)
    residualScale = random.floats(layout.channels, scale: 2)
    residualShift = random.floats(layout.channels)
    addend = random.floats(layout.samples * layout.channels)
  }

  func expected(_ activation: LabActivation, _ options: ApplyTests.Options) -> [Double] {
    var result = [Double](repeating: 0, count: layout.flatCount)
    layout.forEach { n, c, p in
      let i = layout.flatIndex(n, c, p)
      var v = Double(x[i])
      if options.isScaled { v = v * Double(scale[c]) + Double(shift[c]) }
      if options.residual == 1 { v += Double(residual[i]) }
      if options.residual == 2 { v += Double(residualScale[c]) * Double(residual[i]) + Double(residualShift[c]) }
      if options.hasAddend { v += Double(addend[n * layout.channels + c]) }
      result[i] = referenceActivation(activation, v)
    }
    return result
  }

  func check(_ kernels: LabKernels, _ activation: LabActivation, _ options: ApplyTests.Options) {
    let xOperand = SourceOperand(layout.blocked(x))
    let residualOperand = SourceOperand(layout.blocked(residual))
    let tables = [scale, shift, residualScale, residualShift].map { GuardedBuffer(layout.table($0)) }
    let addendBuffer = GuardedBuffer(layout.table(addend, rows: layout.samples))
    let y = options.isInPlace ? xOperand.floats : GuardedBuffer<Float>(overwritten: layout.blockedCount)
    let pooled = GuardedBuffer<Float>(overwritten: layout.samples * layout.paddedChannels)
    var arguments = LabApply()
    arguments.extent = layout.extent
    arguments.x = xOperand.source(options.form)
    arguments.activation = activation
    if options.isScaled {
      arguments.scale = UnsafePointer(tables[0].pointer)
      arguments.shift = UnsafePointer(tables[1].pointer)
    }
    if options.residual > 0 { arguments.residual = residualOperand.source(options.form) }
    if options.residual == 2 {
      arguments.residualScale = UnsafePointer(tables[2].pointer)
      arguments.residualShift = UnsafePointer(tables[3].pointer)
    }
    if options.hasAddend { arguments.addend = UnsafePointer(addendBuffer.pointer) }
    if options.stores { arguments.y = y.pointer }
    if options.pools { arguments.pooled = pooled.pointer }
    kernels.apply(&arguments)

    let expected = expected(activation, options)
    func what() -> String { describe(layout, activation.rawValue, options) }
    if options.stores { expectClose(y.values, layout.blocked(expected), what()) }
    if options.pools {
      var sums = [Double](repeating: 0, count: layout.samples * layout.channels)
      layout.forEach { n, c, p in sums[n * layout.channels + c] += expected[layout.flatIndex(n, c, p)] }
      let padded = layout.paddedResult(sums, rows: layout.samples)
      expectClose(pooled.values, padded, absolute: 3e-6 * Double(layout.pixels), what())
    }
    #expect(y.isWithinMargins && pooled.isWithinMargins)
  }
}
