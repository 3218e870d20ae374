import LabCore
import LabData
import LabNN
import LabTrain
import LabWorkbench
import LabZoo
import Testing

/// What weights from elsewhere are of.
@Suite struct ModelDescriptionTests {
  private func weights(_ model: JSONValue) throws -> [NamedTensor] {
    try EvaluationGraph(
      model: model.decode(ModelConfiguration.self).model(classCount: 2),
      batch: ClassificationBatch(size: 1, image: [3, 32, 32], classCount: 2)
    ).declarations.map { NamedTensor($0.name, $0.shape, [Float](repeating: 0, count: $0.shape.elementCount)) }
  }

  /// torchvision's GoogLeNet has the heads that only training has.
  @Test func switchesOfTheArchitectureFollowFromTheNames() throws {
    let description = try ModelDescription(
      architecture: "googlenet", settings: ["width=16", "stem=cifar"], classNames: ["stop", "yield"],
      image: ImageShape(channels: 3, height: 32, width: 32), fit: .crop, statistics: nil)
    let with = try weights(
      ["architecture": ["name": "googlenet", "aux_logits": true], "width": 16, "stem": "cifar"])
    let without = try weights(["architecture": "googlenet", "width": 16, "stem": "cifar"])
    #expect(with.count > without.count)
    #expect(try description.ownWeights(with).model["architecture"]?["aux_logits"] == true)
    #expect(try description.ownWeights(with).weights.count == with.count)
    #expect(try description.ownWeights(without).model == description.model)
    // What fits neither is told as it was asked for.
    #expect(try description.ownWeights(Array(with.dropFirst())).model == description.model)
  }

  @Test func switchesCanBeSaid() throws {
    let description = try ModelDescription(
      architecture: "googlenet", settings: ["architecture.aux_logits=true"], classNames: ["stop", "yield"], image: nil,
      fit: .crop, statistics: nil)
    #expect(description.model["architecture"] == ["name": "googlenet", "aux_logits": true])
  }
}
