import BackendReference
import Foundation
import LabGraph
import LabTesting
import Testing

/// The reference interpreter against PyTorch's numbers.
@Suite struct GoldenTests {
  @Test(arguments: GoldenOperators.names)
  func operatorAgreesWithPyTorch(_ name: String) throws {
    try GoldenOperators.check(name, on: ReferenceBackend())
  }

  @Test(arguments: GoldenLosses.names)
  func lossAgreesWithPyTorch(_ name: String) throws {
    try GoldenLosses.check(name, on: ReferenceBackend())
  }

  @Test func everyCaseOfTheFixtureIsChecked() throws {
    let file = try GoldenFile.operators()
    #expect(file.cases(under: "op") == GoldenOperators.names)
    #expect(file.cases(under: "loss") == GoldenLosses.names)
    #expect(try GoldenFile.training().cases(under: "training") == GoldenTraining.names)
  }

  /// The fixture's weights are rounded to single precision; its losses are not.
  @Test(arguments: GoldenTraining.names)
  func tenStepsOfTrainingAgreeWithPyTorch(_ name: String) throws {
    let golden = try GoldenTraining(name)
    let net = GoldenNet(golden)
    try golden.check(
      on: ReferenceBackend(), training: net.trainingGraph(), evaluation: net.evaluationGraph(),
      tolerance: .init(weights: 1e-7, losses: 1e-12, logits: 1e-7)
    ) { executable, step in
      let executable = try #require(executable as? ReferenceExecutable)
      try executable.writeDouble("rate", [golden.configuration.rate])
      if golden.configuration.optimizer != "sgd" {
        try executable.writeDouble("correction1", [1 - pow(0.9, Double(step + 1))])
        try executable.writeDouble("correction2", [1 - pow(0.999, Double(step + 1))])
      }
    }
  }
}
