import LabCore
import LabGraph
import LabNN
import LabZoo
import Testing

@Suite struct ModelConfigurationTests {
  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "nothing thrown"
    } catch { return "\(error)" }
  }

  @Test func theSchemaIsSound() {
    #expect(ModelConfiguration.schema.problems() == [])
  }

  @Test func absentKeysHaveTheDefaultsOfTheType() throws {
    #expect(try ModelConfiguration(configuration: [:]) == ModelConfiguration())
    let canonical = try ModelConfiguration.schema.resolved()
    #expect(try ModelConfiguration(configuration: canonical) == ModelConfiguration())
  }

  @Test func everyComponentsSchemaHasTheDefaultsOfItsType() throws {
    func check<Family: ComponentFamily>(_ family: Family.Type) throws {
      for variant in Family.variants {
        let component = try Family.component(.string(variant.name))
        let canonical = try Family.configuration(of: component)
        #expect(canonical == Family.kind.resolve(.string(variant.name)).value)
        let typed = try #require(component as? any ConfigurableComponent)
        func isDefault<Value: ConfigurableComponent>(_ value: Value) -> Bool { value == Value() }
        let hasDefaults = isDefault(typed)
        #expect(hasDefaults, "\(variant.name)")
        for alias in variant.aliases.keys where variant.companions[alias] == nil {
          #expect(try Selection<Family>(configuration: .string(alias)).configuration()["name"] == canonical["name"])
        }
      }
    }
    try check(ArchitectureFamily.self)
    try check(ConvolutionFamily.self)
    try check(DownsamplingFamily.self)
    try check(FusionFamily.self)
    try check(AttentionFamily.self)
    try check(FrontendFamily.self)
  }

  @Test(arguments: ["odconv", "dyconv"]) func aTemperaturesDescentHasOneLength(_ name: String) throws {
    func annealing(_ options: [String: JSONValue]) throws -> TemperatureAnnealing? {
      let conv = JSONValue.object(options.merging(["name": .string(name)]) { $1 })
      let model = try ModelConfiguration(configuration: ["depth": 8, "conv": conv])
      #expect(try JSONValue(encoding: model).decode(ModelConfiguration.self) == model)
      let batch = ClassificationBatch(size: 2, image: [3, 8, 8], classCount: 2)
      return try EvaluationGraph(model: model.model(classCount: 2), batch: batch).scalars
        .compactMap { $0 as? TemperatureAnnealing }.first
    }
    #expect(try annealing([:]) == TemperatureAnnealing())
    #expect(try annealing(["temperature_share": 0.1]) == TemperatureAnnealing(length: .share(0.1)))
    #expect(try annealing(["temperature_epochs": 3]) == TemperatureAnnealing(epochs: 3))
    #expect(try annealing(["temperature_epochs": 0]) == nil && annealing(["temperature_share": 0]) == nil)
    #expect(
      message { _ = try annealing(["temperature_share": 0.1, "temperature_epochs": 10]) }
        .contains("conv.temperature_share: says what \"temperature_epochs\" says already"))
    #expect(message { _ = try annealing(["temperature_share": 1.1]) }.contains("a number from 0 to 1"))
  }

  @Test func configurationsSurviveEncoding() throws {
    var configuration = ModelConfiguration()
    configuration.architecture = ArchitectureConfiguration(ImageNetResNet(layers: .thirtyFour, strideIn: .first))
    var odconv = ODConv(kernels: 2)
    odconv.options.attentions = [.spatial, .kernel]
    odconv.options.layers = ReplacedLayers(isEverywhere: true)
    odconv.options.layers.places = .stages([1, 3])
    odconv.options.temperature.annealing = .cosine
    odconv.options.initialization = .zero
    odconv.gates.kernel = .hardSigmoid
    odconv.normalization = nil
    configuration.convolution = ConvolutionConfiguration(odconv)
    configuration.downsampling = DownsamplingConfiguration(SPDDownsampling())
    configuration.fusion = FusionConfiguration(MultiScaleFusion(combine: .concat))
    configuration.normalization = NormalizationConfiguration(GroupNorm(groups: 4))
    configuration.activation = .hardSwish
    configuration.width = 24
    configuration.dropout = 0.25
    configuration.stem = .spd
    #expect(try JSONValue(encoding: configuration).decode(ModelConfiguration.self) == configuration)
  }

  @Test func aliasesStandForOptions() throws {
    #expect(
      try ConvolutionConfiguration(configuration: "odconv-1x") == ConvolutionConfiguration(ODConv(kernels: 1)))
    #expect(
      try ConvolutionConfiguration(configuration: "condconv-8x") == ConvolutionConfiguration(CondConv(kernels: 8)))
    #expect(
      try ArchitectureConfiguration(configuration: "resnet101")
        == ArchitectureConfiguration(ImageNetResNet(layers: .oneHundredOne)))
    #expect(try ModelConfiguration(configuration: ["fusion": "none"]).fusion == nil)
  }

  /// A name such as resnet20 is the architecture and the depth, and the same run as both written out.
  @Test func namesOfNetworksStandForTheirDepth() throws {
    for (name, written) in [
      ("resnet20", ["architecture": "resnet", "depth": 20]), ("resnet110", ["architecture": "resnet", "depth": 110]),
      ("wrn-28-10", ["architecture": "wrn", "depth": 28]), ("plain-20", ["architecture": "plain", "depth": 19]),
      ("wrn-16-8", ["architecture": ["name": "wrn", "widening": 8], "depth": 16]),
      (
        "densenet-bc-100-12",
        ["architecture": ["name": "densenet", "bottleneck": true, "compression": 0.5], "depth": 100]
      ),
    ] as [(String, JSONValue)] {
      let named: JSONValue = ["architecture": .string(name)]
      let canonical = try ModelConfiguration.schema.resolved(named)
      #expect(try canonical == ModelConfiguration.schema.resolved(written), "\(name)")
      #expect(try ModelConfiguration.schema.resolved(canonical) == canonical)
      #expect(try ModelConfiguration(configuration: named) == ModelConfiguration(configuration: written))
      #expect(
        try ModelConfiguration.schema.resolved(["architecture": ["name": .string(name)], "depth": .null]) == canonical)
    }
    #expect(try ModelConfiguration(configuration: ["architecture": "resnet32", "depth": 32]).depth == 32)
    #expect(
      try ModelConfiguration(configuration: ["architecture": ["name": "resnet56", "shortcut": "identity"]])
        == ModelConfiguration(configuration: ["architecture": ["name": "resnet", "shortcut": "identity"], "depth": 56]))
    #expect(
      message { _ = try ModelConfiguration(configuration: ["architecture": "resnet20", "depth": 8]) }
        .contains("architecture: \"resnet20\" stands for depth 20, too, but depth is 8"))
    #expect(
      message { _ = try ArchitectureConfiguration(configuration: "resnet20") }.contains("stands for depth 20, too"))
  }

  @Test func misspeltNamesAreAnsweredWithTheNearest() {
    let convolution = message { _ = try ModelConfiguration(configuration: ["conv": "odcnv-4x"]) }
    #expect(convolution.contains("conv") && convolution.contains("did you mean \"odconv-4x\""), "\(convolution)")
    let downsampling = message { _ = try ModelConfiguration(configuration: ["downsample": "stride"]) }
    #expect(downsampling.contains("did you mean \"strided\""), "\(downsampling)")
    let key = message { _ = try ModelConfiguration(configuration: ["wdith": 3]) }
    #expect(key.contains("did you mean \"width\""), "\(key)")
    let option = message {
      _ = try ModelConfiguration(configuration: ["conv": ["name": "odconv", "kernel": 3]])
    }
    #expect(option.contains("did you mean \"kernels\""), "\(option)")
  }

  @Test func depthsThatDoNotExistAreErrors() throws {
    func build(_ json: JSONValue) -> String {
      message {
        let model = try ModelConfiguration(configuration: json).model(classCount: 2)
        _ = try EvaluationGraph(
          model: model, batch: ClassificationBatch(size: 1, image: [3, 32, 32], classCount: 2))
      }
    }
    #expect(build(["depth": 21]).contains("nearest is 20"))
    #expect(build(["depth": 3]).contains("nearest is 8"))
    #expect(build(["architecture": "densenet", "depth": 41]).contains("nearest is 40"))
    #expect(build(["architecture": ["name": "densenet", "bottleneck": true], "depth": 41]).contains("nearest is 40"))
    #expect(build(["architecture": ["name": "imagenet-densenet", "layers": 122]]).contains("found 122"))
    #expect(build(["architecture": "plain", "depth": 6]).contains("nearest is 7"))
    #expect(build(["architecture": "resnet18", "depth": 20]).contains("18 layers"))
    #expect(build(["architecture": ["name": "imagenet-resnet", "layers": 51]]).contains("found 51"))
    #expect(build(["architecture": ["name": "imagenet-resnet", "layers": 18], "depth": 18]) == "nothing thrown")
  }

  @Test func shapeErrorsNameTheLayer() {
    let odd = message {
      _ = try EvaluationGraph(
        model: ModelConfiguration(configuration: ["downsample": "spd"]).model(classCount: 2),
        batch: ClassificationBatch(size: 1, image: [1, 14, 14], classCount: 2))
    }
    #expect(odd.hasPrefix("layer3.0: space_to_depth expects"), "\(odd)")
    let groups = message {
      _ = try EvaluationGraph(
        model: ModelConfiguration(configuration: ["norm": ["name": "group", "groups": 5]]).model(classCount: 2),
        batch: ClassificationBatch(size: 1, image: [1, 14, 14], classCount: 2))
    }
    #expect(groups.hasPrefix("bn1: group_norm expects"), "\(groups)")
  }

  @Test func partsAreTagged() throws {
    let network = try EvaluationGraph(
      model: ModelConfiguration(configuration: ["depth": 8, "conv": "odconv-4x"]).model(classCount: 2),
      batch: ClassificationBatch(size: 1, image: [3, 8, 8], classCount: 2))
    func names(_ tag: String) -> [String] { network.declarations.filter { $0.tags.contains(tag) }.map(\.name) }
    #expect(names("head") == ["fc.weight", "fc.bias"])
    #expect(names("stem").contains("conv1.weight"))
    #expect(names("attention").allSatisfy { $0.contains(".attention.") } && !names("attention").isEmpty)
  }
}
