import BackendReference
import Foundation
import LabCore
import LabGraph
import LabNN
import LabZoo
import Testing

/// Networks against the same ones in PyTorch, and in its libraries torchvision and timm: names, shapes, counts, logits.
@Suite struct NetworkTests {
  /// One case of `networks.json` or `libraries.json`.
  private struct Case: Decodable {
    var name: String
    var configuration: JSONValue
    var image: [Int]
    var classes: Int
    var temperature: Double
    var tensors: [String: [Int]]
    var parameters: Int
    var logits: [Double]
  }

  @Test func networksAreThoseOfPyTorch() throws {
    let cases = try Fixture.json("networks").decode([Case].self)
    #expect(cases.count >= 28)
    for fixture in cases { try check(fixture) }
  }

  @Test func networksAreThoseOfTorchvisionAndTimm() throws {
    let cases = try Fixture.json("libraries").decode([Case].self)
    #expect(cases.count >= 22)
    for fixture in cases { try check(fixture) }
  }

  private func check(_ fixture: Case) throws {
    let name = fixture.name
    let configuration = try ModelConfiguration(configuration: fixture.configuration)
    let network = try EvaluationGraph(
      model: configuration.model(classCount: fixture.classes),
      batch: ClassificationBatch(size: 2, image: Shape(fixture.image), classCount: fixture.classes))
    let shapes = Dictionary(
      uniqueKeysWithValues: network.declarations.map { ($0.name, $0.shape.dimensions) })
    #expect(shapes == fixture.tensors, "\(name)")
    #expect(network.declarations.parameterCount == fixture.parameters, "\(name)")

    let session = ReferenceBackend().makeReferenceSession()
    let executable = try session.compileReference(network.graph)
    for declaration in network.declarations {
      try session.write(declaration.name, Self.values(declaration.name, declaration.shape))
    }
    let images = Self.numbers("images", 2 * fixture.image.reduce(1, *)).map { Float(2 * $0 - 1) }
    _ = try executable.floatInput("images").update(fromContentsOf: images)
    // A position where the temperature, falling from 30 to 1, has the fixture's value.
    let step = Int(((30 - fixture.temperature) / 29 * 1000).rounded())
    try executable.fill(network.scalars, at: StepPosition(step: step, stepsPerEpoch: 100, totalSteps: 5000))
    try executable.run()
    let logits = try executable.readDouble("logits")
    let scale = fixture.logits.reduce(0) { max($0, abs($1)) }
    for (index, pair) in zip(logits, fixture.logits).enumerated() {
      #expect(abs(pair.0 - pair.1) < 1e-6 * scale, "\(name), logit \(index): \(pair.0) instead of \(pair.1)")
    }
  }

  /// Numbers in [0, 1) that look random; the fixture's script has the same formula.
  private static func numbers(_ name: String, _ count: Int) -> [Double] {
    let phase = Double(name.utf8.reduce(0) { $0 + Int($1) })
    return (0..<count).map { (abs(sin(phase + 12.9898 * Double($0))) * 43758.5453).truncatingRemainder(dividingBy: 1) }
  }

  private static func values(_ name: String, _ shape: Shape) -> [Float] {
    let numbers = numbers(name, shape.elementCount)
    let last = name.split(separator: ".").last.map(String.init) ?? name
    switch last {
    case "running_var": return numbers.map { Float(0.5 + $0) }
    case "running_mean", "bias": return numbers.map { Float(0.4 * $0 - 0.2) }
    case _ where shape.rank == 1: return numbers.map { Float(0.75 + 0.5 * $0) }
    default:
      let fan = shape.dimensions.dropFirst(shape.rank == 5 ? 2 : 1).reduce(1, *)
      return numbers.map { Float((2 * $0 - 1) * (6 / Double(fan)).squareRoot()) }
    }
  }
}
