import CLabKernels
import LabGraph

/// A depth-wise convolution's forward pass, with the normalization and activation before it and the statistics behind it.
final class DepthWiseForwardKernel: Kernel {
  private let convolution: DepthWiseConvolution
  private let image: AppliedOperands
  private let weights: SlotID
  private let result: SlotID
  private let run: (UnsafePointer<LabDepthWiseConvolution>?, UnsafePointer<LabDepthWiseResult>?) -> Void
  /// What sums the result's statistics, where this kernel does so in its place.
  private var statistics: StatisticsKernel?

  /// - Parameter image: what gives the image, computed on the way.
  init(
    _ convolution: DepthWiseConvolution, image: AppliedOperands, weights: SlotID, result: SlotID, kernels: LabKernels,
    path: String
  ) {
    self.convolution = convolution
    self.image = image
    self.weights = weights
    self.result = result
    run = kernels.depthWiseForward
    super.init(.convolutionForward, path: path, samples: convolution.samples)
    reads = image.images + image.vectors + [weights]
    writes = [result]
    scratchBytes = convolution.scratchBytes
  }

  /// Takes over the work of a kernel that sums the statistics of the result.
  func take(_ statistics: StatisticsKernel) {
    self.statistics = statistics
    reads += statistics.reads.filter { $0 != result }
    lateWrites = statistics.lateWrites
    accumulatorBytes = statistics.accumulatorBytes
  }

  override var accumulatorOffset: Int {
    didSet { statistics?.accumulatorOffset = accumulatorOffset }
  }

  override func run(_ worker: Worker) {
    var arguments = convolution.arguments(worker, image: image, weights: weights, passesCache: passesCache(result))
    var target = LabDepthWiseResult()
    target.y = worker.pointer(result)
    if let statistics {
      if worker.isFirstChunk {
        // The sums are about the result's first pixels, which are computed first.
        var first = arguments
        first.samples = 1
        run(&first, &target)
        statistics.choosePivot(worker, from: target.y)
      }
      let sums = statistics.sums(worker)
      (target.pivot, target.sum, target.squares) = (UnsafePointer(sums.pivot), sums.sum, sums.squares)
    }
    run(&arguments, &target)
  }

  override func finish(_ step: StepMemory) { statistics?.finish(step) }
}
