import BackendReference
import Foundation
import LabCore
import LabGraph
import LabNN
import LabZoo
import Testing

/// The parts of other blocks: which attentions, branches and stages there are.
@Suite struct BlockPartTests {
  private func network(_ options: JSONValue) throws -> EvaluationGraph {
    var configuration: JSONValue = ["depth": 8, "width": 4]
    for (key, value) in options.objectValue ?? [:] { configuration[key] = value }
    let model = try ModelConfiguration(configuration: configuration)
    return try EvaluationGraph(
      model: model.model(classCount: 3), batch: ClassificationBatch(size: 2, image: [3, 16, 16], classCount: 3))
  }

  private func names(_ options: JSONValue) throws -> [String] { try network(options).declarations.map(\.name) }

  private func message(_ options: JSONValue) -> String {
    do {
      _ = try network(options)
      return "nothing thrown"
    } catch { return "\(error)" }
  }

  @Test(arguments: ["cbam", "bam"]) func eitherAttentionCanBeLeftOut(_ name: String) throws {
    func names(_ parts: [JSONValue]) throws -> Set<String> {
      Set(
        try self.names(["attention": ["name": .string(name), "parts": .array(parts)]])
          .filter { $0.contains(".se.") || $0.hasPrefix("bam") })
    }
    let (both, channel, spatial) = (
      try names(["channel", "spatial"]), try names(["channel"]), try names(["spatial"])
    )
    #expect(channel.union(spatial) == both && channel.isDisjoint(with: spatial))
    #expect(!channel.isEmpty && channel.allSatisfy { $0.contains(".channel") })
    #expect(!spatial.isEmpty && spatial.allSatisfy { $0.contains(".spatial") })
    #expect(try names([]).isEmpty)
  }

  @Test func optionsOfOneAttentionAreErrors() {
    #expect(
      message(["attention": ["name": "cbam", "parts": ["channel"], "order": "parallel"]]).hasPrefix("attention.order"))
    #expect(
      message(["attention": ["name": "bam", "parts": ["channel"], "combine": "product"]]).hasPrefix("attention.combine")
    )
  }

  /// The order is that of the scopes in the graph; in parallel both weights are those of the block's input.
  @Test func attentionsHaveAnOrder() throws {
    func order(_ order: String) throws -> [String] {
      try names(["attention": ["name": "cbam", "order": .string(order)]]).filter { $0.hasPrefix("layer1.0.se.") }
        .map { String($0.dropFirst("layer1.0.se.".count).prefix { $0 != "." }) }
    }
    #expect(try order("channel-first").first == "channel" && order("spatial-first").first == "spatial")
    #expect(try Set(order("parallel")) == ["channel", "spatial"])
    func logits(_ order: String) throws -> [Double] {
      let network = try network(["attention": ["name": "cbam", "order": .string(order)]])
      let session = ReferenceBackend().makeReferenceSession()
      let executable = try session.compileReference(network.graph)
      for (name, values) in network.declarations.initialValues(seed: 1) { try session.write(name, values) }
      let images = try executable.floatInput("images")
      let stream = RandomStream(seed: 1, name: "images")
      for index in images.indices { images[index] = Float(stream.normal(UInt64(index))) }
      try executable.run()
      return try executable.readDouble("logits")
    }
    let all = try ["channel-first", "spatial-first", "parallel"].map(logits)
    #expect(all[0] != all[1] && all[1] != all[2] && all[0] != all[2])
  }

  @Test func fusionHasTheBranchesOfTheOptions() throws {
    func shapes(_ options: JSONValue) throws -> [String: [Int]] {
      var fusion: JSONValue = ["name": "multiscale"]
      for (key, value) in options.objectValue ?? [:] { fusion[key] = value }
      return Dictionary(
        uniqueKeysWithValues: try network(["fusion": fusion]).declarations.filter { $0.name.hasPrefix("fusion.") }
          .map { (String($0.name.dropFirst("fusion.".count)), $0.shape.dimensions) })
    }
    #expect(try shapes([:]).count == 8)
    #expect(
      try shapes(["branches": ["conv3x3", "conv7x7"], "combine": "weighted"]) == [
        "conv3x3.weight": [16, 16, 3, 3], "conv3x3.bias": [16], "conv7x7.weight": [16, 16, 7, 7], "conv7x7.bias": [16],
        "branch_weights": [2],
      ])
    #expect(
      try shapes(["branches": ["conv5x5"], "depthwise": true]) == [
        "conv5x5.weight": [16, 1, 5, 5], "conv5x5.bias": [16],
      ])
    #expect(try shapes(["branches": []]) == [:])
  }

  @Test func resolutionIsHalvedAsConfiguredInSomeStages() throws {
    // Behind space-to-depth the normalization has four times the channels.
    func channels(_ stages: JSONValue) throws -> [Int?] {
      let declarations = try network(["downsample": ["name": "spd", "stages": stages]]).declarations
      return ["layer2.0.bn1.weight", "layer3.0.bn1.weight"].map { name in
        declarations.first { $0.name == name }?.shape[0]
      }
    }
    #expect(try channels(.null) == [32, 64] && channels([2, 3]) == [32, 64])
    #expect(try channels([2]) == [32, 16] && channels([3]) == [8, 64])
    #expect(message(["downsample": ["name": "spd", "stages": [1, 2]]]).contains("stage 1 halves nothing"))
    #expect(message(["downsample": ["name": "spd", "stages": []]]).contains("downsample"))
  }

  /// The shapes of a network's tensors whose names contain a text.
  private func shapes(_ options: JSONValue, _ text: String) throws -> [String: [Int]] {
    Dictionary(
      uniqueKeysWithValues: try network(options).declarations.filter { $0.name.contains(text) && $0.shape.rank > 1 }
        .map { ($0.name, $0.shape.dimensions) })
  }

  /// The extents of the features behind a layer of the graph.
  private func extents(_ options: JSONValue, behind path: String) throws -> [Int] {
    let graph = try network(options).graph
    let last = try #require(graph.nodes.last { $0.path == path && $0.operation is Convolution2D })
    return Array(graph.type(of: last.outputs[0]).shape.dimensions.suffix(2))
  }

  @Test func spaceToDepthStandsWhereTheOptionsSay() throws {
    func weights(_ options: [String: JSONValue]) throws -> [String: [Int]] {
      let spd = JSONValue.object(options.merging(["name": "spd"]) { $1 })
      return try shapes(["downsample": spd], "layer2.0.conv")
    }
    let (first, second, projection) = (
      "layer2.0.conv1.weight", "layer2.0.conv2.weight", "layer2.0.conv1.projection.weight"
    )
    #expect(try weights([:]) == [first: [8, 4, 3, 3], second: [8, 32, 3, 3]])
    #expect(try weights(["order": "before"]) == [first: [8, 16, 3, 3], second: [8, 8, 3, 3]])
    #expect(
      try weights(["restore_channels": true])
        == [first: [8, 4, 3, 3], projection: [8, 32, 1, 1], second: [8, 8, 3, 3]])
    #expect(
      try weights(["restore_channels": true, "order": "before"])
        == [projection: [4, 16, 1, 1], first: [8, 4, 3, 3], second: [8, 8, 3, 3]])
    let vgg: JSONValue = ["architecture": "vgg11", "width": 4, "depth": .null]
    func pooled(_ options: [String: JSONValue]) throws -> [Int]? {
      var configuration = vgg
      configuration["downsample"] = .object(options.merging(["name": "spd"]) { $1 })
      let model = try ModelConfiguration(configuration: configuration).model(classCount: 3)
      let batch = ClassificationBatch(size: 1, image: [3, 32, 32], classCount: 3)
      return try EvaluationGraph(model: model, batch: batch).declarations.first { $0.name == "features.3.weight" }?
        .shape.dimensions
    }
    #expect(try pooled([:]) == [8, 16, 3, 3] && pooled(["restore_channels": true]) == [8, 4, 3, 3])
    #expect(throws: ModelError.self) { try pooled(["order": "before"]) }
  }

  /// In a convolution of groups, each group has the pixels of its own channels.
  @Test func pixelsComeIntoTheGroupOfTheirChannel() throws {
    let context = ModelContext(.evaluation)
    var spd = SPDDownsampling()
    spd.order = .before
    let x = try context.builder.input("x", [1, 3, 2, 2])
    try context.builder.output("y", spd.beforeConvolution(x, groups: 3, in: context))
    let session = ReferenceBackend().makeReferenceSession()
    let executable = try session.compileReference(context.builder.graph)
    let input = try executable.floatInput("x")
    for index in input.indices { input[index] = Float(index) }
    try executable.run()
    #expect(try executable.readDouble("y") == [0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11])
  }

  @Test func oneSpaceToDepthTakesThePlaceOfTwoHalvings() throws {
    let spd: JSONValue = ["name": "spd", "scale": 4]
    for (shortcut, layer) in [("projection", "layer3.0.conv2"), ("identity", "layer3.0.conv2")] {
      let architecture: JSONValue = ["name": "resnet", "shortcut": .string(shortcut)]
      let options: JSONValue = ["architecture": architecture, "downsample": spd]
      #expect(try extents(options, behind: "layer1.0.conv2") == [16, 16])
      #expect(try extents(options, behind: "layer2.0.conv2") == [4, 4])
      #expect(try extents(options, behind: layer) == [4, 4])
      #expect(try extents(["architecture": architecture, "downsample": "spd"], behind: layer) == [4, 4])
    }
    #expect(
      try shapes(["downsample": spd], ".0.")["layer2.0.conv2.weight"] == [8, 128, 3, 3]
        && shapes(["downsample": spd], ".0.")["layer3.0.conv2.weight"] == [16, 16, 3, 3])
    #expect(
      try shapes(["downsample": ["name": "spd", "scale": 4, "order": "before"]], "conv")["layer2.0.conv1.weight"]
        == [8, 64, 3, 3])
    // Large images: the stem's stride and pooling become one, stages 2 and 3 are joined, and stage 4 has none to join.
    let large: JSONValue = ["architecture": "resnet18", "width": 4, "depth": .null]
    func stageExtents(_ downsampling: JSONValue) throws -> [Int] {
      var configuration = large
      configuration["downsample"] = downsampling
      let model = try ModelConfiguration(configuration: configuration).model(classCount: 3)
      let graph = try EvaluationGraph(
        model: model, batch: ClassificationBatch(size: 1, image: [3, 64, 64], classCount: 3)
      ).graph
      return (1...4).map { stage in
        graph.nodes.last { $0.path == "layer\(stage).1.conv2" && $0.operation is Convolution2D }
          .map { graph.type(of: $0.outputs[0]).shape[3] } ?? 0
      }
    }
    #expect(try stageExtents("strided") == [16, 8, 4, 2])
    #expect(try stageExtents("spd") == [32, 16, 8, 4])
    #expect(try stageExtents(spd) == [16, 4, 4, 2])
    #expect(try stageExtents(["name": "spd", "scale": 4, "stages": [0]]) == [16, 8, 4, 2])
    #expect(try stageExtents(["name": "spd", "scale": 4, "stages": [3, 4]]) == [16, 8, 2, 2])
    #expect(
      message(["downsample": ["name": "spd", "scale": 4, "stages": [3]]])
        .hasPrefix("downsample.scale: the architecture resnet halves the resolution nowhere twice"))
    #expect(message(["downsample": ["name": "spd", "scale": 3]]).hasPrefix("downsample.scale: the scale is 2, or 4"))
  }

  @Test func theLastConvolutionIsFoundWhereHalvingsAreJoined() throws {
    let names = try names([
      "downsample": ["name": "spd", "scale": 4, "restore_channels": true],
      "conv": ["name": "odconv", "layers": "last"],
    ])
    #expect(names.filter { $0.hasSuffix("attention.fc.weight") } == ["layer3.0.conv2.attention.fc.weight"])
    #expect(names.filter { $0.contains("projection") } == ["layer2.0.conv1.projection.weight"])
  }

  @Test func selectiveKernelsHaveTheBranchesOfTheOptions() throws {
    func weights(_ options: [String: JSONValue]) throws -> [String: [Int]] {
      let sk = JSONValue.object(options.merging(["name": "sk"]) { $1 })
      let shapes = try shapes(["attention": sk], "layer1.0.conv1.")
      return Dictionary(uniqueKeysWithValues: shapes.map { (String($0.dropFirst("layer1.0.conv1.".count)), $1) })
    }
    let path = "paths.0.conv.weight"
    #expect(
      try weights([:]) == [
        path: [4, 2, 3, 3], "paths.1.conv.weight": [4, 2, 3, 3], "attn.fc_reduce.weight": [16, 4, 1, 1],
        "attn.fc_select.weight": [8, 16, 1, 1],
      ])
    #expect(try weights(["branches": 1]) == [path: [4, 4, 3, 3]])
    #expect(try weights(["branches": 4])["attn.fc_select.weight"] == [16, 16, 1, 1])
    let dense = try weights(["branches": 3, "reach": "dense", "split_input": false])
    #expect(dense["paths.1.conv.weight"] == [4, 4, 5, 5] && dense["paths.2.conv.weight"] == [4, 4, 7, 7])
    #expect(message(["attention": ["name": "sk", "branches": 3]]).contains("divides by 3 for split_input"))
    #expect(message(["attention": ["name": "sk", "branches": 1, "gate": "sigmoid"]]).hasPrefix("attention.gate"))
    #expect(message(["attention": ["name": "sk", "branches": 1, "reach": "dense"]]).hasPrefix("attention.reach"))
  }

  @Test func partsOfChannelAttentionsCanBeLeftOut() throws {
    let se = try shapes(["attention": ["name": "se", "hidden_layer": false]], "layer1.0.se.")
    #expect(se == ["layer1.0.se.fc.weight": [4, 4, 1, 1]])
    #expect(
      message(["attention": ["name": "se", "hidden_layer": false, "reduction": 0.5]]).hasPrefix("attention.reduction"))
    #expect(
      try shapes(["attention": ["name": "eca", "window": 1]], "layer1.0.se.conv")["layer1.0.se.conv.weight"] == [
        1, 1, 1,
      ])
    let split = try shapes(["attention": ["name": "split-attention", "radix": 1]], "layer1.0.conv1.")
    #expect(
      split["layer1.0.conv1.conv.weight"] == [4, 4, 3, 3] && split["layer1.0.conv1.fc2.weight"] == [4, 32, 1, 1])
    let groups = try shapes(["attention": ["name": "split-attention", "cardinality": 2]], "layer1.0.conv1.")
    #expect(
      groups["layer1.0.conv1.conv.weight"] == [8, 1, 3, 3] && groups["layer1.0.conv1.fc1.weight"] == [32, 2, 1, 1])
    #expect(
      message(["attention": ["name": "split-attention", "radix": 1, "gate": "sigmoid"]]).hasPrefix("attention.gate"))
    let kinds = try network(["attention": ["name": "split-attention", "radix": 1]]).parts.map(\.kind)
    #expect(kinds.contains(.channelAttention) && !kinds.contains(.branchAttention))
  }

  @Test func masksHaveThePartsOfTheOptions() throws {
    func network(_ options: [String: JSONValue]) throws -> EvaluationGraph {
      let architecture = JSONValue.object(options.merging(["name": "residual-attention", "modules": [1]]) { $1 })
      return try self.network(["architecture": architecture, "width": 1, "stem": "cifar", "depth": .null])
    }
    let (whole, bare) = (try network([:]), try network(["mask": false]))
    let missing = Set(whole.declarations.map(\.name)).subtracting(bare.declarations.map(\.name))
    #expect(missing.allSatisfy { $0.hasPrefix("attention_module1.softmax") } && !missing.isEmpty)
    #expect(
      whole.parts.contains { $0.kind == .featureAttention } && !bare.parts.contains { $0.kind == .featureAttention })
    #expect(try network(["residual": false]).declarations == whole.declarations)
    #expect(try network(["mask": false, "residual": false]).declarations == bare.declarations)
    #expect(throws: ModelError.self) { try network(["mask": false, "mask_activation": "channel"]) }

    /// The mask of random images.
    func mask(_ options: [String: JSONValue]) throws -> (values: [Double], shape: Shape) {
      let graph = try network(options)
      let part = try #require(graph.parts.first { $0.kind == .featureAttention })
      let probed = try graph.graph.rewritten(GraphRewriting(), outputs: [("mask", part.value)])
      let session = ReferenceBackend().makeReferenceSession()
      let executable = try session.compileReference(probed)
      for (name, values) in graph.declarations.initialValues(seed: 1) where probed.variable(name) != nil {
        try session.write(name, values)
      }
      let stream = RandomStream(seed: 1, name: "images")
      let images = try executable.floatInput("images")
      for index in images.indices { images[index] = Float(stream.normal(UInt64(index))) }
      try executable.run()
      return (try executable.readDouble("mask"), graph.graph.type(of: part.value).shape)
    }
    let (mixed, shape) = try mask(["residual": false])
    #expect(mixed.allSatisfy { $0 > 0 && $0 < 1 })
    let residual = try mask([:]).values
    #expect(zip(residual, mixed).allSatisfy { abs($0 - 1 - $1) < 1e-6 })
    // The length of a pixel's channels is 1, and the logit of a sigmoid has a mean of 0 and a variance of 1.
    let pixels = shape[2] * shape[3]
    let lengths = try mask(["residual": false, "mask_activation": "channel"]).values
    for pixel in 0..<pixels {
      let power = (0..<shape[1]).reduce(0) { $0 + lengths[$1 * pixels + pixel] * lengths[$1 * pixels + pixel] }
      #expect(abs(power - 1) < 1e-3)
    }
    let spatial = try mask(["residual": false, "mask_activation": "spatial"]).values.prefix(pixels)
    let logits = spatial.map { -log(1 / $0 - 1) }
    let mean = logits.reduce(0, +) / Double(pixels)
    #expect(abs(mean) < 1e-4)
    #expect(abs(logits.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(pixels) - 1) < 1e-3)
  }
}
