import CLabKernels
import LabGraph

/// The statistics of batch normalisation, what follows from them, and the new running ones.
final class StatisticsKernel: Kernel {
  /// The vectors that the kernel reads and writes.
  struct Vectors {
    var scale: SlotID
    var shift: SlotID
    var runningMean: SlotID
    var runningVariance: SlotID
    var mean: SlotID
    var inverseDeviation: SlotID
    var newMean: SlotID
    var newVariance: SlotID
    var affine: ChannelAffine
  }

  private let extent: LabExtent
  private let x: SlotID
  private let vectors: Vectors
  private let operation: BatchNormalization
  private let statistics:
    (
      LabExtent, UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Double>?,
      UnsafeMutablePointer<Double>?
    ) -> Void
  private let paddedChannels: Int

  init(
    _ extent: LabExtent, x: SlotID, vectors: Vectors, operation: BatchNormalization, kernels: LabKernels, path: String
  ) {
    self.extent = extent
    self.x = x
    self.vectors = vectors
    self.operation = operation
    statistics = kernels.channelStatistics
    paddedChannels = extent.blocks * kernels.block
    super.init(.normalization, path: path, samples: extent.samples)
    reads = [x, vectors.scale, vectors.shift, vectors.runningMean, vectors.runningVariance]
    lateWrites = [
      vectors.mean, vectors.inverseDeviation, vectors.newMean, vectors.newVariance, vectors.affine.scale,
      vectors.affine.shift,
    ]
    // Two sums a channel in double precision, then the pivot that they are taken about.
    accumulatorBytes = paddedChannels * (2 * MemoryLayout<Double>.stride + MemoryLayout<Float>.stride)
  }

  private func pivot(_ worker: Worker) -> UnsafeMutablePointer<Float> {
    worker.accumulator(at: accumulatorOffset + 2 * paddedChannels * MemoryLayout<Double>.stride)
  }

  /// A worker's sums and squares of differences from the channels' pivots.
  func sums(
    _ worker: Worker
  ) -> (pivot: UnsafeMutablePointer<Float>, sum: UnsafeMutablePointer<Double>, squares: UnsafeMutablePointer<Double>) {
    let sums = worker.accumulator(at: accumulatorOffset, as: Double.self)
    return (pivot(worker), sums, sums + paddedChannels)
  }

  /// Takes the first pixels of a worker's first image for the channels' pivots: sums about a value of the channel itself lose
  /// no digits, however far the mean is from zero.
  func choosePivot(_ worker: Worker, from x: UnsafePointer<Float>) {
    let (pivot, block) = (pivot(worker), paddedChannels / extent.blocks)
    for c in 0..<extent.channels { pivot[c] = x[c / block * extent.pixels * block + c % block] }
  }

  override func run(_ worker: Worker) {
    var part = extent
    part.samples = worker.count
    let x = worker.pointer(x)
    if worker.isFirstChunk { choosePivot(worker, from: x) }
    let sums = sums(worker)
    statistics(part, x, sums.pivot, sums.sum, sums.squares)
  }

  /// The batch's mean and variance of a channel from the workers' sums, each about its own pivot.
  private func moments(_ channel: Int, _ step: StepMemory) -> ChannelMoments {
    var moments = ChannelMoments()
    for worker in step.workers where worker.hasWorked {
      let sums = worker.accumulator(at: accumulatorOffset, as: Double.self)
      moments.add(
        count: Double(worker.sampleCount * extent.pixels), pivot: pivot(worker)[channel], sum: sums[channel],
        sumOfSquares: sums[paddedChannels + channel])
    }
    return moments
  }

  override func finish(_ step: StepMemory) {
    let count = Double(extent.samples * extent.pixels)
    let momentum = Double(operation.momentum)
    let oldMean = step.pointer(vectors.runningMean)
    let oldVariance = step.pointer(vectors.runningVariance)
    for slot in [vectors.mean, vectors.affine.scale, vectors.affine.shift] {
      step.clearTail(of: slot, from: extent.channels, to: paddedChannels)
    }
    for c in 0..<extent.channels {
      let moments = moments(c, step)
      let (mean, variance) = (moments.mean, moments.variance)
      let inverse = 1 / (variance + Double(operation.epsilon)).squareRoot()
      let scale = Double(step.pointer(vectors.scale)[c]) * inverse
      step.pointer(vectors.mean)[c] = Float(mean)
      step.pointer(vectors.inverseDeviation)[c] = Float(inverse)
      step.pointer(vectors.affine.scale)[c] = Float(scale)
      step.pointer(vectors.affine.shift)[c] = Float(Double(step.pointer(vectors.shift)[c]) - mean * scale)
      step.pointer(vectors.newMean)[c] = Float((1 - momentum) * Double(oldMean[c]) + momentum * mean)
      step.pointer(vectors.newVariance)[c] = Float(
        (1 - momentum) * Double(oldVariance[c]) + momentum * variance * count / (count - 1))
    }
  }
}
