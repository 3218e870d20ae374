import BackendReference
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
}
