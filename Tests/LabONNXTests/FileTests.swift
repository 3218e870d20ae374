import Foundation
import LabCore
import LabGraph
import LabNN
import LabONNX
import LabZoo
import Testing

/// The file itself: what the package onnx reads of it, its size, and what cannot be in one.
@Suite struct FileTests {
  private struct Unknown: LabGraph.Operation {
    static let name = "unknown"
    func outputTypes(for inputs: [TensorType]) throws -> [TensorType] { inputs }
  }

  private struct Attributes: ONNXOperation {
    static let name = "attributes"
    func outputTypes(for inputs: [TensorType]) throws -> [TensorType] { inputs }
    func lower(_ lowering: ONNXLowering) -> [ONNXValue?] {
      [
        lowering.add(
          "Attributes", lowering.inputs,
          attributes: [
            "number": .number(0.1), "negative": .integer(-1), "large": .integer(4_294_967_296),
            "integers": .integers([0, 127, 128, 16_384, -300]), "text": .text("größer"),
          ])
      ]
    }
  }

  @Test(.enabled(if: ONNXRuntime.python != nil, ONNXRuntime.reason))
  func everyKindOfFieldIsReadAsItWasWritten() throws {
    let model = try #require(try SmallModel(.miniature(["depth": 8, "width": 4])))
    let read = try ONNXRuntime.reading(
      ONNXExport(
        .init(
          input: "images", output: "logits", weights: model.weights,
          metadata: ["class_names": "[\"Überholverbot\"]", "empty": ""], producerVersion: "9.8.7")
      ) { try model.graph($0).graph }.data)
    #expect(read["ir_version"] == 8 && read["opset"] == [["", 18]] && read["producer"] == ["labrun", "9.8.7"])
    #expect(read["metadata"] == ["class_names": "[\"Überholverbot\"]", "empty": ""])
    #expect(read["inputs"] == [["images", 1, ["batch", 2, 16, 16]]])
    #expect(read["outputs"] == [["logits", 1, ["batch", 3]]])
    // Weights keep their names, shapes and bits.
    for tensor in model.weights {
      let stored = try #require(read["initializers"]?[tensor.name]?.arrayValue, "\(tensor.name)")
      #expect(stored[0].arrayValue?.map(\.integerValue) == tensor.shape.dimensions)
      #expect(stored[1].arrayValue?.map { Float($0.doubleValue ?? .nan) } == tensor.floats)
    }
    let nodes = try #require(read["nodes"]?.arrayValue)
    let convolution = try #require(nodes.first { $0["type"] == "Conv" })
    #expect(convolution["attributes"]?["pads"] == [1, 1, 1, 1])
    #expect(convolution["inputs"]?.arrayValue?.first == "images")
    // Attributes are left out where they are the operator's own choice.
    #expect(nodes.filter { $0["type"] == "BatchNormalization" }.allSatisfy { $0["attributes"] == [:] })
    #expect(nodes.last?["outputs"] == ["logits"])
  }

  /// Numbers, negative integers with all ten bytes that the wire format has for them, lists, and texts.
  @Test(.enabled(if: ONNXRuntime.python != nil, ONNXRuntime.reason))
  func everyKindOfAttributeIsRead() throws {
    let builder = GraphBuilder()
    let x = try builder.input("x", [2, 300])
    try builder.output("y", builder.apply(Attributes(), builder.apply(Reshape([600]), x)))
    let read = try ONNXRuntime.reading(ONNXExport.data(of: builder.graph, weights: []))
    let nodes = try #require(read["nodes"]?.arrayValue)
    let attributes = try #require(nodes.first { $0["type"] == "Attributes" }?["attributes"]?.objectValue)
    #expect(attributes["number"]?.doubleValue.map { Float($0) } == 0.1)
    #expect(attributes["negative"] == -1 && attributes["large"] == 4_294_967_296)
    #expect(attributes["integers"] == [0, 127, 128, 16_384, -300] && attributes["text"] == "größer")
    #expect(read["initializers"]?["c1"] == [[1], [600]])
    #expect(read["inputs"] == [["x", 1, [2, 300]]])
  }

  @Test func theFileIsHardlyLargerThanTheWeights() throws {
    for (configuration, image) in [
      (["depth": 20] as JSONValue, [3, 32, 32] as Shape), (["depth": 20, "conv": "odconv-4x"], [3, 32, 32]),
      (["architecture": "resnet18"], [3, 224, 224]),
    ] {
      let model = try #require(try SmallModel(ZooMember("", configuration, image: image, classCount: 10)))
      let export = try model.export()
      #expect(export.weightByteCount == model.weights.reduce(0) { $0 + 4 * $1.shape.elementCount })
      let share = Double(export.data.count) / Double(export.weightByteCount) - 1
      #expect(share > 0 && share < 0.02, "\(configuration): \(share)")
      #expect(export.unusedVariables.isEmpty)
    }
  }

  @Test func whatTheLogitsDoNotDependOnIsLeftOutAndNamed() throws {
    let type = try #require(ArchitectureFamily.types.first { $0 is GoogLeNet.Type })
    let model = try #require(try SmallModel(type.miniature))
    let export = try model.export()
    #expect(export.unusedVariables.allSatisfy { $0.hasPrefix("aux") })
    #expect(
      export.weightByteCount
        == model.weights.filter { !export.unusedVariables.contains($0.name) }.reduce(0) {
          $0 + 4 * $1.shape.elementCount
        })
  }

  // MARK: What cannot be exported

  private func export(
    _ weights: [NamedTensor] = [], _ body: (_ builder: GraphBuilder, _ x: Tensor, _ batch: Int) throws -> Tensor
  ) throws -> ONNXExport {
    try ONNXExport(.init(input: "images", output: "logits", weights: weights)) { batch in
      let builder = GraphBuilder()
      let x = try builder.input("images", [batch, 1, 2, 2])
      try builder.output("logits", builder.scope("part") { try body(builder, x, batch) })
      return builder.graph
    }
  }

  @Test func anOperationWithoutAFormIsNamedWithItsLayer() {
    let error = #expect(throws: ONNXError.self) { try export { builder, x, _ in try builder.apply(Unknown(), x) } }
    #expect(
      error?.description
        == "part: unknown cannot be exported: no form of it in ONNX is known; an ONNXOperation gives it one")
  }

  @Test func aGraphThatDependsOnTheBatchOtherwiseIsRefused() throws {
    // The first sample of a batch and the last are no function of the batch's size.
    let first = #expect(throws: ONNXError.self) {
      try export { builder, x, _ in try builder.apply(Slice(axis: 0, start: 0, count: 1), x) }
    }
    #expect(
      first?.description
        == "part: cannot be exported for batches of any size: it takes 1 along an axis that is as long as the batch")
    let other = #expect(throws: ONNXError.self) {
      try export { builder, x, batch in
        batch == 2 ? try builder.apply(Activation(.relu), x) : try builder.apply(Unary(.negate), x)
      }
    }
    #expect(other?.description.contains("other operations for another size of the batch") == true)
    let odd = #expect(throws: ONNXError.self) {
      try export { builder, x, batch in try builder.apply(Pad(axis: 1, before: batch - 1, after: 0), x) }
    }
    #expect(odd?.description.hasSuffix("pad has other attributes for another size of the batch") == true)
    let uneven = #expect(throws: ONNXError.self) {
      try export { builder, x, batch in
        try builder.apply(Reshape([4 * batch + 4]), builder.apply(Pad(axis: 0, before: 0, after: 1), x))
      }
    }
    #expect(
      uneven?.description.hasSuffix("an extent is 3 for 2 images and 4 for 3, which is no multiple of them") == true)
  }

  @Test(.enabled(if: ONNXRuntime.python != nil, ONNXRuntime.reason))
  func partsOfABatchThatGrowWithItAreTaken() throws {
    let data = try export { builder, x, batch in
      let double = try builder.apply(Concatenation(axis: 0), [x, builder.apply(Unary(.negate), x)])[0]
      return try builder.apply(Slice(axis: 0, start: batch, count: batch), double)
    }.data
    var cases = try ModelCases()
    let runs = [1, 7].map { count -> (inputs: [ModelCases.Tensor], outputs: [ModelCases.Tensor]) in
      let numbers = (0..<4 * count).map { Float($0) }
      return (
        [.init(name: "images", shape: [count, 1, 2, 2], numbers: .floats(numbers))],
        [.init(name: "logits", shape: [count, 1, 2, 2], numbers: .floats(numbers.map { -$0 }))]
      )
    }
    try cases.add("part", data, runs: runs, tolerance: 0)
    try cases.check()
  }

  @Test func weightsHaveToBeThereAndFit() throws {
    func scaled(_ weights: [NamedTensor]) throws -> ONNXExport {
      try export(weights) { builder, x, _ in
        try builder.apply(Binary(.multiply), x, builder.variable("scale", [1], role: .parameter))
      }
    }
    #expect(throws: ONNXError.self) { try scaled([]) }
    #expect(throws: ONNXError.self) { try scaled([NamedTensor("part.scale", [2], [1, 2] as [Float])]) }
    #expect(throws: ONNXError.self) { try scaled([NamedTensor("part.scale", [1], [1] as [Int64])]) }
    #expect(try scaled([NamedTensor("part.scale", [1], [2] as [Float])]).weightByteCount == 4)
  }
}
