import LabCore
import LabGraph

extension OperationSamples {
  static let dropout = [
    sample("rate 0.5", 0.5, [3, 7, 5, 3], .integer(1)),
    sample("rate 0.1, blocked channels", 0.1, [2, 16, 5, 3], .integer(70000)),
    sample("rate 0", 0, [4, 5], .integer(3)),
    OperationSample(
      Dropout(rate: 0.3, streamName: "dropout/fc", seed: 7), "a step [1]",
      [.tensor([6, 11]), .fixed([1], .integer(12))]),
  ]

  private static func sample(
    _ name: String, _ rate: Float, _ shape: Shape, _ step: SampleOperand.Values
  ) -> OperationSample {
    OperationSample(
      Dropout(rate: rate, streamName: "dropout/\(name)", seed: 7), name,
      [.tensor(shape), .fixed(.scalar, step)])
  }
}
