import CLabKernels
import Testing

/// Depth-wise convolutions with what is computed on their way, against sums in double precision.
@Suite struct DepthWiseTests {
  static let shapes = [
    DepthWiseProblem.Shape(channels: 20, height: 8, width: 8, samples: 2),
    DepthWiseProblem.Shape(channels: 5, height: 5, width: 7, samples: 3),
    // Images that a window reaches beyond on both sides.
    DepthWiseProblem.Shape(channels: 17, height: 1, width: 2, samples: 2),
    DepthWiseProblem.Shape(channels: 16, height: 6, width: 9, stride: (2, 2)),
    DepthWiseProblem.Shape(channels: 16, height: 7, width: 8, stride: (2, 1)),
    DepthWiseProblem.Shape(channels: 3, height: 11, width: 10, stride: (3, 3), padding: (0, 0)),
    // A stride that leaves out pixels, whose gradients are zeros.
    DepthWiseProblem.Shape(channels: 4, height: 7, width: 9, window: (1, 1), stride: (2, 3), padding: (0, 0)),
    DepthWiseProblem.Shape(channels: 9, height: 9, width: 12, padding: (2, 2), dilation: (2, 2)),
    DepthWiseProblem.Shape(channels: 18, height: 6, width: 6, window: (5, 5), padding: (2, 2)),
    DepthWiseProblem.Shape(channels: 2, height: 10, width: 5, window: (7, 3), stride: (2, 1), padding: (3, 0)),
    // Planes longer than what is added up in single precision, and rows longer than a group of them.
    DepthWiseProblem.Shape(channels: 16, height: 34, width: 33),
    DepthWiseProblem.Shape(channels: 8, height: 3, width: 300, stride: (2, 2)),
  ]

  @Test(arguments: Instructions.available, shapes.indices)
  func resultsAndGradients(on instructions: Instructions, case index: Int) throws {
    let kernels = try instructions.kernels
    for activation in [LAB_ACTIVATION_NONE, LAB_ACTIVATION_RELU, LAB_ACTIVATION_RELU6] {
      for options in DepthWiseProblem.Options.all {
        DepthWiseProblem(Self.shapes[index], activation, options, block: kernels.block).check(kernels)
      }
    }
  }

  @Test(arguments: Instructions.available, allActivations.map(\.rawValue))
  func everyActivation(on instructions: Instructions, activation raw: LabActivation.RawValue) throws {
    let kernels = try instructions.kernels
    for passesCache in [false, true] {
      let options = DepthWiseProblem.Options(
        normalizesImage: true, normalizesResult: true, reduces: true, passesCache: passesCache)
      DepthWiseProblem(Self.shapes[0], LabActivation(rawValue: raw), options, block: kernels.block).check(kernels)
    }
  }
}
