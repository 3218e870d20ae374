import LabCore
import LabGraph
import LabNN

/// A network's plan: what is connected to what.
///
/// An architecture is one file and one line in ``ArchitectureFamily/registry``; the conformance tests run over all of
/// them.
public protocol Architecture: ConfigurableComponent {
  /// The networks of the family that are known by a name, as `labrun describe --all` lists them.
  static var members: [ZooMember] { get }

  /// A network of the family with few layers and channels that has every kind of its blocks, for tests.
  static var miniature: ZooMember { get }

  /// What the network is made of where a configuration does not say otherwise.
  var defaults: NetworkDefaults { get }

  /// Builds the network.
  ///
  /// - Parameters:
  ///   - images: `[N, C, H, W]`.
  ///   - depth: the number of layers; nil for the default.
  ///   - width: the channels of the first stage; nil for the default.
  ///   - network: puts what is configured in the places of convolutions, poolings and blocks.
  /// - Returns: logits `[N, classes]`.
  /// - Throws: ``LabNN/ModelError/option(subject:problem:)`` for a depth that the architecture does not come in.
  func logits(_ images: Tensor, depth: Int?, width: Int?, network: NetworkBuilder) throws -> Tensor

  /// The names here of parameters that another library calls otherwise.
  ///
  /// - Parameter names: the names in a file of weights; all may begin with the same prefix, which they keep.
  /// - Returns: the names here by those of the file; empty where the file is not of a library whose names are known.
  func ownNames(of names: [String]) -> [String: String]
}

extension Architecture {
  public var defaults: NetworkDefaults { NetworkDefaults() }

  public func ownNames(of names: [String]) -> [String: String] { [:] }

  /// Refuses a depth, for architectures that come in one only.
  ///
  /// - Throws: ``LabNN/ModelError/option(subject:problem:)``.
  func refuseDepth(_ depth: Int?, except own: Int? = nil) throws {
    guard let depth, depth != own else { return }
    throw ModelError.option(
      subject: "depth",
      problem: own.map { "the architecture has \($0) layers; choose another by its name, not by the depth \(depth)" }
        ?? "\(Self.variant.name) comes in one depth, found \(depth)")
  }
}

/// A network that is known by a name: a configuration, and the images and classes that it was made for.
public struct ZooMember: Hashable, Sendable {
  /// The name, such as `resnet50`.
  public var name: String
  /// The keys of a ``ModelConfiguration``.
  public var configuration: JSONValue
  /// An image's channels, height and width.
  public var image: Shape
  /// The number of classes.
  public var classCount: Int

  /// Creates a member.
  public init(_ name: String, _ configuration: JSONValue, image: Shape, classCount: Int) {
    self.name = name
    self.configuration = configuration
    self.image = image
    self.classCount = classCount
  }

  /// A network for images of ImageNet, known by the name or alias of its architecture.
  public static func imagenet(_ name: String, _ options: JSONValue = [:], extent: Int = 224) -> ZooMember {
    ZooMember(name, options.merging(["architecture": .string(name)]), image: [3, extent, extent], classCount: 1000)
  }

  /// A network for images of CIFAR-10.
  public static func cifar(_ name: String, _ configuration: JSONValue) -> ZooMember {
    ZooMember(name, configuration, image: [3, 32, 32], classCount: 10)
  }

  /// A miniature for tests: three classes, and few channels that tests have room for.
  public static func miniature(_ configuration: JSONValue, extent: Int = 16) -> ZooMember {
    ZooMember("miniature", configuration, image: [2, extent, extent], classCount: 3)
  }
}

extension JSONValue {
  /// The object with the members of another, which come first.
  fileprivate func merging(_ other: [String: JSONValue]) -> JSONValue {
    var result = self
    for (key, value) in other { result[key] = value }
    return result
  }
}

/// The architectures that a configuration can name.
public enum ArchitectureFamily: ComponentFamily {
  public static let registry = Registry<any Architecture>(
    "architectures",
    [
      ResNet(),
      PlainNet(),
      AlexNet(),
      VGG(),
      GoogLeNet(),
      MiniInception(),
      ImageNetResNet(),
      WideResNet(),
      WideCIFARResNet(),
      ResNeXt(),
      SEResNet(),
      SKResNet(),
      ResNeSt(),
      CBAMResNet(),
      BAMResNet(),
      ResidualAttentionNetwork(),
      DenseNet(),
      ImageNetDenseNet(),
      SqueezeNet(),
      Xception(),
      MobileNetV1(),
      MobileNetV2(),
      ShuffleNetV1(),
      ShuffleNetV2(),
      MultiScaleDynamicNet(),
      DynamicCapacityNetwork(),
    ]
  ) { type(of: $0).registeredNames }

  /// The networks that are known by a name, of every architecture.
  public static var members: [ZooMember] { types.flatMap { $0.members } }

  /// The registered architectures' types.
  public static var types: [any Architecture.Type] { registry.entries.map { type(of: $0) } }
}

/// The configuration of an architecture: `"resnet"`, `{"name": "resnet", "shortcut": "identity"}`.
public typealias ArchitectureConfiguration = Selection<ArchitectureFamily>
