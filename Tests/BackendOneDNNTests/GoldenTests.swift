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
    let golden = try GoldenTraining(name)
    let net = GoldenNet(golden)
    try golden.check(on: OneDNNBackend(), training: net.trainingGraph(), evaluation: net.evaluationGraph()) {
      executable, step in
      try executable.set("rate", Float(golden.configuration.rate))
      if golden.configuration.optimizer != "sgd" {
        try executable.set("correction1", Float(1 - pow(0.9, Double(step + 1))))
        try executable.set("correction2", Float(1 - pow(0.999, Double(step + 1))))
      }
    }
  }
}
