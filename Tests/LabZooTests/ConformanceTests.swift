import BackendReference
import LabCore
import LabGraph
import LabNN
import LabZoo
import Testing

/// What every registered architecture, convolution and block has to do; new entries are covered as they are registered.
@Suite struct ConformanceTests {
  /// A small network for each architecture, and with each choice of each option in turn.
  static let members: [ZooMember] = {
    func choices<Component>(_ registry: Registry<Component>) -> [JSONValue] { registry.names.map { .string($0) } }
    let options: [(key: String, values: [JSONValue])] = [
      ("conv", choices(ConvolutionFamily.registry)), ("downsample", choices(DownsamplingFamily.registry)),
      ("attention", choices(AttentionFamily.registry)), ("fusion", choices(FusionFamily.registry)),
      ("norm", ["batch", ["name": "group", "groups": 1]]), ("activation", ["silu"]), ("dropout", [0.5]),
      ("stem", ["cifar", "spd"]),
    ]
    var all: [ZooMember] = []
    func add(_ member: ZooMember, _ key: String, _ value: JSONValue) {
      var varied = member
      varied.configuration[key] = value
      varied.name = "\(key)=\(value)"
      all.append(varied)
    }
    for type in ArchitectureFamily.types {
      all.append(type.miniature)
      for (key, values) in options { for value in values { add(type.miniature, key, value) } }
    }
    // One architecture with all pairs of a convolution and a down-sampling or attention, and every other choice.
    let base = ZooMember.miniature(["depth": 8, "width": 4])
    for convolution in choices(ConvolutionFamily.registry) {
      var member = base
      member.configuration["conv"] = convolution
      for (key, values) in options[1...2] { for value in values { add(member, key, value) } }
    }
    for (key, variants) in [
      ("conv", ConvolutionFamily.variants), ("downsample", DownsamplingFamily.variants),
      ("attention", AttentionFamily.variants), ("fusion", FusionFamily.variants),
    ] {
      for configuration in variants.flatMap(\.partConfigurations) { add(base, key, configuration) }
    }
    for value in FusionFamily.variants.flatMap({ $0.aliases.keys.sorted() }) {
      add(base, "fusion", .string(value))
    }
    for function in Activation.Function.allCases { add(base, "activation", .string(function.rawValue)) }
    add(base, "architecture", ["name": "resnet", "shortcut": "identity"])
    all += Self.architectureParts
    var straightened = base
    straightened.image = [2, 28, 28]
    for value in choices(FrontendFamily.registry) { add(straightened, "frontend", value) }
    return all
  }()

  /// Architectures with each other choice of an option that is part of them.
  static let architectureParts: [ZooMember] =
    [(ResidualAttentionNetwork.miniature, ["mask", "residual", "mask_activation"])]
    .flatMap { miniature, keys in
      ArchitectureFamily.variants.first { .string($0.name) == miniature.configuration["architecture"]?["name"] }
        .map { variant in
          variant.partConfigurations.filter { part in keys.contains { part[$0] != nil } }.map { part in
            var member = miniature
            for (key, value) in part.objectValue ?? [:] { member.configuration["architecture"]?[key] = value }
            member.name = "architecture=\(part)"
            return member
          }
        } ?? []
    }

  /// The model of a miniature, or nil where its architecture has no place for an option and says so.
  static func model(of member: ZooMember) throws -> ModelConfiguration? {
    let configuration = try ModelConfiguration(configuration: member.configuration)
    do {
      _ = try EvaluationGraph(
        model: configuration.model(classCount: member.classCount),
        batch: ClassificationBatch(size: 1, image: member.image, classCount: member.classCount))
      return configuration
    } catch ModelError.option(_, let problem) where problem.hasPrefix("the architecture") {
      return nil
    }
  }

  private static let batch = ClassificationBatch(size: 4, image: [2, 16, 16], classCount: 3)

  @Test func everyArchitectureTakesMostOptions() throws {
    for type in ArchitectureFamily.types {
      #expect(try Self.model(of: type.miniature) != nil, "\(type)")
      let refused = try Self.members.filter {
        try $0.configuration["architecture"] == type.miniature.configuration["architecture"]
          && Self.model(of: $0) == nil
      }.map(\.name)
      #expect(refused.count <= 8, "\(type): \(refused)")
    }
  }

  @Test(arguments: members) func aTrainingStepLowersTheLoss(_ member: ZooMember) throws {
    guard let configuration = try Self.model(of: member) else { return }
    let batch = ClassificationBatch(size: 4, image: member.image, classCount: 3)
    var optimization = OptimizationConfiguration()
    optimization.optimizer = OptimizerConfiguration(SGD(momentum: 0))
    optimization.schedule = ScheduleConfiguration(ConstantSchedule())
    // A step of a millionth at most: tiny networks can be very steep, and the interpreter is precise enough.
    optimization.learningRate = 1e-3
    optimization.gradientClipNorm = 1e-3
    optimization.weightDecay = 0
    let step = try TrainingGraph(
      model: configuration.model(classCount: 3), batch: batch, optimization: optimization, seed: 5)
    try step.graph.verify()
    let evaluation = try EvaluationGraph(model: configuration.model(classCount: 3), batch: batch)
    try evaluation.graph.verify()
    #expect(evaluation.declarations == step.declarations)
    #expect(GraphCost(step.graph).parameters == step.declarations.parameterCount)

    func losses() throws -> [Double] {
      let session = ReferenceBackend().makeReferenceSession()
      let executable = try session.compileReference(step.graph)
      for (name, values) in step.initialValues(seed: 5) { try session.write(name, values) }
      let stream = RandomStream(seed: 5, name: "images")
      let images = try executable.floatInput("images")
      for index in images.indices { images[index] = Float(stream.normal(UInt64(index))) }
      _ = try executable.integerInput("labels").update(fromContentsOf: [0, 1, 2, 0])
      return try (0..<2).map { _ in
        // The same position twice, so that dropout has the same mask.
        try executable.fill(step.scalars, at: StepPosition(step: 0, stepsPerEpoch: 10, totalSteps: 20))
        try executable.run()
        let norm = try executable.readDouble("gradient_norm")[0]
        #expect(norm.isFinite && norm > 0)
        return try executable.readDouble("loss")[0]
      }
    }
    let values = try losses()
    #expect(values.allSatisfy { $0.isFinite })
    #expect(values[1] < values[0], "\(values)")
    // Once for each architecture, and for each choice of each option on one of them.
    if member.name == "miniature" || member.configuration["architecture"] == nil { #expect(try losses() == values) }
  }

  @Test func changingTheConvolutionsLeavesTheOtherWeightsAsTheyAre() throws {
    func values(_ json: JSONValue) throws -> [String: [Float]] {
      try EvaluationGraph(
        model: ModelConfiguration(configuration: json).model(classCount: 3), batch: Self.batch
      ).declarations.initialValues(seed: 11)
    }
    let plain = try values(["depth": 8, "width": 4])
    let dynamic = try values(["depth": 8, "width": 4, "conv": "odconv-4x"])
    let changed = Set(plain.keys.filter { plain[$0] != dynamic[$0] })
    #expect(changed == Set(plain.keys.filter { $0.hasPrefix("layer") && $0.contains(".conv") }))
  }
}
