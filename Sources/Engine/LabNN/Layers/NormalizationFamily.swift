import LabCore

/// A layer that a network puts behind its convolutions.
public protocol NormalizationLayer: Layer, ConfigurableComponent {}

/// The normalisations that a configuration can name.
public enum NormalizationFamily: ComponentFamily {
  public static let registry = Registry<any NormalizationLayer>(
    "normalizations",
    [
      BatchNorm(),
      GroupNorm(),
    ]
  ) { type(of: $0).registeredNames }
}

/// The configuration of a normalisation: `"batch"`, `{"name": "group", "groups": 4}`.
public typealias NormalizationConfiguration = Selection<NormalizationFamily>
