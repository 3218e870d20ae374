import BackendOneDNN
import Foundation
import LabCore
import LabGraph
import LabTesting
import Testing

/// Methods that are chosen by measurement: each computes the same, and a choice once made stays.
@Suite struct CalibrationTests {
  private static let samples =
    OperationSamples.convolutions + OperationSamples.all.filter { $0.operation.hasPrefix("dynamic_conv2d") }

  /// Whatever was measured on some machine is right on this one.
  @Test(arguments: samples, ConvolutionMethod.allCases)
  func everyMethodAgreesWithTheReference(_ sample: OperationSample, _ method: ConvolutionMethod) throws {
    let backend = OneDNNBackend()
    let graph = try SampleGraph(
      sample, differentiating: sample.operands.indices.filter { sample.operands[$0].isDifferentiable })
    let session = try backend.makeSession(SessionOptions())
    _ = try session.compile(graph.graph)
    let choices = session.choices.mapValues { _ in method.rawValue }
    guard !choices.isEmpty else { return }
    let repeating = backend.repeating(choices)
    // As a share of the result's length: large tiles of many channels lose a digit more in single results.
    try BackendConformance.check(
      sample, on: repeating, options: SessionOptions(algorithms: .calibrated),
      tolerance: .init(results: 1e-5, gradients: 1e-5, isOfLengths: true))
    let calibrated = try repeating.makeSession(SessionOptions(algorithms: .calibrated))
    _ = try calibrated.compile(graph.graph)
    #expect(calibrated.choices == choices)
    #expect(backend.calibration.activity.measuredCount == 0)
  }

  private func convolution(batch: Int) throws -> Graph {
    let builder = GraphBuilder()
    let x = try builder.input("x", [batch, 32, 12, 12])
    let weight = try builder.variable(named: "weight", [16, 32, 3, 3], role: .parameter)
    try builder.output("y", builder.apply(Convolution2D(ConvolutionGeometry(stride: 1, padding: 1)), x, weight))
    return builder.graph
  }

  private func choices(_ calibration: Calibration, _ graph: Graph, threads: Int = 1) throws -> [String: String] {
    let session = try OneDNNBackend(calibration: calibration).makeSession(
      SessionOptions(threads: threads, algorithms: .calibrated))
    _ = try session.compile(graph)
    return session.choices
  }

  @Test func passesAreMeasuredOnceAndKept() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "calibration-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "machine.json").path
    let (first, other) = (Calibration(path: path), Calibration(path: path))
    let chosen = try choices(first, convolution(batch: 8))
    #expect(Array(chosen.keys) == ["conv2d (8×32×12×12, 16×32×3×3) → (8×16×12×12)"])
    #expect(try choices(first, convolution(batch: 8)) == chosen)
    #expect(first.activity.measuredCount == 1)
    #expect(first.activity.problem == nil)
    #expect(try choices(other, convolution(batch: 8)) == chosen)
    #expect(other.activity.measuredCount == 0)
    // Another batch, or another number of threads, is another question.
    _ = try choices(other, convolution(batch: 9))
    _ = try choices(other, convolution(batch: 8), threads: 2)
    #expect(other.activity.measuredCount == 2)
  }

  /// A step in reduced precision multiplies otherwise than a prediction of the same shapes.
  @Test func stepsInReducedPrecisionAreAnotherQuestion() throws {
    let pass = "conv2d (2×32×12×12, 16×32×3×3) → (2×16×12×12)"
    let calibration = Calibration()
    let session = try OneDNNBackend(calibration: calibration).makeSession(
      SessionOptions(algorithms: .calibrated, precision: .bfloat16))
    _ = try session.compile(convolution(batch: 2))
    #expect(Array(session.choices.keys) == [pass])
    let sample = OperationSample(
      Convolution2D(ConvolutionGeometry(stride: 1, padding: 1)), "a step",
      [.tensor([2, 32, 12, 12]), .parameter([16, 32, 3, 3])])
    _ = try session.compile(SampleGraph(sample, differentiating: [0, 1]).graph)
    #expect(session.choices.count == 4 && session.choices[pass + ", bf16"] != nil)
    #expect(session.choices.keys.filter { $0.hasSuffix(", bf16") }.count == 3)
    #expect(calibration.activity.measuredCount == 4)
  }

  /// Whatever this process measures: two of the three methods would be another choice.
  @Test(arguments: ConvolutionMethod.allCases)
  func whatAnotherProcessKeptMeanwhileCounts(_ method: ConvolutionMethod) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "calibration-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "machine.json")
    let calibration = Calibration(path: file.path)
    _ = try choices(calibration, convolution(batch: 8))
    let key = "conv2d (9×32×12×12, 16×32×3×3) → (9×16×12×12)"
    var content = try JSONValue(parsing: String(contentsOf: file, encoding: .utf8))
    content["passes"]?[key] = ["method": .string(method.rawValue), "milliseconds": ["direct": 1]]
    try Data(content.prettyText().utf8).write(to: file)
    #expect(try choices(calibration, convolution(batch: 9)) == [key: method.rawValue])
    #expect(calibration.activity.measuredCount == 2)
  }

  @Test func aDamagedFileIsReplacedAndAnUnwritableOneTold() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "calibration-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "machine.json").path
    try Data("{\"passes\": {".utf8).write(to: URL(fileURLWithPath: path))
    let calibration = Calibration(path: path)
    let chosen = try choices(calibration, convolution(batch: 8))
    #expect(calibration.activity.problem == nil)
    #expect(try choices(Calibration(path: path), convolution(batch: 8)) == chosen)

    // Below a file there is no folder.
    let homeless = Calibration(path: path + "/machine.json")
    let key = try #require(chosen.keys.first)
    #expect(try choices(homeless, convolution(batch: 8)).keys.contains(key))
    #expect(homeless.activity.problem == "cannot create \(path): Not a directory")
    #expect(try choices(homeless, convolution(batch: 8)).keys.contains(key))
    #expect(homeless.activity.measuredCount == 1)
    // What could not be kept is kept with the next pass that can.
    try FileManager.default.removeItem(atPath: path)
    _ = try choices(homeless, convolution(batch: 9))
    #expect(homeless.activity.problem == nil)
    #expect(Calibration(path: path + "/machine.json").methodCount == 2)
  }
}
