import CLabKernels
import Testing

/// The minimal-filtering kernels against convolutions in double precision.
@Suite struct WinogradTests {
  /// The extents of one convolution with a 3×3 window.
  struct Case: Sendable, CustomTestStringConvertible {
    let height, width, inputBlocks, outputBlocks, samples, kernels: Int

    init(_ height: Int, _ width: Int, _ inputBlocks: Int, _ outputBlocks: Int, samples: Int, kernels: Int = 1) {
      self.height = height
      self.width = width
      self.inputBlocks = inputBlocks
      self.outputBlocks = outputBlocks
      self.samples = samples
      self.kernels = kernels
    }

    var testDescription: String {
      "\(height)×\(width), \(inputBlocks) to \(outputBlocks) blocks, \(samples) samples, \(kernels) kernels"
    }
  }

  /// Whole and broken tiles, single rows, more tiles than fit into a group or a panel, one to many blocks, and weights
  /// that are too large to be transformed at once.
  static let cases = [
    Case(4, 4, 1, 1, samples: 1), Case(1, 1, 1, 2, samples: 3), Case(1, 9, 2, 1, samples: 2),
    Case(7, 9, 1, 3, samples: 3, kernels: 2), Case(32, 32, 1, 1, samples: 2),
    Case(16, 16, 2, 2, samples: 5, kernels: 4),
    Case(6, 5, 3, 5, samples: 2, kernels: 4), Case(8, 8, 4, 4, samples: 9, kernels: 3),
    Case(8, 8, 8, 7, samples: 2, kernels: 5), Case(13, 11, 5, 4, samples: 1), Case(4, 8, 7, 8, samples: 3, kernels: 4),
    Case(4, 4, 7, 6, samples: 3, kernels: 4), Case(12, 12, 28, 3, samples: 3),
  ]

  @Test(arguments: Instructions.available, cases)
  func sharedWeights(on instructions: Instructions, case item: Case) throws {
    for results in [2, 4] {
      let problem = try WinogradProblem(item, results: results, on: instructions, hasOwnWeights: false)
      problem.checkForward()
      problem.checkImageGradient()
      problem.checkWeightGradient()
    }
  }

  @Test(arguments: Instructions.available, cases)
  func ownWeights(on instructions: Instructions, case item: Case) throws {
    for results in [2, 4] {
      let problem = try WinogradProblem(item, results: results, on: instructions, hasOwnWeights: true)
      problem.checkForward()
      problem.checkImageGradient()
    }
  }
}
