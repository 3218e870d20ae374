import LabCore
import LabGraph

extension OperationSamples {
  private static let shapes: [Shape] = [[3, 5], [7], [2, 3, 4], [2, 1], [5, 43]]

  static let softmax =
    shapes.map { OperationSample(Softmax(), "\($0)", [.tensor($0)]) } + [
      OperationSample(Softmax(), "large numbers", [.tensor([3, 8], .uniform(-60, 60))])
    ]

  static let softmaxGradient = shapes.map {
    OperationSample(SoftmaxGradient(), "\($0)", [.fixed($0), .fixed($0, .uniform(0, 1))])
  }
}
