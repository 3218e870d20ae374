import BackendReference
import Foundation
import LabCore
import LabGraph
import LabNN
import Testing

@Suite struct LossTests {
  @Test func adaptiveWeightsFollowTheEffectiveNumbers() throws {
    let counts = [1000, 100, 10]
    let weights = try #require(try AdaptiveLoss(beta: 0.9, alpha: 1, gamma: 0).classWeights(counts: counts))
    #expect(abs(weights.reduce(0, +) - 3) < 1e-12)
    // The factors' ratio is that of the effective numbers (1 − βⁿ) / (1 − β).
    #expect(abs(weights[2] / weights[0] - (1 - pow(0.9, 1000)) / (1 - pow(0.9, 10))) < 1e-12)
    #expect(weights[2] > weights[1] && weights[1] > weights[0])
    let even = try #require(try AdaptiveLoss(beta: 0, alpha: 1, gamma: 0).classWeights(counts: counts))
    #expect(even.allSatisfy { abs($0 - 1) < 1e-12 })
  }

  @Test func eitherPartOfTheAdaptiveLossCanBeLeftOut() throws {
    let counts = [1000, 100, 10]
    var loss = AdaptiveLoss(beta: 0.9, alpha: 1, gamma: 2)
    loss.normalizesWeights = false
    let weights = try #require(try loss.classWeights(counts: counts))
    for (weight, count) in zip(weights, counts) {
      #expect(abs(weight - 0.1 / (1 - pow(0.9, Double(count)))) < 1e-12)
    }
    loss = AdaptiveLoss()
    loss.isBalanced = false
    #expect(try loss.classWeights(counts: counts) == nil)
    #expect(loss.function == FocalLoss().function)
    loss = AdaptiveLoss()
    loss.isFocal = false
    #expect(loss.function == FocalLoss(alpha: 0.25, gamma: 0).function)
    for options in [
      ["focal": false, "gamma": 1], ["class_balance": false, "beta": 0.9],
      ["class_balance": false, "normalize_weights": false],
    ] as [[String: JSONValue]] {
      let configuration = JSONValue.object(options.merging(["name": "adaptive"]) { $1 })
      let component = try LossConfiguration(configuration: configuration).component
      #expect(throws: ModelError.self) {
        try (component as? AdaptiveLoss)?.classWeights(counts: counts)
      }
    }
  }

  @Test func classesWithoutSamplesHaveNoWeight() throws {
    let weights = try #require(try AdaptiveLoss().classWeights(counts: [0, 5, 5]))
    #expect(weights[0] == 0)
    #expect(abs(weights[1] - 1.5) < 1e-12 && abs(weights[2] - 1.5) < 1e-12)
  }

  @Test func adaptiveNeedsCounts() {
    #expect(throws: ModelError.self) { try AdaptiveLoss().classWeights(counts: nil) }
    #expect(throws: ModelError.self) { try AdaptiveLoss().classWeights(counts: [0, 0]) }
    #expect(throws: ModelError.self) { try AdaptiveLoss().classWeights(counts: [3, -1]) }
  }

  @Test func everyLossIsFiniteAndFallsWithConfidence() throws {
    for variant in LossFamily.variants {
      let loss = try LossConfiguration(configuration: .string(variant.name))
      let context = ModelContext(.evaluation)
      let logits = try context.builder.input("logits", [3, 2])
      let labels = try context.builder.input("labels", [3], .int32)
      try context.builder.output("loss", loss.component(logits, labels: labels, classCounts: [7, 3]))
      let executable = try ReferenceBackend().makeSession().compile(context.builder.graph)
      let numbers: [Float] = [-1, 1, 0, 0, 1, -1]
      _ = try executable.floatInput("logits").update(fromContentsOf: numbers)
      try executable.integerInput("labels").update(repeating: 0)
      try executable.run()
      let values = try executable.read("loss")
      #expect(values[0] > values[1] && values[1] > values[2] && values[2] > 0, "\(variant.name): \(values)")
      #expect(values.allSatisfy { $0.isFinite })
    }
  }
}
