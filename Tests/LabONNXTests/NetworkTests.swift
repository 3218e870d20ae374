import BackendReference
import Foundation
import LabCore
import LabGraph
import LabNN
import LabONNX
import LabZoo
import Testing

/// Networks as ONNX Runtime computes them; what is registered is covered as it is registered.
@Suite struct NetworkTests {
  /// A small network for each architecture with each choice of each option, by the architecture's name.
  static func members(of architecture: String) throws -> [ZooMember] {
    let type = try #require(ArchitectureFamily.types.first { "\($0)" == architecture })
    var members = [type.miniature]
    for (key, values) in Self.options { for value in values { members.append(type.miniature.with(key, value)) } }
    return members
  }

  private static func choices<Component>(_ registry: Registry<Component>) -> [JSONValue] {
    registry.names.map { .string($0) }
  }

  private static let options: [(key: String, values: [JSONValue])] = [
    ("conv", choices(ConvolutionFamily.registry)), ("downsample", choices(DownsamplingFamily.registry)),
    ("attention", choices(AttentionFamily.registry)), ("fusion", choices(FusionFamily.registry)),
    ("norm", ["batch", ["name": "group", "groups": 1]]), ("activation", ["silu"]), ("dropout", [0.5]),
    ("stem", ["cifar", "spd"]),
  ]

  /// One architecture with all pairs of a convolution and a down-sampling or attention, and every other choice.
  private static let pairs: [ZooMember] = {
    let base = ZooMember.miniature(["depth": 8, "width": 4])
    var members: [ZooMember] = []
    for convolution in choices(ConvolutionFamily.registry) {
      for (key, values) in options[1...2] {
        for value in values { members.append(base.with("conv", convolution).with(key, value)) }
      }
    }
    for (key, variants) in [
      ("conv", ConvolutionFamily.variants), ("downsample", DownsamplingFamily.variants),
      ("attention", AttentionFamily.variants),
    ] {
      for configuration in variants.flatMap(\.partConfigurations) { members.append(base.with(key, configuration)) }
    }
    for value in FusionFamily.variants.flatMap({ $0.aliases.keys.sorted() }) {
      members.append(base.with("fusion", .string(value)))
    }
    for function in Activation.Function.allCases { members.append(base.with("activation", .string(function.rawValue))) }
    members.append(base.with("architecture", ["name": "resnet", "shortcut": "identity"]))
    for activation in ["channel", "spatial"] {
      let architecture: JSONValue = [
        "name": "residual-attention", "modules": [1], "mask_activation": .string(activation), "residual": false,
      ]
      members.append(ResidualAttentionNetwork.miniature.with("architecture", architecture))
    }
    var straightened = base
    straightened.image = [2, 28, 28]
    for value in choices(FrontendFamily.registry) { members.append(straightened.with("frontend", value)) }
    return members
  }()

  @Test(
    .enabled(if: ONNXRuntime.python != nil, ONNXRuntime.reason), arguments: ArchitectureFamily.types.map { "\($0)" })
  func everyArchitectureComputesTheSame(_ architecture: String) throws {
    try check(Self.members(of: architecture))
  }

  @Test(.enabled(if: ONNXRuntime.python != nil, ONNXRuntime.reason))
  func everyPairOfPartsComputesTheSame() throws { try check(Self.pairs) }

  /// Compares batches of one and of seven images.
  private func check(_ members: [ZooMember]) throws {
    var cases = try ModelCases()
    for member in members {
      guard let model = try SmallModel(member) else { continue }
      let logits = try model.logits(batchSize: 7)
      func run(_ count: Int) -> (inputs: [ModelCases.Tensor], outputs: [ModelCases.Tensor]) {
        let shape = member.image
        let images = Array(model.images(7).prefix(count * shape.elementCount))
        return (
          [.init(name: "images", shape: [count] + shape.dimensions, numbers: .floats(images))],
          [
            .init(
              name: "logits", shape: [count, member.classCount],
              numbers: .floats(Array(logits.prefix(count * member.classCount))))
          ]
        )
      }
      // What is sampled between pixels of noise is as exact as coordinates in single precision are.
      let isSampled = member.configuration["frontend"] != nil
      try cases.add(
        "\(member.configuration.canonicalText)", model.export().data, runs: [run(1), run(7)],
        tolerance: isSampled ? 5e-5 : 1e-5)
    }
    #expect(cases.count >= min(members.count, 10))
    try cases.check()
  }
}

extension ZooMember {
  /// The member with another value of a key.
  fileprivate func with(_ key: String, _ value: JSONValue) -> ZooMember {
    var varied = self
    varied.configuration[key] = value
    return varied
  }
}

/// A network with numbers for its weights.
struct SmallModel {
  let member: ZooMember
  let configuration: ModelConfiguration
  let weights: [NamedTensor]
  private let position = StepPosition(step: 3, stepsPerEpoch: 10, totalSteps: 100)

  /// Creates the network of a member; nil where its architecture has no place for an option and says so.
  init?(_ member: ZooMember) throws {
    self.member = member
    configuration = try ModelConfiguration(configuration: member.configuration)
    do {
      let graph = try Self.graph(configuration, member, 1)
      weights = graph.declarations.map { NamedTensor($0.name, $0.shape, Self.values($0)) }
    } catch ModelError.option(_, let problem) where problem.hasPrefix("the architecture") {
      return nil
    }
  }

  func graph(_ batchSize: Int) throws -> EvaluationGraph { try Self.graph(configuration, member, batchSize) }

  private static func graph(
    _ configuration: ModelConfiguration, _ member: ZooMember, _ batchSize: Int
  ) throws -> EvaluationGraph {
    try EvaluationGraph(
      model: configuration.model(classCount: member.classCount),
      batch: ClassificationBatch(size: batchSize, image: member.image, classCount: member.classCount))
  }

  /// Exports the network.
  func export(intake: ImageIntake? = nil, metadata: [String: String] = [:]) throws -> ONNXExport {
    let scalars = try graph(1).scalars.map { ($0.name, Float($0.value(at: position))) }
    return try ONNXExport(
      .init(
        input: "images", output: "logits", weights: weights, scalars: Dictionary(uniqueKeysWithValues: scalars),
        intake: intake, metadata: metadata)
    ) { try graph($0).graph }
  }

  /// Numbers for images.
  func images(_ count: Int) -> [Float] {
    let stream = RandomStream(seed: 3, name: "images")
    return (0..<count * member.image.elementCount).map { Float(stream.normal(UInt64($0))) }
  }

  /// What the reference interpreter computes of images.
  func logits(batchSize: Int, images: [Float]? = nil) throws -> [Float] {
    let graph = try graph(batchSize)
    let session = ReferenceBackend().makeReferenceSession()
    let executable = try session.compileReference(graph.graph)
    for tensor in weights { try session.write(tensor.name, tensor.floats ?? []) }
    _ = try executable.floatInput("images").update(fromContentsOf: images ?? self.images(batchSize))
    try executable.fill(graph.scalars, at: position)
    try executable.run()
    return try executable.read("logits")
  }

  /// Numbers that keep what a network computes in bounds, with statistics that are not those of a start.
  private static func values(_ declaration: ParameterDeclaration) -> [Float] {
    let stream = RandomStream(seed: 5, name: declaration.name)
    let numbers = (0..<declaration.shape.elementCount).map { Float(stream.uniform(UInt64($0))) }
    if declaration.name.hasSuffix("running_var") { return numbers.map { 0.5 + $0 } }
    if declaration.name.hasSuffix("running_mean") || declaration.name.hasSuffix("bias") {
      return numbers.map { 0.4 * $0 - 0.2 }
    }
    guard declaration.shape.rank > 1 else { return numbers.map { 0.75 + 0.5 * $0 } }
    // Several kernels add up to one.
    let fan = declaration.shape.dimensions.dropFirst().reduce(1, *)
    let kernelCount = declaration.shape.rank == 5 ? declaration.shape[0] * declaration.shape[0] : 1
    let bound = (6 * Float(declaration.shape.rank == 5 ? declaration.shape[1] : 1) / Float(fan * kernelCount))
      .squareRoot()
    return numbers.map { (2 * $0 - 1) * bound }
  }
}
