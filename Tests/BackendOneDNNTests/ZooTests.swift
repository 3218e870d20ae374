import BackendOneDNN
import BackendReference
import LabCore
import LabGraph
import LabNN
import LabZoo
import Testing

/// A training step of every architecture and block against the reference interpreter.
@Suite struct ZooTests {
  private static let members: [ZooMember] = {
    let base = ZooMember.miniature(["depth": 8, "width": 8], extent: 28)
    func each<Component>(_ key: String, _ registry: Registry<Component>) -> [ZooMember] {
      registry.names.map {
        var member = base
        member.name = "\(key) \($0)"
        member.configuration[key] = .string($0)
        return member
      }
    }
    var all = ArchitectureFamily.types.map { type in
      var member = type.miniature
      member.name = type.variant.name
      return member
    }
    all += each("attention", AttentionFamily.registry) + each("downsample", DownsamplingFamily.registry)
    all += each("fusion", FusionFamily.registry) + each("frontend", FrontendFamily.registry)
    for (key, variants) in [
      ("conv", ConvolutionFamily.variants), ("downsample", DownsamplingFamily.variants),
      ("attention", AttentionFamily.variants), ("fusion", FusionFamily.variants),
    ] {
      all += variants.flatMap(\.partConfigurations).map {
        var member = base
        member.name = "\($0)"
        member.configuration[key] = $0
        return member
      }
    }
    let masks: [[String: JSONValue]] = [
      ["mask": false], ["residual": false], ["mask_activation": "channel"], ["mask_activation": "spatial"],
    ]
    all += masks.map { options in
      var member = ResidualAttentionNetwork.miniature
      member.name = "\(options)"
      for (key, value) in options { member.configuration["architecture"]?[key] = value }
      return member
    }
    return all
  }()

  @Test(arguments: members) func trainingStepsAreThoseOfTheReference(_ member: ZooMember) throws {
    let model = try ModelConfiguration(configuration: member.configuration).model(classCount: 3)
    let batch = ClassificationBatch(size: 4, image: member.image, classCount: 3)
    let step = try TrainingGraph(
      model: model, batch: batch, optimization: OptimizationConfiguration(), seed: 5,
      options: TrainingGraph.Options(reportsGradientNorm: true))
    func results(_ backend: any Backend) throws -> (logits: [Float], loss: Float, norm: Float) {
      let session = try backend.makeSession(SessionOptions())
      let executable = try session.compile(step.graph)
      // At the identity, where a transformer starts, it reads pixels at their centres, where slopes are two; not so here.
      let turned = ["frontend.fc_loc.2.bias": [0.9137, 0.1071, 0.0531, -0.0937, 0.9511, 0.0217] as [Float]]
      let replaced = turned.filter { name, _ in step.declarations.contains { $0.name == name } }
      for (name, values) in step.initialValues(seed: 5, replacing: replaced) { try session.write(name, values) }
      let stream = RandomStream(seed: 5, name: "images")
      let images = try executable.floatInput("images")
      for index in images.indices { images[index] = Float(stream.normal(UInt64(index))) }
      _ = try executable.integerInput("labels").update(fromContentsOf: [0, 1, 2, 0])
      try executable.fill(step.scalars, at: StepPosition(step: 0, stepsPerEpoch: 10, totalSteps: 20))
      try executable.run()
      return (
        try executable.read("logits"), try executable.read("loss")[0], try executable.read("gradient_norm")[0]
      )
    }
    let (ours, reference) = (try results(OneDNNBackend()), try results(ReferenceBackend()))
    let scale = reference.logits.reduce(0) { max($0, abs($1)) }
    for (a, b) in zip(ours.logits, reference.logits) { #expect(abs(a - b) <= 1e-3 * scale, "\(a) instead of \(b)") }
    #expect(abs(ours.loss - reference.loss) <= 1e-3 * max(1, abs(reference.loss)))
    #expect(abs(ours.norm - reference.norm) <= 1e-2 * reference.norm, "\(ours.norm) instead of \(reference.norm)")
  }

  @Test func normalizationsAroundDepthWiseConvolutionsNeedNoPassOfTheirOwn() throws {
    let model = try ModelConfiguration(configuration: MobileNetV2.miniature.configuration).model(classCount: 3)
    let batch = ClassificationBatch(size: 2, image: [3, 16, 16], classCount: 3)
    let step = try TrainingGraph(model: model, batch: batch, optimization: OptimizationConfiguration(), seed: 5)
    let session = try OneDNNBackend().makeSession(SessionOptions(profiles: true))
    let executable = try session.compile(step.graph)
    for (name, values) in step.initialValues(seed: 5) { try session.write(name, values) }
    try executable.floatInput("images").update(repeating: 0.5)
    _ = try executable.integerInput("labels").update(fromContentsOf: [0, 1])
    try executable.fill(step.scalars, at: StepPosition(step: 0, stepsPerEpoch: 10, totalSteps: 20))
    try executable.run()
    let keys = executable.takeProfile().keys
    func kinds(_ path: String) -> Set<KernelKind> { Set(keys.filter { $0.path == path }.map(\.kind)) }
    // The convolution itself, whose backward pass is one kernel, and what the statistics of its result give afterwards.
    #expect(kinds("features.2.conv.1.0") == [.convolutionForward, .convolutionInputGradient])
    // The others around it are what they were.
    #expect(kinds("features.2.conv.2").contains(.normalization))
  }

  @Test(arguments: ["mobilenet_v2", "resnet50"])
  func expansionsThatAreComputedAgainAreNotKept(_ architecture: String) throws {
    let configuration: JSONValue = ["architecture": .string(architecture), "width": 16, "stem": "cifar", "dropout": 0]
    let model = try ModelConfiguration(configuration: configuration).model(classCount: 3)
    let batch = ClassificationBatch(size: 8, image: [3, 32, 32], classCount: 3)
    let step = try TrainingGraph(
      model: model, batch: batch, optimization: OptimizationConfiguration(), seed: 5,
      options: TrainingGraph.Options(reportsGradientNorm: true))
    func results(_ recomputation: Recomputation) throws -> (logits: [Float], norm: Float, bytes: Int) {
      let session = try OneDNNBackend().makeSession(SessionOptions(recomputation: recomputation))
      let executable = try session.compile(step.graph)
      for (name, values) in step.initialValues(seed: 5) { try session.write(name, values) }
      let stream = RandomStream(seed: 5, name: "images")
      let images = try executable.floatInput("images")
      for index in images.indices { images[index] = Float(stream.normal(UInt64(index))) }
      _ = try executable.integerInput("labels").update(fromContentsOf: [0, 1, 2, 0, 1, 2, 0, 1])
      try executable.fill(step.scalars, at: StepPosition(step: 0, stepsPerEpoch: 10, totalSteps: 20))
      try executable.run()
      return (try executable.read("logits"), try executable.read("gradient_norm")[0], executable.plannedBytes)
    }
    let (kept, recomputed) = (try results(.normalizations), try results(.expansions))
    #expect(recomputed.logits == kept.logits)
    #expect(abs(recomputed.norm - kept.norm) <= 1e-5 * kept.norm, "\(recomputed.norm) instead of \(kept.norm)")
    // Half of what a light network keeps are expansions, a fourth of what bottlenecks keep.
    let share = Double(recomputed.bytes) / Double(kept.bytes)
    #expect(share < (architecture == "mobilenet_v2" ? 0.7 : 0.95), "\(share)")
  }

  @Test func activationsThatCanBeComputedAgainAreNotKept() throws {
    func plannedBytes(depth: Int) throws -> Int {
      let model = try ModelConfiguration(configuration: ["depth": .integer(depth)]).model(classCount: 10)
      let batch = ClassificationBatch(size: 32, image: [3, 32, 32], classCount: 10)
      let step = try TrainingGraph(model: model, batch: batch, optimization: OptimizationConfiguration(), seed: 0)
      return try OneDNNBackend().makeSession(SessionOptions()).compile(step.graph).plannedBytes
    }
    // A block keeps its convolutions' results and its own, but not what the second convolution reads.
    let stages = 32 * (16 * 32 * 32 + 32 * 16 * 16 + 64 * 8 * 8) * 4
    let growth = try plannedBytes(depth: 14) - plannedBytes(depth: 8)
    #expect(growth > 2 * stages && growth < 7 * stages / 2, "\(Double(growth) / Double(stages)) results a block")
  }
}
