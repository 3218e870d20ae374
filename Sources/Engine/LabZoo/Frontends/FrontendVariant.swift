import LabCore
import LabNN

/// A block between the images and a network's first layer that keeps the images' shape.
public protocol FrontendVariant: ConfigurableComponent {
  /// The block.
  var layer: any Layer { get }
}

/// The blocks in front of a network that a configuration can name.
public enum FrontendFamily: ComponentFamily {
  public static let registry = Registry<any FrontendVariant>("frontends", [SpatialTransformer()]) {
    type(of: $0).registeredNames
  }
}

/// The configuration of a block in front of a network: `"spatial-transformer"`.
public typealias FrontendConfiguration = Selection<FrontendFamily>
