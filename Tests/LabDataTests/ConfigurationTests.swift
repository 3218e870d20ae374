import Foundation
import LabCore
import LabData
import Testing

@Suite struct ConfigurationTests {
  @Test func schemaOfDatasetsListsEveryCommonKeyWithItsDefault() throws {
    let keys = DatasetConfiguration.CodingKeys.allCases.map(\.rawValue)
    let encoded = try JSONValue(encoding: DatasetConfiguration(name: "fashion-mnist"))
    #expect(Set(encoded.objectValue.map { $0.keys.map(\.self) } ?? []) == Set(keys))
    for key in keys {
      let field = try #require(DatasetConfiguration.schema.field(key), "no field \(key)")
      #expect(field.defaultValue == (key == "name" ? nil : encoded[key]), "default of \(key)")
    }
    let own = Set(DatasetDefinition.registry.entries.flatMap { $0.options.fields.map(\.name) })
    #expect(Set(DatasetConfiguration.schema.fields.map(\.name)) == Set(keys).union(own))
  }

  @Test func ownOptionsNeverShadowCommonKeys() {
    let common = Set(DatasetConfiguration.CodingKeys.allCases.map(\.rawValue))
    for definition in DatasetDefinition.registry.entries {
      #expect(common.isDisjoint(with: definition.options.fields.map(\.name)), "\(definition.name)")
    }
  }

  @Test func variantsCarryTheTrueDefaults() throws {
    let signs = try #require(DatasetConfiguration.variants.first { $0.name == "synthetic-signs" })
    #expect(signs.options.field("train_count")?.defaultValue == 12_000)
    #expect(signs.options.field("balance")?.defaultValue == "none")
    #expect(signs.options.field("name") == nil)
    #expect(DatasetConfiguration.schema.field("train_count")?.defaultValue == .null)
  }

  @Test func schemaOfAugmentationListsEveryKeyWithItsDefault() throws {
    let keys = AugmentationConfiguration.CodingKeys.allCases.map(\.rawValue)
    let encoded = try JSONValue(encoding: AugmentationConfiguration())
    #expect(AugmentationConfiguration.schema.fields.map(\.name) == keys)
    #expect(Set(encoded.objectValue.map { $0.keys.map(\.self) } ?? []) == Set(keys))
    for key in keys {
      #expect(
        AugmentationConfiguration.schema.field(key)?.defaultValue?.canonicalText == encoded[key]?.canonicalText,
        "default of \(key)")
    }
  }

  @Test func datasetsDecodeFromNameOrObject() throws {
    let short = try JSONValue(parsing: #""fashion-mnist""#).decode(DatasetConfiguration.self)
    #expect(short == DatasetConfiguration(name: "fashion-mnist"))
    let long = try JSONValue(
      parsing: """
        {"name": "synthetic-signs", "train_limit": 100, "validation": 0.25, "validation_by": "class",
         "balance": "oversample", "normalize": false, "noise": 0.1, "blur": null}
        """
    ).decode(DatasetConfiguration.self)
    #expect(long.trainLimit == 100)
    #expect(long.validation == .fraction(0.25))
    #expect(long.validationBy == .class)
    #expect(long.balance == .oversample)
    #expect(long.normalize == .none)
    #expect(long.options == ["noise": 0.1])
    #expect(try JSONValue(encoding: long).decode(DatasetConfiguration.self) == long)
    var counted = long
    counted.validation = .count(7)
    #expect(try JSONValue(encoding: counted)["validation"] == 7)
  }

  @Test func augmentationDecodesFromPresetOrObject() throws {
    let preset = try JSONValue(parsing: #""crop-flip""#).decode(AugmentationConfiguration.self)
    #expect(preset.cropPadding == 4 && preset.horizontalFlip && preset.mixup == 0)
    let object = try JSONValue(parsing: #"{"cutout": 8, "fill": "mean"}"#).decode(AugmentationConfiguration.self)
    #expect(object.cutout == 8 && object.fill == .mean && object.cropPadding == 0)
    #expect(try JSONValue(encoding: object).decode(AugmentationConfiguration.self) == object)
    for (name, configuration) in AugmentationConfiguration.presets {
      #expect(throws: Never.self, "\(name)") { try configuration.validated() }
    }
    #expect(
      throws: DataError.invalidOption(
        key: "augmentation", actual: "\"crop-filp\" (did you mean \"crop-flip\"?)",
        expected: "an object or one of affine, crop-flip, none")
    ) { try AugmentationConfiguration.preset("crop-filp") }
  }

  @Test func unknownNamesSuggestTheNearest() throws {
    #expect(throws: DataError.unknownDataset(name: "fashion_mnsit", known: DatasetDefinition.registry.names)) {
      try DatasetConfiguration(name: "fashion_mnsit").validated()
    }
    let text = DataError.unknownDataset(name: "fashion_mnsit", known: DatasetDefinition.registry.names).description
    #expect(text.contains("did you mean \"fashion-mnist\"?"))
    let misspelt = DatasetConfiguration(name: "synthetic-signs", options: ["nois": 0.1])
    let error = #expect(throws: DataError.self) { try misspelt.validated() }
    #expect(error?.description == #"data set synthetic-signs has no option "nois" (did you mean "noise"?)"#)
    // An option of another data set is unknown here.
    #expect(throws: DataError.self) { try DatasetConfiguration(name: "idx", options: ["noise": 0.1]).validated() }
  }

  @Test(arguments: [
    ("train_limit", JSONValue.integer(0)), ("validation", 1.5), ("validation", -1), ("validation", "some"),
    ("noise", 2), ("noise", true), ("train_count", 3.5), ("balance", "even"), ("channels", 2), ("normalize", 1),
    ("normalize", "imagnet"), ("normalize", JSONValue.object(["mean": JSONValue.array([JSONValue.number(0.5)])])),
    ("normalize", JSONValue.object(["mean": JSONValue.array([]), "standard_deviation": JSONValue.array([0])])),
  ])
  func valuesOutOfRangeAreRejected(key: String, value: JSONValue) {
    var object: JSONValue = ["name": "synthetic-signs"]
    object[key] = value
    #expect(throws: (any Error).self, "\(key) = \(value)") {
      try object.decode(DatasetConfiguration.self).validated()
    }
  }

  @Test func augmentationOutOfRangeIsRejectedInOneSentence() {
    var augmentation = AugmentationConfiguration()
    augmentation.scale = 1
    let error = #expect(throws: DataError.self) { try augmentation.validated() }
    #expect(error?.description == #"option "scale" is 1; expected a number of at least 0 and below 1"#)
    augmentation.scale = .nan
    #expect(throws: DataError.self) { try augmentation.validated() }
  }

  @Test func normalizationIsReadAsItIsWritten() throws {
    let numbers = ChannelStatistics(mean: [0.5, 0.25], standardDeviation: [0.125, 1.5])
    let values: [(JSONValue, ImageNormalization)] = [
      (true, .training), (false, .none), ("imagenet", .imagenet),
      (["mean": [0.5, 0.25], "standard_deviation": [0.125, 1.5]], .given(numbers)),
    ]
    for (value, expected) in values {
      let configuration = try JSONValue.object(["name": "synthetic-signs", "normalize": value])
        .decode(DatasetConfiguration.self).validated()
      #expect(configuration.normalize == expected)
      #expect(try JSONValue(encoding: configuration)["normalize"] == value)
    }
  }

  @Test func environmentVariablesNameTheFolders() {
    let own = DataEnvironment(variables: ["HOME": "/h", "LABRUN_CACHE": "/c", "LABRUN_DATA": "/d"])
    #expect(own.cacheFolder == "/c")
    #expect(own.dataFolder == "/d")
    #expect(DataEnvironment(variables: ["HOME": "/h", "XDG_CACHE_HOME": "/x"]).cacheFolder == "/x/labrun")
    #expect(DataEnvironment(variables: ["XDG_DATA_DIRS": "/a/:/b"]).systemFolders == ["/a/datasets", "/b/datasets"])
    let plain = DataEnvironment(variables: ["HOME": "/h", "LABRUN_CACHE": ""])
    #expect(plain.systemFolders == ["/usr/local/share/datasets", "/usr/share/datasets"])
    #expect(plain.cacheFolder == "/h/.cache/labrun")
    #expect(plain.dataFolder == nil)
  }
}
