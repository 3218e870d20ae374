import BackendOneDNN
import LabCore
import LabGraph
import LabTesting
import Testing

/// Training steps that keep activations and weights in bfloat16.
@Suite struct PrecisionTests {
  /// Eight significant bits; an activation of a hundred that changes its sign is a tenth of a gradient's length.
  private static let tolerance = BackendConformance.Tolerance(results: 0.03, gradients: 0.25, isOfLengths: true)

  @Test(arguments: OperationSamples.all + OperationSamples.grid + OperationSamples.patterns, [1, 3])
  func agreesWithTheReferenceWithinItsDigits(_ sample: OperationSample, threads: Int) throws {
    try BackendConformance.check(
      sample, on: OneDNNBackend(), options: SessionOptions(threads: threads, precision: .bfloat16),
      tolerance: Self.tolerance)
  }

  /// Operands are rounded before they are multiplied, by units that this processor may have to imitate.
  @Test(
    arguments: OperationSamples.convolutions + OperationSamples.patterns,
    BFloat16Products.allCases.filter { $0 != .none && OneDNNBackend.instructionSet == "avx512" })
  func productsOfBFloat16AgreeWithTheReference(_ sample: OperationSample, _ products: BFloat16Products) throws {
    try BackendConformance.check(
      sample, on: OneDNNBackend(bfloat16Products: products), options: SessionOptions(threads: 2, precision: .bfloat16),
      tolerance: Self.tolerance)
  }

  /// Whatever multiplies them, the products of numbers with eight digits are exact, and so are small sums.
  @Test(.enabled(if: OneDNNBackend.instructionSet == "avx512"))
  func productsOfBFloat16AreThoseOfSinglePrecision() throws {
    func gradient(_ products: BFloat16Products) throws -> (y: [Float], gradient: [Float]) {
      let session = try OneDNNBackend(bfloat16Products: products).makeSession(SessionOptions(precision: .bfloat16))
      let program = try session.compile(product(trains: true))
      try session.write("weight", (0..<256).map { Float($0 * 29 % 31) / 16 - 1 })
      let x = try program.floatInput("x")
      for i in x.indices { x[i] = Float(i * 37 % 101) / 128 }
      try program.run()
      return (try program.read("y"), try program.read("gradient"))
    }
    let (single, rounded) = (try gradient(.none), try gradient(.tiles))
    #expect(single.y == rounded.y)
    #expect(Difference(rounded.gradient.map(Double.init), single.gradient.map(Double.init), tolerance: 0.01) == nil)
    #expect(rounded.gradient != single.gradient, "upstream gradients are rounded too")
  }

  /// A 1×1 convolution, and a step's gradient of its weights or nothing.
  private func product(trains: Bool) throws -> Graph {
    let builder = GraphBuilder()
    let y = try convolution(of: builder.input("x", [4, 16, 4, 4]), builder)
    try builder.output("y", y.y)
    if trains { try addGradient(of: y.y, with: y.weight, builder) }
    return builder.graph
  }

  /// The same, normalised, as a training step.
  private func normalizedProduct() throws -> Graph {
    let builder = GraphBuilder()
    let y = try convolution(of: builder.input("x", [4, 16, 4, 4]), builder)
    let vectors = try ["scale", "shift", "mean", "variance"].map {
      try builder.variable(named: $0, [16], role: .buffer)
    }
    let normalized = try builder.apply(BatchNormalization(epsilon: 0), [y.y] + vectors)[0]
    try builder.output("normalized", normalized)
    try addGradient(of: normalized, with: y.weight, builder)
    return builder.graph
  }

  private func convolution(of x: Tensor, _ builder: GraphBuilder) throws -> (y: Tensor, weight: Tensor) {
    let weight = try builder.variable(named: "weight", [16, 16, 1, 1], role: .parameter)
    return (try builder.apply(Convolution2D(ConvolutionGeometry(stride: 1, padding: 0)), x, weight), weight)
  }

  private func addGradient(of y: Tensor, with weight: Tensor, _ builder: GraphBuilder) throws {
    let loss = try builder.apply(Reduction(.mean, axes: [0, 1, 2, 3]), builder.apply(Activation(.silu), y))
    try builder.output("gradient", #require(builder.gradients(of: loss, withRespectTo: [weight])[0]))
  }

  @Test func stepsMultiplyRoundedWeightsAndKeepTheVariables() throws {
    let session = try OneDNNBackend().makeSession(SessionOptions(precision: .bfloat16))
    let step = try session.compile(product(trains: true))
    let prediction = try session.compile(product(trains: false))
    let weight: Float = 1 + 0x1p-10
    try session.write("weight", [Float](repeating: weight, count: 256))
    for (program, expected) in [(step, Float(16)), (prediction, 16 * weight)] {
      let x = try program.floatInput("x")
      for i in x.indices { x[i] = 1 }
      try program.run()
      #expect(try program.read("y").allSatisfy { $0 == expected })
    }
    #expect(try session.read("weight").allSatisfy { $0 == weight })
  }

  /// Small steps add up, which they would not in eight digits.
  @Test func updatesReachTheVariablesInFull() throws {
    let builder = GraphBuilder()
    let (y, weight) = try convolution(of: builder.input("x", [4, 16, 4, 4]), builder)
    let loss = try builder.apply(Reduction(.mean, axes: [0, 1, 2, 3]), y)
    let gradient = try #require(builder.gradients(of: loss, withRespectTo: [weight])[0])
    let (rate, scale) = (try builder.input("rate", .scalar), try builder.input("scale", .scalar))
    let update = SGDUpdate(momentum: 0, isNesterov: false, weightDecay: 0)
    try builder.update(weight, to: builder.apply(update, weight, gradient, rate, scale))
    let session = try OneDNNBackend().makeSession(SessionOptions(precision: .bfloat16))
    let program = try session.compile(builder.graph)
    let before: Float = 1 + 0x1p-12
    try session.write("weight", [Float](repeating: before, count: 256))
    try program.set("rate", 0x1p-10)
    try program.set("scale", 1)
    let x = try program.floatInput("x")
    for i in x.indices { x[i] = 1 }
    for _ in 0..<4 { try program.run() }
    // The mean's gradient is a sixteenth for each weight.
    let after = before - 4 * 0x1p-14
    #expect(try session.read("weight").allSatisfy { abs($0 - after) < 1e-7 })
  }

  /// Statistics are those of the numbers that are kept, and normalising them is exact to single precision.
  @Test func imagesThatAreKeptAreRoundedForAllTheirReaders() throws {
    let session = try OneDNNBackend().makeSession(SessionOptions(precision: .bfloat16))
    let program = try session.compile(normalizedProduct())
    try session.write("weight", (0..<256).map { $0 % 17 == 0 ? 1 : 0 })
    try session.write("scale", [Float](repeating: 1, count: 16))
    let x = try program.floatInput("x")
    for i in x.indices { x[i] = 1 + Float(i * 37 % 101) / 97 }
    try program.run()
    let kept = x.map { Float(bitPattern: ($0.bitPattern + 0x7fff + ($0.bitPattern >> 16 & 1)) & 0xffff_0000) }
    #expect(zip(kept, x).contains { $0 != $1 })
    let normalized = try program.read("normalized")
    for channel in 0..<16 {
      let places = (0..<4).flatMap { sample in (0..<16).map { (sample * 16 + channel) * 16 + $0 } }
      let mean = places.reduce(0) { $0 + Double(kept[$1]) } / 64
      let variance = places.reduce(0) { $0 + (Double(kept[$1]) - mean) * (Double(kept[$1]) - mean) } / 64
      for place in places {
        #expect(abs(Double(normalized[place]) - (Double(kept[place]) - mean) / variance.squareRoot()) < 2e-6)
      }
    }
  }

  @Test func keptImagesTakeHalfTheMemory() throws {
    func plannedBytes(_ precision: Precision) throws -> Int {
      let builder = GraphBuilder()
      var x = try builder.input("x", [16, 16, 32, 32])
      let weights = try (0..<6).map { try builder.variable(named: "w\($0)", [16, 16, 1, 1], role: .parameter) }
      let vectors = try ["scale", "shift", "mean", "variance"].map {
        try builder.variable(named: $0, [16], role: .buffer)
      }
      for weight in weights {
        x = try builder.apply(Convolution2D(ConvolutionGeometry(stride: 1, padding: 0)), x, weight)
        x = try builder.apply(Activation(.relu), builder.apply(BatchNormalization(), [x] + vectors)[0])
      }
      let loss = try builder.apply(Reduction(.mean, axes: [0, 1, 2, 3]), x)
      let gradients = try builder.gradients(of: loss, withRespectTo: weights)
      for (index, gradient) in gradients.enumerated() { try builder.output("gradient\(index)", #require(gradient)) }
      return try OneDNNBackend().makeSession(SessionOptions(precision: precision)).compile(builder.graph).plannedBytes
    }
    let (full, half) = (try plannedBytes(.float32), try plannedBytes(.bfloat16))
    #expect(Double(half) < 0.65 * Double(full), "\(half) of \(full) bytes")
  }
}
