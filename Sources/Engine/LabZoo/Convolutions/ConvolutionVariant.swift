import LabCore
import LabNN

/// What a network uses as its convolutions.
///
/// A variant is one file and one line in ``ConvolutionFamily/registry``; the conformance tests run over all of them.
public protocol ConvolutionVariant: ConfigurableComponent {
  /// The layer that takes the place of a static convolution.
  func layer(replacing convolution: Convolution) -> any Layer

  /// Which convolutions are replaced; unless a variant says otherwise, all but the stem and the shortcuts' 1×1 ones,
  /// which the papers leave static.
  var layers: ReplacedLayers { get }
}

extension ConvolutionVariant {
  public var layers: ReplacedLayers { ReplacedLayers() }
}

/// The convolution variants that a configuration can name.
public enum ConvolutionFamily: ComponentFamily {
  public static let registry = Registry<any ConvolutionVariant>(
    "convolutions",
    [
      StaticConvolution(),
      ODConv(),
      DyConv(),
      CondConv(),
    ]
  ) { type(of: $0).registeredNames }
}

/// The configuration of a convolution variant: `"static"`, `"odconv-4x"`, `{"name": "odconv", "kernels": 2}`.
public typealias ConvolutionConfiguration = Selection<ConvolutionFamily>
