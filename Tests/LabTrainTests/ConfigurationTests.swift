import LabCore
import LabTrain
import Testing

@Suite struct ConfigurationTests {
  @Test func schemaAndTypeAgreeOnKeysAndDefaults() throws {
    let encoded = try JSONValue(encoding: TrainingConfiguration())
    let keys = Set(encoded.objectValue?.keys.map { $0 } ?? [])
    #expect(keys.union(optionalKeys) == Set(TrainingConfiguration.schema.fields.map(\.name)))
    #expect(try JSONValue.object([:]).decode(TrainingConfiguration.self) == TrainingConfiguration())
  }

  @Test func resolvedDefaultsAreTheTypesDefaults() throws {
    let resolved = try TrainingConfiguration.schema.resolved([:])
    #expect(try resolved.decode(TrainingConfiguration.self) == TrainingConfiguration())
  }

  @Test func everyKeyReachesItsProperty() throws {
    let configuration: TrainingConfiguration = try JSONValue.object([
      "epochs": 3, "batch_size": 8, "shuffle": false, "drop_last": true, "augmentation": "crop-flip",
      "early_stopping": 4, "final_weights": "best", "evaluate_every": 2, "initial_weights": "w.h5",
      "initial_prefix": "module.",
      "learning_rate": 0.25, "algorithms": "direct", "precision": "bf16",
    ]).decode()
    #expect(configuration.epochs == 3)
    #expect(configuration.batchSize == 8)
    #expect(!configuration.shuffle)
    #expect(configuration.dropsLastBatch)
    #expect(configuration.augmentation.horizontalFlip)
    #expect(configuration.earlyStoppingEvaluations == 4)
    #expect(configuration.finalWeights == .best)
    #expect(configuration.evaluationInterval == 2)
    #expect(configuration.initialWeights == "w.h5")
    #expect(configuration.initialPrefix == "module.")
    #expect(configuration.optimization.learningRate == 0.25)
    #expect(configuration.algorithms == .direct)
    #expect(configuration.precision == .bfloat16)
    #expect(try JSONValue(encoding: configuration).decode(TrainingConfiguration.self) == configuration)
  }

  /// Adam and moving averages were made more exact after results had been released; nothing else was.
  @Test func onlyResultsThatChangedHaveAnotherIdentity() throws {
    func identity(_ value: JSONValue) throws -> JSONValue {
      let schema = TrainingConfiguration.schema
      return schema.identityConfiguration(of: try schema.resolved(value))
    }
    #expect(try identity([:]) == [:])
    #expect(
      try identity(["optimizer": "nesterov", "epochs": 3, "augmentation": "crop-flip"]).canonicalText
        .contains("#revision") == false)
    for name in ["adam", "adamw"] {
      #expect(
        try identity(["optimizer": .string(name)]) == ["optimizer": ["name": .string(name), "#revision": 1]])
    }
    #expect(try identity(["ema_decay": 0.99]) == ["ema_decay": ["#revision": 1, "value": 0.99]])
  }

  /// Keys whose absent value is not encoded.
  private var optionalKeys: Set<String> {
    Set(TrainingConfiguration.schema.fields.filter { $0.defaultValue == .null }.map(\.name))
  }
}
