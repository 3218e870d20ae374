import CLabKernels
import COneDNN
import LabGraph

/// A depth-wise convolution: what its passes share.
struct DepthWiseConvolution {
  let samples: Int
  let channels: Int
  /// Channels with the padding of the last block.
  let paddedChannels: Int
  /// Numbers of the weights with their padding.
  let weightCount: Int
  private let geometry: LabDepthWise
  private let block: Int
  private let kernels: LabKernels

  /// The convolution of a plan, or nil where it is no depth-wise one, or one that the vector kernels do not have.
  init?(_ plan: ConvolutionPlan, kernels: LabKernels) {
    let shape = plan.shape
    let taps = shape.kernelHeight * shape.kernelWidth
    guard shape.groups > 1, shape.inputChannels == shape.groups, shape.outputChannels == shape.groups, plan.isBlocked,
      !plan.multipliesBFloat16, taps <= labMostDepthWiseTaps,
      shape.paddingHeight <= (shape.kernelHeight - 1) * shape.dilationHeight,
      shape.paddingWidth <= (shape.kernelWidth - 1) * shape.dilationWidth
    else { return nil }
    self.kernels = kernels
    block = plan.block
    samples = shape.samples
    channels = shape.groups
    paddedChannels = (channels + block - 1) / block * block
    weightCount = paddedChannels * taps
    geometry = LabDepthWise(
      height: shape.inputHeight, width: shape.inputWidth, outputHeight: shape.outputHeight,
      outputWidth: shape.outputWidth, kernelHeight: shape.kernelHeight, kernelWidth: shape.kernelWidth,
      strideHeight: shape.strideHeight, strideWidth: shape.strideWidth, paddingHeight: shape.paddingHeight,
      paddingWidth: shape.paddingWidth, dilationHeight: shape.dilationHeight, dilationWidth: shape.dilationWidth)
  }

  /// Bytes that each worker needs during a call.
  var scratchBytes: Int {
    withUnsafePointer(to: geometry) { kernels.depthWiseScratchCount($0) } * MemoryLayout<Float>.stride
  }

  /// The arguments of a chunk whose image is given as it is before its normalization and activation.
  ///
  /// - Parameter passesCache: whether the caches will not hold what is written until it is read again.
  func arguments(
    _ worker: Worker, image: AppliedOperands, weights: SlotID?, passesCache: Bool
  ) -> LabDepthWiseConvolution {
    var arguments = LabDepthWiseConvolution()
    arguments.geometry = geometry
    arguments.samples = worker.count
    arguments.channels = channels
    arguments.blocks = paddedChannels / block
    arguments.weights = weights.map { UnsafePointer(worker.whole($0)) }
    arguments.x = UnsafePointer(worker.pointer(image.x))
    arguments.scale = image.affine.map { UnsafePointer(worker.whole($0.scale)) }
    arguments.shift = image.affine.map { UnsafePointer(worker.whole($0.shift)) }
    arguments.activation = image.activation
    arguments.passesCache = passesCache
    arguments.scratch = worker.scratch.assumingMemoryBound(to: Float.self)
    return arguments
  }
}

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
