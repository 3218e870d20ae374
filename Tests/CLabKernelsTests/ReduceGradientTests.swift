import CLabKernels
import Testing

@Suite struct ReduceGradientTests {
  /// Which operands are passed.
  struct Options {
    var upstreams: Int
    var hasAddend: Bool
    /// 0: saved, 1: recomputed, 2: recomputed with a residual, 3: with a scaled residual.
    var derivative: Int
    var normalized: Int
    var stores = true
    var isInPlace = false
    var passesCache = false
    var form = SourceForm.floats

    static let all: [Options] = {
      var result: [Options] = []
      for derivative in 0...3 {
        for normalized in 0...2 {
          for (upstreams, hasAddend) in [(0, true), (1, false), (1, true), (2, false), (2, true)] {
            for form in SourceForm.allCases {
              result.append(
                Options(
                  upstreams: upstreams, hasAddend: hasAddend, derivative: derivative, normalized: normalized, form: form
                ))
            }
          }
        }
      }
      result.append(Options(upstreams: 1, hasAddend: false, derivative: 1, normalized: 1, stores: false))
      result.append(Options(upstreams: 2, hasAddend: false, derivative: 0, normalized: 2, isInPlace: true))
      result.append(Options(upstreams: 1, hasAddend: false, derivative: 1, normalized: 1, passesCache: true))
      return result
    }()
  }

  @Test(arguments: Instructions.available, allActivations.map(\.rawValue))
  func matchesItsDefinition(on instructions: Instructions, activation raw: LabActivation.RawValue) throws {
    let kernels = try instructions.kernels
    for layout in BlockedLayout.shapes(block: kernels.block) {
      let data = GradientData(layout)
      for derivative in 0...3 {
        let differentiated = data.differentiated(LabActivation(rawValue: raw), derivative)
        for options in Options.all where options.derivative == derivative {
          data.check(kernels, differentiated, options)
        }
      }
    }
  }

  @Test(arguments: Instructions.available) func sumsLongPlanes(on instructions: Instructions) throws {
    let kernels = try instructions.kernels
    let data = GradientData(.longPlane(block: kernels.block))
    for form in SourceForm.allCases {
      let options = Options(upstreams: 2, hasAddend: true, derivative: 0, normalized: 2, form: form)
      for activation in [LAB_ACTIVATION_RELU, LAB_ACTIVATION_SILU] {
        data.check(kernels, data.differentiated(activation, 0), options)
      }
    }
  }
}

/// Random operands of one shape and the check of one combination of options.
private struct GradientData {
  let layout: BlockedLayout
  let upstream1, upstream2, recomputed, other, x2, residual: [Float]
  let scale, shift, residualScale, residualShift, mean1, mean2, addend: [Float]

  init(_ layout: BlockedLayout) {
    var random = TestRandom("gradient \(layout)")
    self.layout = layout
    upstream1 = random.shortFloats(layout.flatCount)
    upstream2 = random.shortFloats(layout.flatCount)
    recomputed = random.shortFloats(layout.flatCount, scale: 3)
    other = random.shortFloats(layout.flatCount, scale: 3)
    x2 = random.shortFloats(layout.flatCount)
    residual = random.shortFloats(layout.flatCount, scale: 3)
    scale = random.floats(layout.channels, scale: 2)
    shift = random.floats(layout.channels)
    residualScale = random.floats(layout.channels, scale: 2)
    residualShift = random.floats(layout.channels)
    mean1 = random.floats(layout.channels)
    mean2 = random.floats(layout.channels)
    addend = random.floats(layout.samples * layout.channels)
  }

  /// The first normalised tensor: what is recomputed, as in most networks, or another one.
  private func x1(_ derivative: Int) -> [Float] { derivative == 2 ? other : recomputed }

  /// An activation's saved tensor and derivatives, which many combinations of options share.
  struct Differentiated {
    var activation: LabActivation
    var saved: [Float]
    var derivatives: [Double]
  }

  func differentiated(_ activation: LabActivation, _ derivative: Int) -> Differentiated {
    let isFromOutput = differentiatesFromOutput(activation)
    let operands = operands(derivative).map {
      derivative == 0 && !isFromOutput ? Double(BFloat16Tests.nearest(Float($0))) : $0
    }
    return Differentiated(
      activation: activation,
      saved: operands.map {
        Float(isFromOutput ? referenceActivation(activation, $0) : $0)
      },
      derivatives: operands.map { referenceDerivative(activation, $0) })
  }

  /// The activation's operands, from which the saved tensor is made or which are recomputed.
  private func operands(_ derivative: Int) -> [Double] {
    var result = [Double](repeating: 0, count: layout.flatCount)
    layout.forEach { n, c, p in
      let i = layout.flatIndex(n, c, p)
      var v = Double(recomputed[i]) * Double(scale[c]) + Double(shift[c])
      if derivative == 2 { v += Double(residual[i]) }
      if derivative == 3 { v += Double(residualScale[c]) * Double(residual[i]) + Double(residualShift[c]) }
      result[i] = v
    }
    return result
  }

  func gradients(_ derivatives: [Double], _ options: ReduceGradientTests.Options) -> [Double] {
    var result = [Double](repeating: 0, count: layout.flatCount)
    layout.forEach { n, c, p in
      let i = layout.flatIndex(n, c, p)
      var upstream = options.hasAddend ? 0.25 * Double(addend[n * layout.channels + c]) : 0
      if options.upstreams >= 1 { upstream += Double(upstream1[i]) }
      if options.upstreams >= 2 { upstream += Double(upstream2[i]) }
      result[i] = upstream * derivatives[i]
    }
    return result
  }

  func check(_ kernels: LabKernels, _ differentiated: Differentiated, _ options: ReduceGradientTests.Options) {
    let activation = differentiated.activation
    let operands = [upstream1, upstream2, differentiated.saved, recomputed, residual, x2, other]
    let blocked = operands.map { SourceOperand(layout.blocked($0)) }
    let tables = [scale, shift, residualScale, residualShift, mean1, mean2].map { GuardedBuffer(layout.table($0)) }
    let addendBuffer = GuardedBuffer(layout.table(addend, rows: layout.samples))
    // What goes past the caches has to be aligned.
    let own = GuardedBuffer<Float>(
      [Float](repeating: .nan, count: layout.blockedCount), isAligned: options.passesCache)
    let g = options.isInPlace ? blocked[1].floats : own
    let initial = [Double](repeating: 0.5, count: layout.paddedChannels)
    let sums = (0..<3).map { _ in GuardedBuffer(initial) }

    var arguments = LabReduceGradient()
    arguments.extent = layout.extent
    arguments.activation = activation
    if options.upstreams >= 1 { arguments.upstream1 = blocked[0].source(options.form) }
    if options.upstreams >= 2 { arguments.upstream2 = blocked[1].source(options.form) }
    if options.hasAddend {
      arguments.addend = UnsafePointer(addendBuffer.pointer)
      arguments.addendFactor = 0.25
    }
    if options.derivative == 0 {
      arguments.saved = blocked[2].source(differentiatesFromOutput(activation) ? .floats : options.form)
    } else {
      arguments.savedX = blocked[3].source(options.form)
      arguments.savedScale = UnsafePointer(tables[0].pointer)
      arguments.savedShift = UnsafePointer(tables[1].pointer)
    }
    if options.derivative >= 2 { arguments.savedResidual = blocked[4].source(options.form) }
    if options.derivative == 3 {
      arguments.savedResidualScale = UnsafePointer(tables[2].pointer)
      arguments.savedResidualShift = UnsafePointer(tables[3].pointer)
    }
    if options.stores { arguments.g = g.pointer }
    arguments.passesCache = options.passesCache
    arguments.sum = sums[0].pointer
    if options.normalized >= 1 {
      arguments.x1 = blocked[options.derivative == 2 ? 6 : 3].source(options.form)
      arguments.mean1 = UnsafePointer(tables[4].pointer)
      arguments.sumX1 = sums[1].pointer
    }
    if options.normalized >= 2 {
      arguments.x2 = blocked[5].source(options.form)
      arguments.mean2 = UnsafePointer(tables[5].pointer)
      arguments.sumX2 = sums[2].pointer
    }
    kernels.reduceGradient(&arguments)

    func what() -> String { describe(layout, activation.rawValue, options) }
    let gradients = gradients(differentiated.derivatives, options)
    if options.stores { expectClose(g.values, layout.blocked(gradients), absolute: 4e-6, what()) }
    checkSums(sums.map(\.values), gradients, options, what())
    #expect(g.isWithinMargins && sums.allSatisfy { $0.isWithinMargins })
  }

  func checkSums(
    _ actual: [[Double]], _ gradients: [Double], _ options: ReduceGradientTests.Options,
    _ what: @autoclosure () -> String
  ) {
    let x1 = x1(options.derivative)
    var expected = [[Double]](repeating: [Double](repeating: 0, count: layout.channels), count: 3)
    layout.forEach { n, c, p in
      let i = layout.flatIndex(n, c, p)
      expected[0][c] += gradients[i]
      if options.normalized >= 1 { expected[1][c] += gradients[i] * (Double(x1[i]) - Double(mean1[c])) }
      if options.normalized >= 2 { expected[2][c] += gradients[i] * (Double(x2[i]) - Double(mean2[c])) }
    }
    for (actual, expected) in zip(actual, expected) {
      let padded = layout.paddedResult(expected).map { $0 + 0.5 }
      expectClose(actual, padded, absolute: 1e-5 * Double(layout.pixels * layout.samples), what())
    }
  }
}
