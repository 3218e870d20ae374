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

  /// timm calls the parameters of MobileNetV2 otherwise.
  @Test func weightsByTimmsNamesFit() throws {
    let cases = try Fixture.json("timm_names").decode([Case].self)
    #expect(cases.map(\.name) == ["mobilenetv2_025", "mobilenetv2_050", "mobilenetv2_075", "mobilenetv2_100"])
    for fixture in cases {
      #expect(fixture.tensors.count == 262)
      try check(fixture)
    }
  }

  @Test func timmsNamesAreKnownWithAPrefixAndInNoOtherNetwork() throws {
    let network = MobileNetV2()
    let names = ["conv_stem.weight", "bn1.num_batches_tracked", "blocks.3.2.bn3.running_var", "classifier.bias"]
    let own = [
      "features.0.0.weight", "features.0.1.num_batches_tracked", "features.9.conv.3.running_var", "classifier.1.bias",
    ]
    #expect(network.ownNames(of: names) == Dictionary(uniqueKeysWithValues: zip(names, own)))
    for prefix in ["module.", "module._orig_mod."] {
      #expect(
        network.ownNames(of: names.map { prefix + $0 } + ["epoch"])
          == Dictionary(uniqueKeysWithValues: zip(names, own).map { (prefix + $0, prefix + $1) }))
    }
    // EfficientNet has squeeze and excitation, MobileNetV3 a bias at the end, others more blocks.
    for other in [
      "blocks.1.0.se.conv_reduce.weight", "conv_head.conv.weight", "blocks.7.0.conv_pw.weight", "blocks.2.3.bn1.weight",
      "blocks.0.0.conv_pwl.weight", "blocks.1.0.conv_exp.weight", "norm_head.weight",
    ] {
      #expect(network.ownNames(of: names + [other]) == [:], "\(other)")
    }
    #expect(network.ownNames(of: own) == [:])
    #expect(try ModelConfiguration(configuration: [:]).architecture.component.ownNames(of: names) == [:])
  }

  /// torchvision renamed the layers of its DenseNets, but not in its files of weights.
  @Test func earlierNamesOfDenseNetsAreKnown() throws {
    let names = [
      "features.denseblock3.denselayer12.norm.2.running_mean", "features.denseblock1.denselayer1.conv.1.weight",
      "features.denseblock1.denselayer1.conv2.weight", "features.transition1.norm.weight", "features.norm5.bias",
    ]
    let own = [
      names[0]: "features.denseblock3.denselayer12.norm2.running_mean",
      names[1]: "features.denseblock1.denselayer1.conv1.weight",
    ]
    #expect(ImageNetDenseNet().ownNames(of: names) == own)
    let prefixed = Dictionary(uniqueKeysWithValues: own.map { ("module." + $0, "module." + $1) })
    #expect(ImageNetDenseNet().ownNames(of: names.map { "module." + $0 }) == prefixed)
    let network = try ModelConfiguration(configuration: ["architecture": "densenet121"])
    let declared = try EvaluationGraph(
      model: network.model(classCount: 2), batch: ClassificationBatch(size: 1, image: [3, 32, 32], classCount: 2)
    ).declarations.map(\.name)
    #expect(Set(own.values).isSubset(of: declared) && names.dropFirst(2).allSatisfy(declared.contains))
  }

  private func check(_ fixture: Case) throws {
    let name = fixture.name
    let configuration = try ModelConfiguration(configuration: fixture.configuration)
    let network = try EvaluationGraph(
      model: configuration.model(classCount: fixture.classes),
      batch: ClassificationBatch(size: 2, image: Shape(fixture.image), classCount: fixture.classes))
    let shapes = Dictionary(
      uniqueKeysWithValues: network.declarations.map { ($0.name, $0.shape.dimensions) })
    let ownNames = configuration.architecture.component.ownNames(of: fixture.tensors.keys.sorted())
    let expected = Dictionary(fixture.tensors.map { (ownNames[$0] ?? $0, $1) }) { first, _ in first }
    #expect(expected.count == fixture.tensors.count)
    #expect(shapes == expected, "\(name)")
    #expect(network.declarations.parameterCount == fixture.parameters, "\(name)")

    // A network of full size has its names and shapes checked only.
    guard !fixture.logits.isEmpty else { return }
    let session = ReferenceBackend().makeReferenceSession()
    let executable = try session.compileReference(network.graph)
    let foreignNames = Dictionary(ownNames.map { ($1, $0) }) { first, _ in first }
    for declaration in network.declarations {
      let foreignName = foreignNames[declaration.name] ?? declaration.name
      try session.write(declaration.name, Self.values(foreignName, declaration.shape))
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
