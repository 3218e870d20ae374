import LabCore
import LabNN
import Testing

@Suite struct ConfigurationTests {
  @Test func schemasAreSound() {
    #expect(OptimizationConfiguration.schema.problems() == [])
    #expect(ParameterGroup.schema.problems() == [])
  }

  @Test func absentKeysHaveTheDefaultsOfTheType() throws {
    #expect(try OptimizationConfiguration(configuration: [:]) == OptimizationConfiguration())
    let canonical = try OptimizationConfiguration.schema.resolved()
    #expect(try OptimizationConfiguration(configuration: canonical) == OptimizationConfiguration())
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
        #expect(try Selection<Family>(configuration: canonical).configuration() == canonical)
      }
    }
    try check(LossFamily.self)
    try check(OptimizerFamily.self)
    try check(ScheduleFamily.self)
    try check(NormalizationFamily.self)
  }

  @Test func configurationsSurviveEncoding() throws {
    var configuration = OptimizationConfiguration()
    configuration.loss = LossConfiguration(FocalLoss(alpha: 0.5, gamma: 1))
    configuration.optimizer = OptimizerConfiguration(AdamW(beta1: 0.8))
    configuration.schedule = ScheduleConfiguration(StepSchedule(milestones: [3, 4.5], gamma: 0.3))
    configuration.parameterGroups = [ParameterGroup(pattern: "fc.*", learningRateFactor: 10, weightDecay: 0)]
    configuration.gradientClipNorm = 2
    configuration.movingAverageDecay = 0.99
    configuration.warmupSteps = 7
    let json = try JSONValue(encoding: configuration)
    #expect(try json.decode(OptimizationConfiguration.self) == configuration)
  }

  @Test func foreignKeysAreLeftAlone() throws {
    let configuration = try OptimizationConfiguration(configuration: ["epochs": 3, "learning_rate": 0.3])
    #expect(configuration.learningRate == 0.3)
  }

  @Test func aliasesStandForOptions() throws {
    let selected = try OptimizerConfiguration(configuration: "nesterov")
    #expect(selected == OptimizerConfiguration(SGD(momentum: 0.9, nesterov: true)))
    #expect(try LossConfiguration(configuration: "class-balanced-focal") == LossConfiguration(AdaptiveLoss()))
  }

  @Test func unknownNamesAreAnsweredWithTheNearest() throws {
    func message(_ body: () throws -> Void) -> String {
      do {
        try body()
        return "nothing thrown"
      } catch { return "\(error)" }
    }
    let loss = message { _ = try LossConfiguration(configuration: "focl") }
    #expect(loss.contains("did you mean \"focal\""), "\(loss)")
    let option = message { _ = try OptimizerConfiguration(configuration: ["name": "sgd", "momentun": 0.5]) }
    #expect(option.contains("did you mean \"momentum\""), "\(option)")
    let range = message { _ = try OptimizerConfiguration(configuration: ["name": "sgd", "momentum": 1.5]) }
    #expect(range.contains("expected a number of at least 0 and below 1"), "\(range)")
  }

  @Test func contradictionsAreErrors() throws {
    var configuration = OptimizationConfiguration()
    configuration.warmupSteps = 3
    configuration.warmupEpochs = 1
    #expect(throws: ModelError.self) { try configuration.learningRateScalar() }
  }

  @Test func unregisteredComponentsCannotBeEncoded() throws {
    struct Halving: LearningRateSchedule {
      static let variant = ConfigurationSchema.Variant("halving", "Not registered.")
      var startsAfterWarmup: Bool { false }
      func factor(step: Int, totalSteps: Int, stepsPerEpoch: Int) -> Double { 0.5 }
    }
    #expect(
      throws: RegistryError.unregistered(
        title: "schedules", value: "Halving", registered: ScheduleFamily.registry.names)
    ) { try ScheduleConfiguration(Halving()).configuration() }
  }
}
