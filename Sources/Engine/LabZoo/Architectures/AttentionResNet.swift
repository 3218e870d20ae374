import LabCore
import LabGraph
import LabNN

/// A residual network for large images whose blocks have an attention of their own.
///
/// A network states its names, its source and its ``Architecture/defaults``, with that attention; the plan is that of all
/// residual networks. The key `attention` of a configuration puts another block in the attention's place.
public protocol AttentionResNet: Architecture {
  /// The number of layers.
  var layers: ResidualNetwork.Layers { get }
  /// The number of blocks of each stage; nil for that of the number of layers.
  var blocks: [Int]? { get }

  /// Creates the architecture.
  init(layers: ResidualNetwork.Layers, blocks: [Int]?)
}

extension AttentionResNet {
  /// Creates the architecture with 50 layers.
  public init() { self.init(layers: .fifty, blocks: nil) }

  /// The variant of a configuration, with an alias `prefix` + layers for each number of layers in `known`.
  static func attentionVariant(
    _ name: String, _ summary: String, aliases prefix: String,
    _ known: [ResidualNetwork.Layers] = ResidualNetwork.Layers.allCases
  ) -> ConfigurationSchema.Variant {
    ConfigurationSchema.Variant(
      name, summary, options: ConfigurationSchema([.layers(default: Self().layers), .blocks]),
      aliases: ConfigurationSchema.Variant.layerAliases(prefix, known))
  }

  public static var members: [ZooMember] {
    func layers(_ options: [String: JSONValue]) -> Int { options["layers"]?.integerValue ?? 0 }
    return variant.aliases.sorted { layers($0.value) < layers($1.value) }.map { ZooMember.imagenet($0.key) }
  }

  public static var miniature: ZooMember {
    ZooMember.miniature(
      ["architecture": ["name": .string(variant.name), "blocks": [1, 1]], "width": 2, "stem": "cifar"])
  }

  public func logits(_ images: Tensor, depth: Int?, width: Int?, network: NetworkBuilder) throws -> Tensor {
    try refuseDepth(depth, except: layers.rawValue)
    return try ResidualNetwork(blocks: blocks ?? layers.blocks, hasBottlenecks: layers.hasBottlenecks)
      .logits(images, width: width, network: network)
  }
}
