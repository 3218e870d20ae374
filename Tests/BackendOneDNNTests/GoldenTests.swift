import BackendOneDNN
import Foundation
import LabGraph
import LabTesting
import Testing

/// The executor against PyTorch's numbers.
@Suite struct GoldenTests {
  @Test(arguments: GoldenOperators.names)
  func operatorAgreesWithPyTorch(_ name: String) throws {
    try GoldenOperators.check(name, on: OneDNNBackend())
  }

  @Test(arguments: GoldenLosses.names)
  func lossAgreesWithPyTorch(_ name: String) throws {
    try GoldenLosses.check(name, on: OneDNNBackend())
  }

  /// Weights within 1e-4 of each tensor's largest value, losses within 1e-5, after 1, 3 and 10 steps in double precision.
  @Test(arguments: GoldenTraining.names)
  func tenStepsOfTrainingAgreeWithPyTorch(_ name: String) throws {
    try train(name, .direct, within: GoldenTraining.Tolerance())
  }

  /// Minimal filtering rounds about ten times as coarsely, and Adam divides each gradient by its own size: what is small
  /// by cancellation, such as the gradient of a bias in front of a convolution, moves by the same step with less precision.
  @Test(arguments: GoldenTraining.names)
  func tenStepsOfTrainingWithMinimalFilteringAgreeWithPyTorch(_ name: String) throws {
    let isAdaptive = try GoldenTraining(name).configuration.optimizer != "sgd"
    try train(name, .automatic, within: GoldenTraining.Tolerance(weights: isAdaptive ? 5e-3 : 1e-4))
  }

  private func train(_ name: String, _ algorithms: ConvolutionAlgorithms, within tolerance: GoldenTraining.Tolerance)
    throws
  {
    let golden = try GoldenTraining(name)
    let net = GoldenNet(golden)
    try golden.check(
      on: OneDNNBackend(), options: SessionOptions(algorithms: algorithms), training: net.trainingGraph(),
      evaluation: net.evaluationGraph(), tolerance: tolerance
    ) { executable, step in
      try executable.set("rate", Float(golden.configuration.rate))
      if golden.configuration.optimizer != "sgd" {
        try executable.set("correction1", Float(1 - pow(0.9, Double(step + 1))))
        try executable.set("correction2", Float(1 - pow(0.999, Double(step + 1))))
      }
    }
  }
}
