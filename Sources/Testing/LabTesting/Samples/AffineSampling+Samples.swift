import LabCore
import LabGraph

extension OperationSamples {
  private static let images: [Shape] = [[2, 3, 5, 4], [1, 1, 3, 7], [3, 17, 4, 4]]

  static let affineSampling = images.flatMap { shape in
    [
      // Small rotations and shifts, and such that most of the image is outside.
      OperationSample(
        AffineSampling(), "\(shape)", [.tensor(shape), .tensor([shape[0], 6], .uniform(-0.9, 0.9))]),
      OperationSample(
        AffineSampling(), "\(shape), far", [.tensor(shape), .tensor([shape[0], 6], .uniform(-3, 3))]),
    ]
  }

  static let affineSamplingGradient = images.map { shape in
    OperationSample(
      AffineSamplingGradient(), "\(shape)",
      [.fixed(shape), .fixed(shape), .fixed([shape[0], 6], .uniform(-0.9, 0.9))])
  }

  static let topPositions = [
    OperationSample(TopPositions(count: 1), "1 of 5", [.fixed([3, 5], .distinct(gap: 0.1))]),
    OperationSample(TopPositions(count: 4), "4 of 9", [.fixed([2, 9], .distinct(gap: 0.1))]),
    OperationSample(TopPositions(count: 2), "of equal numbers the first", [.fixed([2, 4], .number(1))]),
  ]
}
