import BackendOneDNN
import BackendReference
import Foundation
import LabCore
import LabGraph
import LabNN
import LabZoo
import Testing

/// Cross entropy and `ε (1 − p)`: the first terms of its series weighed anew.
///
/// - Source: Leng et al., "PolyLoss: a polynomial expansion perspective of classification loss functions", ICLR 2022,
///   arXiv 2204.12511.
private struct PolyLoss: LossFunction {
  var epsilon = 1.0

  static let variant = ConfigurationSchema.Variant(
    "poly", "Cross entropy and ε (1 − p).",
    options: ConfigurationSchema([.init("epsilon", .number(.any), default: 1, "The weight of 1 − p.")]))

  func callAsFunction(_ logits: Tensor, labels: Tensor, classCounts: [Int]?) throws -> Tensor {
    let missing = try logits.probability(ofLabels: labels).affine(-Float(epsilon), offset: Float(epsilon))
    return try logits.crossEntropy(labels: labels).adding(missing)
  }
}

/// `(1 − p^q) / q`: between cross entropy (q → 0) and the mean absolute error (q = 1), for labels that may be wrong.
///
/// - Source: Zhang, Sabuncu, "Generalized cross entropy loss for training deep neural networks with noisy labels",
///   NeurIPS 2018, arXiv 1805.07836.
private struct GeneralizedCrossEntropy: LossFunction {
  var q = 0.7

  static let variant = ConfigurationSchema.Variant(
    "generalized-cross-entropy", "(1 − p^q) / q.",
    options: ConfigurationSchema([.init("q", .number(.unit), default: 0.7, "The exponent.")]))

  func callAsFunction(_ logits: Tensor, labels: Tensor, classCounts: [Int]?) throws -> Tensor {
    let power = try logits.builder.apply(Unary(.exponential), logits.crossEntropy(labels: labels).affine(-Float(q)))
    return try power.affine(-1 / Float(q), offset: 1 / Float(q))
  }
}

/// Losses made of operations that were there, as another package can write them.
@Suite struct OwnLossTests {
  private static let labels: [Int32] = [0, 1, 2, 0]
  private static let losses: [@Sendable () -> (loss: any LossFunction, value: @Sendable (Double) -> Double)] = [
    { (PolyLoss(epsilon: 2), { -log($0) + 2 * (1 - $0) }) },
    { (GeneralizedCrossEntropy(q: 0.5), { (1 - pow($0, 0.5)) / 0.5 }) },
  ]

  /// What each step of a training on one batch reported.
  private func train(_ loss: any LossFunction, on backend: any Backend) throws -> [(loss: [Float], logits: [Float])] {
    var optimization = OptimizationConfiguration()
    optimization.loss = LossConfiguration(loss)
    optimization.schedule = ScheduleConfiguration(ConstantSchedule())
    optimization.learningRate = 0.02
    let batch = ClassificationBatch(size: 4, image: [2, 16, 16], classCount: 3)
    let model = try ModelConfiguration(configuration: ["depth": 8, "width": 8]).model(classCount: 3)
    let step = try TrainingGraph(model: model, batch: batch, optimization: optimization, seed: 5)
    let session = try backend.makeSession(SessionOptions())
    let executable = try session.compile(step.graph)
    for (name, values) in step.initialValues(seed: 5) { try session.write(name, values) }
    let stream = RandomStream(seed: 5, name: "images")
    return try (0..<8).map { index in
      let images = try executable.floatInput("images")
      for index in images.indices { images[index] = Float(stream.normal(UInt64(index))) }
      _ = try executable.integerInput("labels").update(fromContentsOf: Self.labels)
      try executable.fill(step.scalars, at: StepPosition(step: index, stepsPerEpoch: 8, totalSteps: 8))
      try executable.run()
      return (try executable.read("loss_per_sample"), try executable.read("logits"))
    }
  }

  @Test(arguments: losses.indices) func isTrainedWithOnBothBackends(_ index: Int) throws {
    let (loss, value) = Self.losses[index]()
    let (ours, reference) = (try train(loss, on: OneDNNBackend()), try train(loss, on: ReferenceBackend()))
    for (ours, reference) in zip(ours, reference) {
      for (a, b) in zip(ours.loss, reference.loss) { #expect(abs(a - b) <= 1e-2 * max(0.1, abs(b)), "\(a), \(b)") }
    }
    for (sample, label) in Self.labels.enumerated() {
      let exponentials = reference[0].logits[(3 * sample)..<(3 * sample + 3)].map { exp(Double($0)) }
      let expected = value(exponentials[Int(label)] / exponentials.reduce(0, +))
      #expect(abs(Double(reference[0].loss[sample]) - expected) < 1e-5)
    }
    let sums = ours.map { $0.loss.reduce(0, +) }
    #expect(sums.last ?? 0 < 0.8 * (sums.first ?? 0), "\(sums)")
  }
}
