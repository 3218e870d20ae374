import LabCore
import LabStudy

/// A schema like that of a program that trains image classifiers.
enum TestSchema {
  static let dataset = ConfigurationSchema([
    .init("name", .choice(["fashion-mnist", "synthetic-signs", "hdf5"]), default: nil, "The data set."),
    .init("path", .optional(.string), default: .null, isResultRelevant: false, "The folder or file with the data."),
    .init("train_limit", .optional(.integer(1...1_000_000)), default: .null, "At most this many training images."),
    .init("test_limit", .optional(.integer(1...1_000_000)), default: .null, "At most this many test images."),
    .init(
      "validation", .either([.integer(0...1_000_000), .number(.init(0, 1, includesMaximum: false))]), default: 0,
      "The number of images, or the share of them, that is set aside for validation."),
  ])

  static let convolutions: [ConfigurationSchema.Variant] = [
    .init("static", "An ordinary convolution."),
    .init(
      "odconv", "Omni-dimensional dynamic convolution.",
      options: ConfigurationSchema([
        .init("kernels", .integer(1...16), default: 1, "The number of kernels."),
        .init("reduction", .number(.init(0, 1, includesMinimum: false)), default: 0.0625, "The squeeze ratio."),
        .init("temperature", .number(.init(1)), default: 30, "The attention's first temperature."),
      ]),
      aliases: ["odconv-1x": ["kernels": 1], "odconv-2x": ["kernels": 2], "odconv-4x": ["kernels": 4]]),
    .init(
      "condconv", "Conditionally parameterised convolution.",
      options: ConfigurationSchema([.init("kernels", .integer(1...16), default: 8, "The number of experts.")])),
  ]

  static let model = ConfigurationSchema([
    .init(
      "architecture", .variant([.init("resnet", "A CIFAR-style ResNet."), .init("plain", "A VGG-like stack.")]),
      default: "resnet", "The architecture."),
    .init("conv", .variant(convolutions), default: "static", "The convolutions of the blocks."),
    .init("downsample", .choice(["strided", "spd", "maxpool", "avgpool"]), default: "strided", "The down-sampling."),
    .init("depth", .integer(8...1202), default: 20, "The number of layers."),
    .init("width", .integer(1...1024), default: 16, "The channels of the first stage."),
  ])

  static let training = ConfigurationSchema([
    .init("epochs", .integer(1...100_000), default: 10, "Passes over the training images."),
    .init("batch_size", .integer(1...65_536), default: 64, "Images in a step."),
    .init(
      "optimizer",
      .variant([
        .init(
          "sgd", "Stochastic gradient descent.",
          options: ConfigurationSchema([
            .init("momentum", .number(.init(0, 1, includesMaximum: false)), default: 0.9, "The momentum."),
            .init("nesterov", .boolean, default: false, "Whether the momentum looks ahead."),
          ])),
        .init(
          "adam", "Adam.",
          options: ConfigurationSchema([
            .init("beta1", .number(.init(0, 1, includesMaximum: false)), default: 0.9, "Decay of the mean.")
          ])),
      ]), default: "sgd", "The optimiser."),
    .init("learning_rate", .number(.positive), default: 0.1, "The highest learning rate."),
    .init(
      "schedule",
      .object(
        ConfigurationSchema([
          .init("name", .choice(["constant", "step", "cosine"]), default: "cosine", "The shape."),
          .init("milestones", .array(.integer(1...100_000)), default: [], "Epochs after which the rate drops."),
          .init("warmup_epochs", .number(.nonNegative), default: 0, "Epochs of linear warm-up."),
        ])), default: [:], "The course of the learning rate."),
    .init("weight_decay", .number(.nonNegative), default: 5e-4, "Decoupled weight decay."),
    .init(
      "loss",
      .variant([
        .init("cross-entropy", "Cross entropy."),
        .init(
          "focal", "Focal loss.",
          options: ConfigurationSchema([
            .init("alpha", .number(.unit), default: 0.25, "The weight."),
            .init("gamma", .number(.nonNegative), default: 2, "The focusing exponent."),
          ])),
      ]), default: "cross-entropy", "The loss."),
    .init(
      "label_smoothing", .number(.init(0, 1, includesMaximum: false)), default: 0, "The share of the other classes."),
    .init(
      "augmentation",
      .optional(
        .either([
          .choice(["crop-flip", "affine"]),
          .object(
            ConfigurationSchema([
              .init("crop_padding", .integer(0...64), default: 0, "Pixels of padding before a crop."),
              .init("flip", .boolean, default: false, "Whether images are mirrored."),
            ])),
        ])), default: .null, "How images are varied."),
    .init(
      "early_stopping",
      .optional(
        .object(ConfigurationSchema([.init("patience", .integer(1...1000), default: 5, "Epochs without progress.")]))),
      default: .null, "When training ends early."),
    .init("log_every", .integer(1...1_000_000), default: 50, isResultRelevant: false, "Steps between log lines."),
  ])

  static let execution = ConfigurationSchema([
    .init("workers", .optional(.integer(1...1024)), default: .null, "Runs at a time."),
    .init("checkpoint_every_seconds", .number(.positive), default: 60, "Seconds between checkpoints."),
  ])

  static let study = StudySchema(
    sections: [("dataset", dataset), ("model", model), ("training", training)], execution: execution)
}

/// A valid spec in which tests replace single keys.
struct SpecText {
  var members: [(key: String, text: String)] = [
    ("name", #""study""#),
    ("dataset", #"{"name": "fashion-mnist"}"#),
    ("factors", #"{"conv": ["static", "odconv-1x", "odconv-4x"], "downsample": ["strided", "spd"]}"#),
    ("baseline", #"{"conv": "static", "downsample": "strided"}"#),
    ("seeds", "[0, 1]"),
  ]

  /// A spec with keys replaced, added or, where nil, taken out; one key a line, from line 2 on.
  init(_ changes: [(String, String?)] = []) {
    for (key, text) in changes {
      let index = members.firstIndex { $0.key == key }
      switch (index, text) {
      case (let index?, let text?): members[index].text = text
      case (let index?, nil): members.remove(at: index)
      case (nil, let text?): members.append((key, text))
      case (nil, nil): break
      }
    }
  }

  var json: String { "{\n" + members.map { "  \"\($0.key)\": \($0.text)" }.joined(separator: ",\n") + "\n}\n" }

  var source: SpecSource { SpecSource(path: "a.json", text: json) }
}

/// Checks a spec with some keys changed.
func checkSpec(
  _ changes: [(String, String?)] = [], schema: StudySchema = TestSchema.study,
  checkVariant: (ResolvedVariant) -> [SpecIssue] = { _ in [] }
) -> SpecCheck {
  schema.check(SpecText(changes).source, checkVariant: checkVariant)
}

/// The plan of a valid spec with some keys changed.
func makePlan(_ changes: [(String, String?)] = [], schema: StudySchema = TestSchema.study) throws -> Plan {
  try checkSpec(changes, schema: schema).validPlan()
}
