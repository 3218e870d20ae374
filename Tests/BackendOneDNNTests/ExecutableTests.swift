import BackendOneDNN
import Dispatch
import Foundation
import LabCore
import LabGraph
import Testing

/// What a session and its programs promise beside numbers.
@Suite struct ExecutableTests {
  private func network(batch: Int) throws -> Graph {
    let builder = GraphBuilder()
    let x = try builder.input("x", [batch, 16, 8, 8])
    let weight = try builder.scope("conv") { try builder.variable("weight", [32, 16, 3, 3]) }
    let y = try builder.apply(Convolution2D(ConvolutionGeometry(stride: 1, padding: 1)), x, weight)
    try builder.output("y", builder.apply(Reduction(.mean, axes: [2, 3]), builder.apply(Activation(.relu), y)))
    return builder.graph
  }

  @Test func variablesKeepTheirNumbersThroughTheirLayout() throws {
    let session = try OneDNNBackend().makeSession(SessionOptions())
    _ = try session.compile(network(batch: 2))
    let numbers = (0..<(32 * 16 * 9)).map { Float($0) * 0.25 - 100 }
    try session.write("conv.weight", numbers)
    #expect(try session.read("conv.weight") == numbers)
  }

  @Test func programsOfASessionShareVariables() throws {
    let session = try OneDNNBackend().makeSession(SessionOptions())
    let small = try session.compile(network(batch: 1))
    let large = try session.compile(network(batch: 3))
    try session.write("conv.weight", [Float](repeating: 0.5, count: 32 * 16 * 9))
    for program in [small, large] {
      let x = try program.floatInput("x")
      for i in x.indices { x[i] = Float(i % 7) }
      try program.run()
    }
    #expect(try Array(large.read("y").prefix(32)) == small.read("y"))
  }

  @Test func unknownNamesAreRefusedWithTheNearestOne() throws {
    let session = try OneDNNBackend().makeSession(SessionOptions())
    let program = try session.compile(network(batch: 1))
    #expect(
      throws: GraphError.name(
        subject: "conv.weigth", problem: "no compiled graph has this variable (did you mean \"conv.weight\"?)")
    ) { try session.read("conv.weigth") }
    #expect(throws: GraphError.self) { try program.floatInput("z") }
    #expect(throws: GraphError.self) { try program.integerInput("x") }
    #expect(throws: GraphError.self) { try program.read("x") }
    #expect(throws: GraphError.self) { try session.write("conv.weight", [1, 2]) }
  }

  @Test func memoryIsPlannedBeforeItIsUsedAndSharedByTheDead() throws {
    let session = try OneDNNBackend().makeSession(SessionOptions())
    // Transformed weights last the whole step, since images share them: layers without windows show the activations alone.
    func chain(_ length: Int) throws -> Graph {
      let builder = GraphBuilder()
      var x = try builder.input("x", [8, 16, 16, 16])
      for layer in 0..<length {
        let weight = try builder.variable(named: "w\(length).\(layer)", [16, 16, 1, 1], role: .parameter)
        x = try builder.apply(Convolution2D(ConvolutionGeometry(stride: 1, padding: 0)), x, weight)
        x = try builder.apply(Activation(.relu), x)
      }
      try builder.output("y", x)
      return builder.graph
    }
    let short = try session.compile(chain(2)).plannedBytes
    let long = try session.compile(chain(12)).plannedBytes
    let tensor = 8 * 16 * 16 * 16 * 4
    #expect(short > tensor)
    #expect(long - short < 2 * tensor, "ten more layers need no more memory than two")
  }

  @Test func profilesCountTimeByKind() throws {
    let session = try OneDNNBackend().makeSession(SessionOptions(profiles: true))
    let program = try session.compile(network(batch: 4))
    try program.run()
    let profile = program.takeProfile().byKind
    #expect(profile[.convolutionForward] ?? 0 > 0)
    #expect(program.takeProfile().isEmpty)
  }

  /// Their arithmetic would take a hundred times as long.
  @Test(arguments: [1, 3])
  func denormalNumbersCountAsZeroWithinAStepOnly(threads: Int) throws {
    // A new thread has the mode of the one that makes it, so the pool's are made before the step.
    DispatchQueue.concurrentPerform(iterations: 64) { _ in usleep(2_000) }
    let builder = GraphBuilder()
    let x = try builder.input("x", [48, 16, 64, 64])
    try builder.output("y", builder.apply(Unary(.affine(factor: 1e10, offset: 0)), x))
    let program = try OneDNNBackend().makeSession(SessionOptions(threads: threads)).compile(builder.graph)
    let numbers = try program.floatInput("x")
    for i in numbers.indices { numbers[i] = i % 2 == 0 ? .leastNormalMagnitude / 128 : 1e-20 }
    try program.run()
    let y = try program.read("y")
    #expect(y.indices.allSatisfy { (y[$0] == 0) == ($0 % 2 == 0) })
    // The caller's own arithmetic is as before.
    #expect(numbers[0] * Float(threads) != 0)
  }
}
