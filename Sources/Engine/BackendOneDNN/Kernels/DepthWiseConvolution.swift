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
