import LabCore
import LabNN

/// A block between a network's last stage and its head that keeps shape and channels.
public protocol FusionVariant: ConfigurableComponent {
  /// The block for a number of channels.
  func layer(outputChannels: Int) -> any Layer
}

/// The fusion blocks that a configuration can name.
public enum FusionFamily: ComponentFamily {
  public static let registry = Registry<any FusionVariant>(
    "fusions",
    [
      MultiScaleFusion(),
      DualAttention(),
    ]
  ) { type(of: $0).registeredNames }
}

/// The configuration of a fusion block: `"multiscale"`, `{"name": "multiscale", "combine": "concat"}`.
public typealias FusionConfiguration = Selection<FusionFamily>
