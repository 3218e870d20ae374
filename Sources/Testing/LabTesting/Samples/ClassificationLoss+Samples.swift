import LabCore
import LabGraph

extension OperationSamples {
  private static let losses: [(String, ClassificationLoss.Function)] = [
    ("cross entropy", .crossEntropy(labelSmoothing: 0)), ("smoothing 0.1", .crossEntropy(labelSmoothing: 0.1)),
    ("focal", .focal(alpha: 0.25, gamma: 2)), ("focal, gamma 0", .focal(alpha: 1, gamma: 0)),
    ("focal, gamma 1.5", .focal(alpha: 0.5, gamma: 1.5)),
  ]

  static let classificationLoss = losses.flatMap { name, function in
    [
      OperationSample(ClassificationLoss(function), name, [.tensor([6, 5]), .labels(6, classes: 5)]),
      OperationSample(
        ClassificationLoss(function), "\(name), class weights",
        [.tensor([5, 43]), .labels(5, classes: 43), .fixed([43], .uniform(0.2, 3))]),
      OperationSample(
        ClassificationLoss(function), "\(name), large logits",
        [.tensor([4, 10], .uniform(-40, 40)), .labels(4, classes: 10)]),
    ]
  }

  static let classificationLossGradient = losses.flatMap { name, function in
    [
      OperationSample(
        ClassificationLossGradient(function), name, [.fixed([6]), .fixed([6, 5]), .labels(6, classes: 5)]),
      OperationSample(
        ClassificationLossGradient(function), "\(name), class weights",
        [.fixed([5]), .fixed([5, 17]), .labels(5, classes: 17), .fixed([17], .uniform(0.2, 3))]),
    ]
  }
}
