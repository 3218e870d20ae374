import BackendReference
import LabCore
import LabGraph
import LabTesting
import Synchronization
import Testing

/// The checks that other tests rely on find what they are there to find.
@Suite struct CheckTests {
  @Test func aWrongGradientIsFound() throws {
    // The first graph, on which finite differences are taken, squares; the later ones do not.
    let builds = Atomic(0)
    let sample = OperationSample("unary", "two functions", [.tensor([5], .uniform(1, 2))]) { builder, operands in
      let isFirst = builds.add(1, ordering: .relaxed).oldValue == 0
      return [try builder.apply(Unary(isFirst ? .square : .exponential), operands[0])]
    }
    let error = #expect(throws: GradientCheck.Failure.self) { try GradientCheck.check(sample) }
    #expect(error?.description.hasPrefix("unary: two functions: the gradient of operand 0 along element 0 is") == true)
  }

  @Test func aSlightlyWrongGradientIsFound() throws {
    let builds = Atomic(0)
    let sample = OperationSample("unary", "two factors", [.tensor([5])]) { builder, operands in
      let isFirst = builds.add(1, ordering: .relaxed).oldValue == 0
      return [try builder.apply(Unary(.affine(factor: isFirst ? 1 : 1.00001, offset: 0)), operands[0])]
    }
    #expect(throws: GradientCheck.Failure.self) { try GradientCheck.check(sample) }
  }

  @Test func aMissingGradientIsFound() throws {
    let sample = OperationSample("unary", "unread", [.tensor([5]), .tensor([5])]) { builder, operands in
      [try builder.apply(Unary(.square), operands[0])]
    }
    let error = #expect(throws: GradientCheck.Failure.self) { try GradientCheck.check(sample) }
    #expect(error?.description == "unary: unread: operand 1 has no gradient")
  }

  /// The reference with a distortion of what it returns.
  private struct DistortedBackend: Backend {
    var distortion: @Sendable (_ name: String, _ numbers: [Float]) -> [Float]
    var name: String { "distorted" }
    func makeSession(_ options: SessionOptions) throws -> any Session {
      DistortedSession(distortion, ReferenceBackend().makeSession(options))
    }
  }

  private final class DistortedSession: Session {
    let distortion: @Sendable (String, [Float]) -> [Float]
    let base: any Session
    init(_ distortion: @escaping @Sendable (String, [Float]) -> [Float], _ base: any Session) {
      self.distortion = distortion
      self.base = base
    }
    var variables: [Variable] { base.variables }
    func compile(_ graph: Graph) throws -> any Executable { DistortedExecutable(distortion, try base.compile(graph)) }
    func read(_ name: String) throws -> [Float] { distortion(name, try base.read(name)) }
    func write(_ name: String, _ elements: [Float]) throws { try base.write(name, elements) }
  }

  private final class DistortedExecutable: Executable {
    let distortion: @Sendable (String, [Float]) -> [Float]
    let base: any Executable
    init(_ distortion: @escaping @Sendable (String, [Float]) -> [Float], _ base: any Executable) {
      self.distortion = distortion
      self.base = base
    }
    var plannedBytes: Int { base.plannedBytes }
    var variableBytes: Int { base.variableBytes }
    func floatInput(_ name: String) throws -> UnsafeMutableBufferPointer<Float> { try base.floatInput(name) }
    func integerInput(_ name: String) throws -> UnsafeMutableBufferPointer<Int32> { try base.integerInput(name) }
    func run() throws { try base.run() }
    func read(_ name: String) throws -> [Float] { distortion(name, try base.read(name)) }
    func takeProfile() -> [ProfileKey: Double] { base.takeProfile() }
  }

  private func conformance(
    _ distortion: @escaping @Sendable (_ name: String, _ numbers: [Float]) -> [Float]
  ) throws {
    let sample = try #require(OperationSamples.all.first { $0.operation == "batch_norm" })
    try BackendConformance.check(sample, on: DistortedBackend(distortion: distortion))
  }

  @Test func anUndistortedBackendConforms() throws {
    try conformance { $1 }
  }

  @Test(arguments: ["result0", "gradient0", "gradient2", "operand3"])
  func oneWrongElementIsFound(_ wrong: String) throws {
    let error = #expect(throws: BackendConformance.Failure.self) {
      try conformance { name, numbers in
        guard name == wrong else { return numbers }
        var numbers = numbers
        numbers[numbers.count - 1] += 0.01
        return numbers
      }
    }
    #expect(error?.description.contains(wrong) == true)
  }

  @Test func anElementThatIsNoNumberIsFound() throws {
    #expect(throws: BackendConformance.Failure.self) {
      try conformance { name, numbers in name == "result0" ? [.nan] + numbers.dropFirst() : numbers }
    }
  }

  @Test func runsThatDifferInTheirLastBitAreFound() throws {
    let reads = Atomic(0)
    let error = #expect(throws: BackendConformance.Failure.self) {
      try conformance { name, numbers in
        reads.add(1, ordering: .relaxed).oldValue == 0 ? [numbers[0].nextUp] + numbers.dropFirst() : numbers
      }
    }
    #expect(error?.description.hasSuffix("differs between two runs") == true)
  }

  @Test func differencesAreMeasuredAgainstTheLargestValue() {
    #expect(Difference([100, 0.001], [100, 0], tolerance: 1e-5) == nil)
    #expect(Difference([100, 0.002], [100, 0], tolerance: 1e-5)?.position == 1)
    #expect(Difference([.nan], [.nan], tolerance: 1) != nil)
    #expect(Difference([1, 2], [1, 2], tolerance: 0) == nil)
    #expect(abs(Difference.largest([3, -4.4], [3, -4]).relative - 0.1) < 1e-12)
  }

  @Test func goldenChecksInsistOnTheParametersNames() throws {
    let error = #expect(throws: GoldenFile.Failure.self) {
      try GoldenCheck.check("op/conv1x1", in: .operators(), on: ReferenceBackend()) { builder, x in
        let weight = try builder.variable(named: "kernel", [24, 16, 1, 1], role: .parameter)
        return try builder.apply(Convolution2D(ConvolutionGeometry(stride: 1, padding: 0)), x, weight)
      }
    }
    #expect(error?.description == "op/conv1x1: the variables are [\"kernel\"] instead of [\"bias\", \"weight\"]")
  }

  @Test func goldenChecksFindAWrongResult() throws {
    let error = #expect(throws: GoldenFile.Failure.self) {
      try GoldenCheck.check("op/silu", in: .operators(), on: ReferenceBackend()) { builder, x in
        try builder.apply(Activation(.gelu), x)
      }
    }
    #expect(error?.description.hasPrefix("op/silu: output is") == true)
  }

  @Test func goldenTrainingFindsAWrongRate() throws {
    let golden = try GoldenTraining("static_sgd_cross_entropy")
    let net = GoldenNet(golden)
    let error = #expect(throws: GoldenFile.Failure.self) {
      try golden.check(
        on: ReferenceBackend(), training: net.trainingGraph(), evaluation: net.evaluationGraph()
      ) { executable, _ in try executable.set("rate", 0.0501) }
    }
    #expect(error?.description.contains("after 1 steps") == true)
  }

  @Test func missingFixturesAreNamed() {
    let error = #expect(throws: GoldenFile.Failure.self) { try GoldenFile("golden-nothing") }
    #expect(error?.description == "the fixture golden-nothing.safetensors is missing")
  }
}
