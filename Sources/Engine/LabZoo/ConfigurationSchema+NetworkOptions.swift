import LabCore

/// Options that several blocks or architectures have.
extension ConfigurationSchema.Field {
  /// The stages that have an attention block.
  public static let stages = Self(
    "stages", .optional(.array(.integer(1...64))), default: .null,
    "The stages that have the block, counted from 1; null for all.")

  /// The width of an attention's hidden layer.
  public static func reduction(default value: Double) -> Self {
    Self(
      "reduction", .number(.init(0, 1, includesMinimum: false)), default: .number(value),
      "The width of the hidden layer as a share of the channels."
    ).compared([0.25, 0.125, 0.0625, 0.03125])
  }

  /// Which of a block's two attentions there are.
  static let channelAndSpatial = Self(
    "parts",
    .object(
      .switches([
        ("channel", "Whether there is the attention over channels."), ("spatial", "Whether there is that over pixels."),
      ])), default: [:], "Which of the two attentions there are; without both, the block does nothing.")

  /// The stages whose resolution is halved so.
  static let halvedStages = Self(
    "stages", .optional(.array(.integer(0...64))), default: .null,
    "The stages whose resolution is halved so, counted from 1, with 0 for the stem and what else is outside of stages; "
      + "null for all. Others are halved by strides.")

  /// What a hidden layer's width is rounded to.
  public static func divisor(default value: Int) -> Self {
    .init("divisor", .integer(1...1024), default: .integer(value), "The number that the hidden width is a multiple of.")
  }

  /// The factor of all channels.
  public static func multiplier(default value: Double) -> Self {
    .init("multiplier", .number(.init(0.01, 16)), default: .number(value), "The factor of all channels.")
  }

  /// The number that channels are a multiple of.
  public static func roundTo(default value: Int) -> Self {
    .init("round_to", .integer(1...256), default: .integer(value), "The number that channels are a multiple of.")
  }
}

extension ConfigurationSchema.Variant {
  /// Aliases of an architecture that differ in their depth only.
  ///
  /// - Parameter depths: the depth of each.
  static func depthAliases(_ depths: [String: Int]) -> [String: [String: JSONValue]] { depths.mapValues { _ in [:] } }

  /// What names of an architecture stand for beside its options: the model's depth.
  ///
  /// - Parameter depths: the depth of each.
  static func depthCompanions(_ depths: [String: Int]) -> [String: [String: JSONValue]] {
    depths.mapValues { [ModelConfiguration.CodingKeys.depth.stringValue: .integer($0)] }
  }
}
