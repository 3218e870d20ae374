import BackendReference
import LabCore
import LabGraph
import LabNN
import LabZoo
import Testing

/// The options of dynamic convolutions: what they change, what they leave as it is, and what has no effect.
@Suite struct DynamicOptionTests {
  private static let batch = ClassificationBatch(size: 3, image: [3, 8, 8], classCount: 3)

  private func network(_ conv: JSONValue, width: Int = 4) throws -> EvaluationGraph {
    let model = try ModelConfiguration(configuration: ["depth": 8, "width": .integer(width), "conv": conv])
    return try EvaluationGraph(model: model.model(classCount: 3), batch: Self.batch)
  }

  private func message(_ conv: JSONValue) -> String {
    do {
      _ = try network(conv)
      return "nothing thrown"
    } catch { return "\(error)" }
  }

  /// The logits of a network with given weights.
  private func logits(
    _ network: EvaluationGraph, step: Int = 0, replacing weights: [String: [Float]] = [:]
  ) throws -> [Double] {
    let session = ReferenceBackend().makeReferenceSession()
    let executable = try session.compileReference(network.graph)
    for (name, values) in network.declarations.initialValues(seed: 7) {
      try session.write(name, weights[name] ?? values)
    }
    let stream = RandomStream(seed: 7, name: "images")
    let images = try executable.floatInput("images")
    for index in images.indices { images[index] = Float(stream.normal(UInt64(index))) }
    try executable.fill(network.scalars, at: StepPosition(step: step, stepsPerEpoch: 10, totalSteps: 200))
    try executable.run()
    return try executable.readDouble("logits")
  }

  private func isClose(_ left: [Double], _ right: [Double]) -> Bool {
    zip(left, right).allSatisfy { abs($0 - $1) < 1e-6 * max(1, abs($1)) }
  }

  @Test func identitiesAndParametersOfThePapersVariantsAreThoseOfTheirRevision() throws {
    func identity(_ conv: JSONValue) throws -> JSONValue {
      ModelConfiguration.schema.identityConfiguration(of: try ModelConfiguration.schema.resolved(["conv": conv]))
    }
    #expect(try identity("odconv-4x") == ["conv": ["name": "odconv", "#revision": 1]])
    #expect(try identity("odconv-1x") == ["conv": ["name": "odconv", "kernels": 1, "#revision": 1]])
    #expect(try identity("dyconv") == ["conv": ["name": "dyconv", "#revision": 1]])
    #expect(try identity("condconv-4x") == ["conv": ["name": "condconv", "kernels": 4, "#revision": 1]])
    #expect(
      try identity(["name": "odconv", "temperature_share": 0.1])
        == ["conv": ["name": "odconv", "temperature_epochs": .null, "temperature_share": 0.1, "#revision": 1]])
    // A preset is what it is short for, and a key of its own takes the place of the preset's.
    let spelled: JSONValue = ["name": "odconv", "attention_initialization": "zero", "temperature_share": 0.1]
    #expect(try identity("odconv-4x-short") == identity(spelled))
    #expect(
      try identity(["name": "odconv-4x-short", "temperature_epochs": 3])
        == identity(["name": "odconv", "attention_initialization": "zero", "temperature_epochs": 3]))
    func names(_ conv: JSONValue) throws -> [String] {
      try network(conv).declarations.map(\.name).filter { $0.hasPrefix("layer1.0.conv1.") }
        .map { String($0.dropFirst("layer1.0.conv1.".count)) }
    }
    let heads = ["channel_fc", "filter_fc", "spatial_fc", "kernel_fc"]
    #expect(
      try names("odconv-4x")
        == ["weight", "attention.fc.weight"]
        + ["weight", "bias", "running_mean", "running_var"].map { "attention.bn.\($0)" }
        + heads.flatMap { ["attention.\($0).weight", "attention.\($0).bias"] })
    #expect(
      try names("dyconv") == ["weight", "attention.fc1.weight", "attention.fc2.weight", "attention.fc2.bias"])
    #expect(try names("condconv") == ["weight", "routing_fn.weight", "routing_fn.bias"])
  }

  @Test func attentionsThatAreLeftOutHaveNoParameters() throws {
    for attentions in [["channel"], ["spatial", "kernel"], []] {
      let names = try network(["name": "odconv", "attentions": .array(attentions.map(JSONValue.string))])
        .declarations.map(\.name)
      let heads = Set(names.filter { $0.contains("_fc.") }.compactMap { $0.split(separator: ".").dropLast().last })
      #expect(heads == Set(attentions.map { Substring($0 + "_fc") }))
      #expect(names.contains { $0.contains("attention") } == !attentions.isEmpty)
    }
    // A 1×1 convolution has no taps to weigh, so that nothing of the branch is left.
    let model = try ModelConfiguration(
      configuration: ["architecture": "resnet50", "width": 4, "conv": ["name": "odconv", "attentions": ["spatial"]]])
    let bottleneck = try EvaluationGraph(
      model: model.model(classCount: 3), batch: ClassificationBatch(size: 2, image: [3, 32, 32], classCount: 3))
    let names = bottleneck.declarations.map(\.name)
    #expect(names.contains("layer1.0.conv2.attention.fc.weight"))
    #expect(!names.contains { $0.hasPrefix("layer1.0.conv1.attention") })
  }

  /// Kernels without an attention over them are added, and without any attention the convolution is a static one.
  @Test(arguments: [1, 4]) func withoutAttentionsTheKernelsAreOneStaticKernel(_ kernels: Int) throws {
    let dynamic = try network(["name": "odconv", "kernels": .integer(kernels), "attentions": []])
    var weights = dynamic.declarations.initialValues(seed: 7)
    for declaration in dynamic.declarations where declaration.shape.rank == 5 {
      let (all, count) = (weights[declaration.name] ?? [], declaration.shape.elementCount / kernels)
      weights[declaration.name] = (0..<count).map { index in
        Float((0..<kernels).reduce(0.0) { $0 + Double(all[$1 * count + index]) })
      }
    }
    #expect(try isClose(logits(network("static"), replacing: weights), logits(dynamic)))
  }

  @Test func aZeroStartGivesUniformAttentionsAndChangesNoOtherDraw() throws {
    let (plain, zero) = (
      try network("odconv-4x"), try network(["name": "odconv", "attention_initialization": "zero"])
    )
    let (before, after) = (
      plain.declarations.initialValues(seed: 7), zero.declarations.initialValues(seed: 7)
    )
    #expect(plain.declarations.map(\.name) == zero.declarations.map(\.name))
    let changed = before.keys.filter { before[$0] != after[$0] }
    #expect(Set(changed) == Set(before.keys.filter { $0.hasSuffix("_fc.weight") }))
    #expect(changed.allSatisfy { after[$0]?.allSatisfy { $0 == 0 } == true })
    // Three attentions of a half, and a quarter of each of four kernels: a static convolution, at any temperature.
    var weights = after
    for declaration in zero.declarations where declaration.shape.rank == 5 {
      let (all, count) = (weights[declaration.name] ?? [], declaration.shape.elementCount / 4)
      weights[declaration.name] = (0..<count).map { index in
        Float((0..<4).reduce(0.0) { $0 + Double(all[$1 * count + index]) } / 32)
      }
    }
    for step in [0, 150] {
      #expect(try isClose(logits(network("static"), replacing: weights), logits(zero, step: step)))
    }
  }

  @Test func theTemperaturesCourseIsThatOfTheOptions() throws {
    func temperature(_ options: JSONValue, _ step: Int) throws -> Double? {
      var conv: JSONValue = ["name": "odconv"]
      for (key, value) in options.objectValue ?? [:] { conv[key] = value }
      return try network(conv).scalars.compactMap { $0 as? TemperatureAnnealing }.first?
        .value(at: StepPosition(step: step, stepsPerEpoch: 10, totalSteps: 200))
    }
    #expect(try temperature([:], 50) == 15.5)
    #expect(try temperature(["annealing": "none"], 50) == nil)
    // Half a cosine from 30 to 2 over 100 steps: after a third of them three quarters are left.
    let cosine: JSONValue = ["annealing": "cosine", "final_temperature": 2, "temperature_epochs": 9]
    for (step, expected) in [(0, 30.0), (30, 2 + 28 * 0.75), (45, 16), (90, 2), (150, 2)] {
      let found = try temperature(cosine, step) ?? .nan
      #expect(abs(found - expected) < 1e-12, "step \(step): \(found)")
    }
    // A temperature that is the same throughout needs no scalar, and is what divides the logits.
    let (cold, warm) = (
      try network(["name": "dyconv", "annealing": "none", "final_temperature": 4]), try network("dyconv")
    )
    #expect(cold.scalars.isEmpty)
    #expect(try !isClose(logits(cold), logits(warm, step: 199)))
    let four = try network(["name": "dyconv", "final_temperature": 4])
    #expect(try isClose(logits(cold), logits(four, step: 199)))
  }

  @Test func gatesAreThoseOfTheOptions() throws {
    // Softmax over one tap weighs nothing; a hard sigmoid of zeros is a half, as a sigmoid is.
    let zero: (JSONValue) throws -> [Double] = { gates in
      try logits(network(["name": "odconv", "attention_initialization": "zero", "gates": gates]))
    }
    #expect(try isClose(zero(["channel": "hard-sigmoid"]), zero([:])))
    #expect(try !isClose(zero(["channel": "softmax"]), zero([:])))
    // Each kernel by a half instead of a quarter.
    #expect(try !isClose(zero(["kernel": "sigmoid"]), zero([:])))
  }

  @Test func layersAreThoseOfTheOptions() throws {
    func dynamic(_ options: JSONValue, architecture: JSONValue = "resnet") throws -> [String] {
      var conv: JSONValue = ["name": "odconv", "kernels": 2]
      for (key, value) in options.objectValue ?? [:] { conv[key] = value }
      let model = try ModelConfiguration(configuration: ["architecture": architecture, "width": 4, "conv": conv])
      return try EvaluationGraph(
        model: model.model(classCount: 3), batch: ClassificationBatch(size: 2, image: [3, 32, 32], classCount: 3)
      ).declarations.filter { $0.shape.rank == 5 }.map { String($0.name.dropLast(".weight".count)) }
    }
    #expect(try dynamic([:]).count == 18)
    #expect(try dynamic(["layers": "first"]) == ["layer1.0.conv1"])
    #expect(try dynamic(["layers": "last"]) == ["layer3.2.conv2"])
    #expect(try dynamic(["layers": "first", "everywhere": true]) == ["conv1"])
    #expect(try dynamic(["layers": [2]]).count == 6)
    #expect(try dynamic(["layers": [1, 3]]).allSatisfy { $0.hasPrefix("layer1.") || $0.hasPrefix("layer3.") })
    #expect(try dynamic(["layers": [2], "everywhere": true]).contains("layer2.0.downsample.0"))
    let all = try dynamic([:], architecture: "resnet50")
    let wide = try dynamic(["pointwise": false], architecture: "resnet50")
    #expect(all.count == 48 && wide.count == 16 && wide.allSatisfy { $0.hasSuffix("conv2") })
    #expect(message(["name": "odconv", "layers": [2, 4]]).contains("stage 4 has no convolution to replace"))
    #expect(message(["name": "odconv", "layers": []]).contains("has no convolution that it could replace"))
    #expect(message(["name": "odconv", "layers": "frist"]).contains("did you mean \"first\""))
  }

  /// In a stage, the second to last layers have equal channels; they compute attentions of their own inputs by one branch.
  @Test(arguments: [
    ("odconv", "attention.", ["fc", "channel_fc"]), ("dyconv", "attention.", ["fc1", "fc2"]),
    ("condconv", "", ["routing_fn"]),
  ])
  func layersOfAStageShareTheirAttentionsWeights(_ name: String, _ prefix: String, _ heads: [String]) throws {
    let conv: JSONValue = ["name": .string(name), "kernels": 2]
    var sharing = conv
    sharing["attention_sharing"] = "stage"
    let (own, shared) = (try network(conv), try network(sharing))
    func layers(_ network: EvaluationGraph, _ suffix: String) -> [String] {
      network.declarations.map(\.name).filter { $0.hasSuffix("." + suffix) }.map {
        String($0.dropLast(suffix.count + 1))
      }
    }
    let all = [
      "layer1.0.conv1", "layer1.0.conv2", "layer2.0.conv1", "layer2.0.conv2", "layer3.0.conv1", "layer3.0.conv2",
    ]
    // Only in the first stage have both layers the same channels.
    for head in heads {
      #expect(layers(own, "\(prefix)\(head).weight") == all)
      #expect(layers(shared, "\(prefix)\(head).weight") == all.filter { $0 != "layer1.0.conv2" })
    }
    if name == "odconv" { #expect(layers(shared, "attention.bn.running_mean") == all) }
    let missing = Set(own.declarations.map(\.name)).subtracting(shared.declarations.map(\.name))
    #expect(missing.allSatisfy { $0.hasPrefix("layer1.0.conv2.\(prefix)") && !$0.contains(".bn.") })
    let saved = own.declarations.filter { missing.contains($0.name) }.reduce(0) { $0 + $1.shape.elementCount }
    #expect(own.declarations.parameterCount - shared.declarations.parameterCount == saved && saved > 0)
    #expect(shared.parts.count == own.parts.count)

    // The same network with its own weights, where these are copies.
    var weights = own.declarations.initialValues(seed: 7)
    for missing in missing { weights[missing] = weights[missing.replacing("layer1.0.conv2", with: "layer1.0.conv1")] }
    #expect(try isClose(logits(own, step: 150, replacing: weights), logits(shared, step: 150)))
    #expect(try !isClose(logits(own, step: 150), logits(shared, step: 150)))
  }

  @Test func sharingOfNothingIsAnError() throws {
    #expect(
      message(["name": "odconv", "attention_sharing": "stage", "attentions": []])
        .hasPrefix("conv.attention_sharing: there are no attentions"))
    for options: JSONValue in [["layers": "first"], ["layers": [2]], ["kernels": 1, "attentions": ["kernel"]]] {
      var conv: JSONValue = ["name": "odconv", "attention_sharing": "stage"]
      for (key, value) in options.objectValue ?? [:] { conv[key] = value }
      #expect(message(conv).hasPrefix("conv.attention_sharing: no two of the layers"), "\(options)")
    }
    // Two blocks of a stage have two pairs of layers; the stem and shortcuts have weights of their own.
    let model = try ModelConfiguration(
      configuration: [
        "depth": 14, "width": 4, "conv": ["name": "dyconv", "attention_sharing": "stage", "everywhere": true],
      ])
    let names = try EvaluationGraph(model: model.model(classCount: 3), batch: Self.batch).declarations.map(\.name)
      .filter { $0.hasSuffix("attention.fc1.weight") }.map { String($0.dropLast(".attention.fc1.weight".count)) }
    #expect(
      names == [
        "conv1", "layer1.0.conv1", "layer2.0.conv1", "layer2.0.conv2", "layer2.0.downsample.0", "layer3.0.conv1",
        "layer3.0.conv2", "layer3.0.downsample.0",
      ])
  }

  @Test func optionsWithoutEffectAreErrors() {
    func refused(_ options: JSONValue, of name: String = "odconv", _ text: String) {
      var conv: JSONValue = ["name": .string(name)]
      for (key, value) in options.objectValue ?? [:] { conv[key] = value }
      #expect(message(conv).hasPrefix(text), "\(options): \(message(conv))")
    }
    refused(
      ["gates": ["kernel": "sigmoid"], "attentions": ["spatial"]], "conv.gates.kernel: there is no attention over")
    refused(["reduction": 0.5, "attentions": []], "conv.reduction: there are no attentions")
    refused(["normalization": ["name": "group"], "attentions": []], "conv.normalization: there are no")
    refused(["annealing": "cosine", "attentions": []], "conv.annealing: there are no attentions")
    refused(["attention_initialization": "zero", "attentions": []], "conv.attention_initialization: there are no")
    refused(["annealing": "none", "temperature": 10], "conv.temperature: without annealing")
    refused(["annealing": "none", "temperature_share": 0.5], "conv.temperature: without annealing")
    refused(["final_temperature": 40], "conv.final_temperature: the temperature falls from 30")
    refused(["normalization": .null, "normalization_place": "after"], "conv.normalization_place: there is no")
    refused(["gate": "sigmoid", "attentions": []], of: "dyconv", "conv.gate: there are no attentions")
    refused(["temperature": 10], of: "condconv", "conv.temperature: without annealing")
    // What is off asks for nothing.
    for part in ["annealing", "normalization"] {
      #expect(message(["name": "odconv", "attentions": [], .init(part): "none"]) == "nothing thrown", "\(part)")
    }
  }

  @Test func oneGroupSetsAllAttentions() throws {
    for conv in ["odconv-4x", "dyconv", "condconv"] {
      var optimization = OptimizationConfiguration()
      optimization.parameterGroups = [
        ParameterGroup(pattern: "tag:attention", learningRateFactor: 0.1, weightDecay: 0)
      ]
      let plans = try optimization.plan(for: network(.string(conv)).declarations)
      let attentions = plans.filter { $0.rateFactor == 0.1 }
      #expect(attentions.allSatisfy { $0.weightDecay == 0 })
      #expect(
        Set(attentions.map(\.declaration.name))
          == Set(plans.map(\.declaration.name).filter { $0.contains(".attention.") || $0.contains(".routing_fn.") }))
      #expect(!attentions.isEmpty && plans.contains { $0.rateFactor == 1 && $0.weightDecay > 0 })
    }
  }
}
