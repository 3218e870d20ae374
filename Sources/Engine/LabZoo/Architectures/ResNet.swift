import LabCore
import LabGraph
import LabNN

/// The residual network for small images: three stages of basic blocks, depth `6n + 2`.
///
/// Parameters as in PyTorch: `conv1`, `bn1`, `layer1.0.conv1`, `layer1.0.bn1`, …, `layer2.0.downsample.0`, …, `fc`.
/// Shortcuts are projections unless the option `shortcut` says otherwise, also by the names `resnet20` to `resnet110`; in the
/// paper they are identities for small images.
///
/// - Source: He et al., "Deep residual learning for image recognition", CVPR 2016, arXiv 1512.03385.
public struct ResNet: Architecture {
  /// How a shortcut is fitted to a block that changes the shape.
  public enum Shortcut: String, Codable, Sendable, CaseIterable {
    /// A 1×1 convolution and a normalisation ("option B").
    case projection
    /// Every second pixel, and channels of zeros ("option A"): no parameters.
    case identity
  }

  /// How a shortcut is fitted to a block that changes the shape.
  public var shortcut: Shortcut

  /// Creates the architecture.
  public init(shortcut: Shortcut) { self.shortcut = shortcut }

  /// Creates the architecture with projections.
  public init() { self.init(shortcut: .projection) }

  public static let variant = ConfigurationSchema.Variant(
    "resnet", "The residual network for small images; depth 6n + 2 (default 20), width 16.",
    options: ConfigurationSchema([
      .init(
        "shortcut", .choice(Shortcut.allCases.map(\.rawValue)), default: .string(Self().shortcut.rawValue),
        "How a shortcut is fitted: by a 1×1 convolution, or by sub-sampling and zeros without parameters.")
    ]), aliases: ConfigurationSchema.Variant.depthAliases(names),
    companions: ConfigurationSchema.Variant.depthCompanions(names))

  /// The depths of the paper, by the names of their networks.
  private static let names: [String: Int] = Dictionary(
    uniqueKeysWithValues: [20, 32, 44, 56, 110].map { ("resnet\($0)", $0) })

  public static let members = [20, 32, 44, 56, 110].map {
    ZooMember.cifar("resnet\($0)", ["architecture": .string("resnet\($0)")])
  }

  public static let miniature = ZooMember.miniature(["architecture": "resnet", "depth": 8, "width": 4])

  public func logits(_ images: Tensor, depth: Int?, width: Int?, network: NetworkBuilder) throws -> Tensor {
    let depth = depth ?? 20
    guard depth >= 8, (depth - 2) % 6 == 0 else {
      throw ModelError.option(
        subject: "depth",
        problem: "a resnet has 6n + 2 layers (8, 14, 20, 32, 44, 56, 110, …), found \(depth); "
          + "nearest is \(max(1, Int((Double(depth - 2) / 6).rounded())) * 6 + 2)")
    }
    let width = width ?? 16
    var x = try network.stem(images, width: width, default: .cifar)
    for stage in 0..<3 {
      let builder = network.stage(stage + 1)
      for index in 0..<(depth - 2) / 6 {
        x = try network.scope("layer\(stage + 1).\(index)") {
          try block(x, channels: width << stage, halves: stage > 0 && index == 0, network: builder)
        }
      }
      if stage < 2 { x = try builder.transition(x) }
    }
    return try network.head(x)
  }

  private func block(_ x: Tensor, channels: Int, halves: Bool, network: NetworkBuilder) throws -> Tensor {
    let block = BasicBlock(channels: channels, halves: halves)
    guard shortcut == .identity, halves || x.shape[1] != channels else { return try block(x, network: network) }
    let factor = halves ? network.downsampling.factor : 1
    return try block(x, network: network) { try paddedIdentity($0, channels: channels, factor: factor) }
  }

  /// Every second pixel where the resolution is halved, and channels of zeros on both sides.
  private func paddedIdentity(_ x: Tensor, channels: Int, factor: Int) throws -> Tensor {
    let added = channels - x.shape[1]
    let sampled =
      factor > 1
      // A mean over one pixel with stride 2 picks every second one.
      ? try x.builder.apply(
        Pooling2D(.average(countsPadding: false), PoolingGeometry(window: 1, stride: factor)), x) : x
    return try x.builder.apply(Pad(axis: 1, before: added / 2, after: added - added / 2), sampled)
  }
}
