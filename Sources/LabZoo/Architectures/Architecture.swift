import LabCore
import LabGraph
import LabNN

/// A network's plan: what is connected to what.
///
/// An architecture is one file and one line in ``ArchitectureFamily/registry``; the conformance tests run over all of
/// them.
public protocol Architecture: ConfigurableComponent {
  /// Builds the network.
  ///
  /// - Parameters:
  ///   - images: `[N, C, H, W]`.
  ///   - depth: the number of layers; nil for the default.
  ///   - width: the channels of the first stage; nil for the default.
  /// - Returns: logits `[N, classes]`.
  /// - Throws: ``LabNN/ModelError/option(subject:problem:)`` for a depth that the architecture does not come in.
  func logits(_ images: Tensor, depth: Int?, width: Int?, network: NetworkBuilder) throws -> Tensor
}

/// The architectures that a configuration can name.
public enum ArchitectureFamily: ComponentFamily {
  public static let registry = Registry<any Architecture>([
    .init(ResNet.self) { $0 },
    .init(PlainNet.self) { $0 },
    .init(ImageNetResNet.self) { $0 },
  ])
}

/// The configuration of an architecture: `"resnet"`, `{"name": "resnet", "shortcut": "identity"}`.
public typealias ArchitectureConfiguration = Selection<ArchitectureFamily>
