/// A layer that a network puts behind its convolutions.
public protocol NormalizationLayer: Layer, Hashable {}

/// The normalisations that a configuration can name.
public enum NormalizationFamily: ComponentFamily {
  public static let registry = Registry<any NormalizationLayer>([
    .init(BatchNorm.self) { $0 },
    .init(GroupNorm.self) { $0 },
  ])
}

/// The configuration of a normalisation: `"batch"`, `{"name": "group", "groups": 4}`.
public typealias NormalizationConfiguration = Selection<NormalizationFamily>
