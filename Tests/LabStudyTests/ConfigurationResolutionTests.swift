import LabCore
import Testing

@Suite struct ConfigurationResolutionTests {
  private func kind(_ kind: ConfigurationSchema.Kind, _ value: JSONValue) -> [String] {
    kind.resolve(value, at: "k").issues.map(\.description)
  }

  @Test func everyKeyIsThereWithItsDefault() throws {
    let resolved = try TestSchema.training.resolved(["epochs": 3])
    #expect(resolved["epochs"] == 3)
    #expect(resolved.objectValue?.count == TestSchema.training.fields.count)
    #expect(resolved["optimizer"] == ["name": "sgd", "momentum": 0.9, "nesterov": false])
    #expect(resolved["schedule"] == ["name": "cosine", "milestones": [], "warmup_epochs": 0.0])
    #expect(resolved["early_stopping"] == .null)
  }

  @Test(
    arguments: [
      "odconv-4x", ["name": "odconv", "kernels": 4], ["name": "odconv-4x"], ["name": "odconv-2x", "kernels": 4],
      ["name": "odconv", "kernels": 4.0, "temperature": 30], ["name": "odconv", "kernels": 4, "reduction": 0.0625],
    ] as [JSONValue])
  func shorthandsHaveOneCanonicalForm(value: JSONValue) throws {
    let resolved = try TestSchema.model.resolved(["conv": value])
    #expect(resolved["conv"] == ["name": "odconv", "kernels": 4, "reduction": 0.0625, "temperature": 30.0])
    #expect(resolved.contentHash == (try TestSchema.model.resolved(["conv": "odconv-4x"])).contentHash)
  }

  @Test func numbersAreNormalized() throws {
    #expect(ConfigurationSchema.Kind.number(.any).resolve(1).value == .number(1))
    #expect(ConfigurationSchema.Kind.number(.any).resolve(-0.0).value.canonicalText == "0")
    #expect(ConfigurationSchema.Kind.integer(0...9).resolve(3.0).value == .integer(3))
    #expect(kind(.integer(0...9), 3.5) == ["k: expected an integer from 0 to 9, found 3.5"])
    #expect(kind(.integer(0 ... .max), 1e300) == ["k: expected an integer of at least 0, found 1e+300"])
  }

  @Test func optionsAreSwitchedOffInSeveralWays() throws {
    for off in [nil, false, "none"] as [JSONValue] {
      #expect(
        try TestSchema.training.resolved(["augmentation": off, "early_stopping": off]) == TestSchema.training.resolved()
      )
    }
    // Where false or "none" is a value of its own, it stays that.
    #expect(ConfigurationSchema.Kind.optional(.boolean).resolve(false).value == false)
    #expect(ConfigurationSchema.Kind.optional(.choice(["none"])).resolve("none").value == "none")
    #expect(
      kind(.optional(.integer(1...9)), "many") == [
        #"k: expected an integer from 1 to 9, or null, found the string "many""#
      ])
    #expect(kind(.optional(.integer(1...9)), 10) == ["k: expected an integer from 1 to 9, found 10"])
  }

  @Test func alternativesComplainAboutTheOneThatWasMeant() {
    let augmentation = TestSchema.training.field("augmentation")!.kind
    #expect(augmentation.resolve("affine").value == "affine")
    #expect(augmentation.resolve(["flip": true]).value == ["flip": true, "crop_padding": 0])
    #expect(
      kind(augmentation, "afine") == [
        #"k: expected one of "crop-flip", "affine", found the string "afine" (did you mean "affine"?)"#
      ])
    #expect(kind(augmentation, ["crop_padding": 99]) == ["k.crop_padding: expected an integer from 0 to 64, found 99"])
    #expect(kind(augmentation, 3) == [#"k: expected one of "crop-flip", "affine", or an object, or null, found 3"#])
    #expect(kind(.either([.integer(0...9), .number(.unit)]), 0.5) == [])
  }

  @Test(arguments: [
    (ConfigurationSchema.Bounds.any, "a number"), (.nonNegative, "a number of at least 0"),
    (.positive, "a number above 0"), (.unit, "a number from 0 to 1"),
    (.init(0, 1, includesMaximum: false), "a number of at least 0 and below 1"),
    (.init(0, 1, includesMinimum: false), "a number above 0 and at most 1"),
    (.init(-.infinity, 5), "a number of at most 5"),
    (.init(-.infinity, 0.5, includesMaximum: false), "a number below 0.5"),
  ])
  func boundsAreSaidInWords(bounds: ConfigurationSchema.Bounds, text: String) {
    #expect(ConfigurationSchema.Kind.number(bounds).expectation == text)
  }

  @Test func variantsWithoutOptionsSaySo() {
    let conv = ConfigurationSchema.Kind.variant(TestSchema.convolutions)
    #expect(kind(conv, ["name": "static", "kernels": 4]) == [#"k.kernels: "static" has no option "kernels""#])
    #expect(kind(conv, ["kernels": 4]).first?.hasPrefix("k.name: is missing; expected one of") == true)
    #expect(kind(conv, ["name": 4]).first?.hasPrefix("k.name: expected one of") == true)
    #expect(kind(conv, 4).first?.hasPrefix("k: expected one of") == true)
  }

  @Test func allIssuesAreReportedAtOnce() {
    let issues = TestSchema.training.resolve(
      ["epochs": "x", "loss": ["name": "focal", "alpha": 2, "beta": 1], "schedule": ["milestones": [1, "a", 0]]],
      at: "training"
    ).issues
    #expect(
      issues.map { "\($0.kind.rawValue) \($0.path)" } == [
        "wrongType training.epochs", "wrongType training.schedule.milestones[1]",
        "outOfRange training.schedule.milestones[2]", "unknownKey training.loss.beta", "outOfRange training.loss.alpha",
      ])
    #expect(throws: ConfigurationError.self) { try TestSchema.training.resolved(["epochs": 0]) }
  }

  @Test func resolvingACanonicalFormGivesItBack() throws {
    let value: JSONValue = [
      "optimizer": ["name": "adam", "beta1": 0], "augmentation": ["flip": true], "early_stopping": [:],
      "schedule": ["milestones": [3.0, 5]], "learning_rate": 1,
    ]
    let resolved = try TestSchema.training.resolved(value)
    #expect(try TestSchema.training.resolved(resolved) == resolved)
    #expect(resolved["early_stopping"] == ["patience": 5])
  }

  // MARK: Identity

  private func identity(_ value: JSONValue, _ schema: ConfigurationSchema = TestSchema.training) throws -> JSONValue {
    schema.identityConfiguration(of: try schema.resolved(value))
  }

  @Test func identitiesHaveWhatDiffersFromTheDefaults() throws {
    #expect(try identity([:]) == [:])
    #expect(try identity(["epochs": 10, "learning_rate": 0.1, "optimizer": ["name": "sgd"], "schedule": [:]]) == [:])
    #expect(
      try identity(["epochs": 3, "loss": ["name": "focal", "gamma": 3], "schedule": ["milestones": [3]]])
        == ["epochs": 3, "loss": ["name": "focal", "gamma": 3.0], "schedule": ["milestones": [3]]])
    // The registered default of an option counts, and not that of the key's default value.
    #expect(try identity(["optimizer": "adam"]) == ["optimizer": ["name": "adam"]])
    // Switched on with nothing but defaults is not switched off.
    #expect(try identity(["early_stopping": [:]]) == ["early_stopping": [:]])
    #expect(try identity(["augmentation": ["flip": true]]) == ["augmentation": ["flip": true]])
    #expect(try identity(["augmentation": "affine"]) == ["augmentation": "affine"])
  }

  @Test func keysThatChangeNoResultAreLeftOut() throws {
    #expect(try identity(["log_every": 1]) == [:])
    #expect(try identity(["name": "hdf5", "path": "/data"], TestSchema.dataset) == ["name": "hdf5"])
  }

  @Test func newKeysWithDefaultsChangeNoIdentity() throws {
    var later = TestSchema.model
    later.fields.append(.init("dropout", .number(.unit), default: 0, "The share of units that are dropped."))
    var conv = TestSchema.convolutions
    conv[1].options.fields.append(.init("groups", .integer(1...64), default: 1, "The number of groups."))
    later.fields[1].kind = .variant(conv + [.init("involution", "A later one.")])
    for value in [[:], ["conv": "odconv-4x"], ["conv": ["name": "odconv", "temperature": 5], "depth": 14]]
      as [JSONValue]
    {
      #expect(try identity(value, later) == identity(value, TestSchema.model))
    }
    #expect(try identity(["dropout": 0.5], later) == ["dropout": 0.5])
    #expect(
      try identity(["conv": ["name": "odconv", "groups": 2]], later) == ["conv": ["name": "odconv", "groups": 2]])
  }

  @Test func aDefaultThatDiffersFromItsOwnKindsDefaultsKeepsIdentitiesApart() throws {
    let schema = ConfigurationSchema([
      .init("conv", .variant(TestSchema.convolutions), default: "odconv-4x", "Convolutions.")
    ])
    #expect(try identity(["conv": "odconv-4x"], schema) == [:])
    #expect(try identity(["conv": "odconv"], schema) == ["conv": ["name": "odconv"]])
  }

  // MARK: Schemas

  @Test func theTestSchemaIsSound() {
    #expect(TestSchema.study.problems() == [])
  }

  @Test func unsoundSchemasAreFoundOut() {
    let schema = ConfigurationSchema([
      .init("epochs", .integer(1...9), default: 0, "Epochs."), .init("epochs", .integer(1...9), default: 1, "Again."),
      .init("batchSize", .integer(1...9), default: 1, ""),
      .init(
        "conv",
        .variant([
          .init("static", ""),
          .init(
            "odconv", "Dynamic.",
            options: ConfigurationSchema([.init("name", .string, default: "x", "A name.")]),
            aliases: ["static": [:], "odconv-x": ["kernels": 1]]),
        ]), default: "statik", "Convolutions."),
      .init("loss", .choice(["a", "a"]), default: "a", "Loss."),
      .init("rate", .number(.init(2, 1)), default: nil, "Rate."),
      .init("shape", .either([.object(.init([])), .object(.init([]))]), default: [:], "Shape."),
    ])
    #expect(
      schema.problems() == [
        "epochs: declared more than once", "the default of epochs: expected an integer from 1 to 9, found 0",
        "batchSize: the key is not in snake case", "batchSize: has no summary",
        "the default of conv: expected one of \"static\", \"odconv\", \"odconv-x\", \"static\", found the string "
          + "\"statik\" (did you mean \"static\"?)",
        "conv: the name \"static\" stands for several variants", "conv: \"static\" has no summary",
        "conv: \"odconv\" has an option \"name\", which is the variant's own key",
        "the alias \"odconv-x\" of conv.kernels: \"odconv\" has no option \"kernels\"; expected the key name",
        "loss: lists \"a\" twice", "rate: the smallest number is above the largest",
        "shape: has more than one alternative that is an object",
      ])
  }

  @Test func pathsReadAndPrintAlike() {
    let path = ConfigurationPath("model.conv").appending("kernels").appending(index: 2).appending("x")
    #expect(path.description == "model.conv.kernels[2].x")
    #expect(path.hasPrefix("model.conv"))
    #expect(!path.hasPrefix("model.con"))
    #expect(path.parent.parent.description == "model.conv.kernels")
    #expect(ConfigurationPath.root.parent == .root)
    let value: JSONValue = ["model": ["conv": ["kernels": [0, 1, ["x": 5]]]]]
    #expect(value[at: path] == 5)
    #expect(value[at: ConfigurationPath("model").appending(index: 0)] == nil)
  }
}
