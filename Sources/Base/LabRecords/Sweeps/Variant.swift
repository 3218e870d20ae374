import LabCore

/// One combination of levels with a run for each seed.
public struct Variant: Sendable, Hashable {
  /// The label that tables print, such as `odconv-4x, spd`; unique within the sweep.
  public var label: String
  /// The level of each factor, by the factor's name.
  public var levels: [String: String]
  /// Whether the other variants are compared with this one.
  public var isBaseline: Bool
  /// The number of trainable parameters, where it is known.
  public var parameterCount: Int?
  /// The multiply-adds of one image's forward pass, where they are known.
  public var multiplyAdds: Int?
  /// One run a seed, in the order of the sweep's seeds.
  public var runs: [Run]

  /// Creates a variant.
  public init(
    label: String, levels: [String: String], isBaseline: Bool, parameterCount: Int? = nil, multiplyAdds: Int? = nil,
    runs: [Run]
  ) {
    self.label = label
    self.levels = levels
    self.isBaseline = isBaseline
    self.parameterCount = parameterCount
    self.multiplyAdds = multiplyAdds
    self.runs = runs
  }

  /// The resolved configuration, the same for all of the runs; nil without runs.
  public var configuration: JSONValue? { runs.first?.configuration }

  /// The number of images that the test metrics are over; nil before the first result.
  public var testImageCount: Int? { runs.lazy.compactMap(\.testImageCount).max() }
}
