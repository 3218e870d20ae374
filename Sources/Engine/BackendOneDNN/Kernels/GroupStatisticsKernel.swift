import CLabKernels
import LabGraph

/// The statistics of each sample's groups of channels, and the factors and offsets that follow from them.
final class GroupStatisticsKernel: Kernel {
  private let image: GroupedImage
  private let epsilon: Double
  private let scale: SlotID
  private let shift: SlotID
  private let mean: SlotID
  private let inverseDeviation: SlotID
  private let affine: ChannelAffine
  private let kernels: LabKernels

  init(
    _ image: GroupedImage, epsilon: Float, scale: SlotID, shift: SlotID, mean: SlotID, inverseDeviation: SlotID,
    affine: ChannelAffine, kernels: LabKernels, path: String
  ) {
    self.image = image
    self.epsilon = Double(epsilon)
    self.scale = scale
    self.shift = shift
    self.mean = mean
    self.inverseDeviation = inverseDeviation
    self.affine = affine
    self.kernels = kernels
    super.init(.normalization, path: path, samples: image.extent.samples)
    reads = [image.x, scale, shift]
    writes = [mean, inverseDeviation, affine.scale, affine.shift]
    // Two sums a channel in double precision, then the pivot that they are taken about.
    scratchBytes = image.paddedChannels * (2 * MemoryLayout<Double>.stride + MemoryLayout<Float>.stride)
  }

  override func run(_ worker: Worker) {
    let (padded, channels) = (image.paddedChannels, image.extent.channels)
    let sums = worker.scratch.assumingMemoryBound(to: Double.self)
    let pivot = UnsafeMutableRawPointer(sums + 2 * padded).assumingMemoryBound(to: Float.self)
    for sample in worker.samples {
      let x = worker.pointer(image.x, sample: sample)
      // Sums about a value of the channel itself lose no digits, however far the mean is from zero.
      for c in 0..<padded {
        pivot[c] = c < channels ? x[c / image.block * image.extent.pixels * image.block + c % image.block] : 0
      }
      sums.update(repeating: 0, count: 2 * padded)
      kernels.channelStatistics(image.sample, x, pivot, sums, sums + padded)
      let factors = worker.pointer(affine.scale, sample: sample)
      let offsets = worker.pointer(affine.shift, sample: sample)
      for group in 0..<image.groups {
        let moments = moments(of: group, pivot, sums)
        let (mean, variance) = (moments.mean, moments.variance)
        let inverse = 1 / (variance + epsilon).squareRoot()
        worker.pointer(self.mean, sample: sample)[group] = Float(mean)
        worker.pointer(inverseDeviation, sample: sample)[group] = Float(inverse)
        for c in image.channels(of: group) {
          let factor = Double(worker.whole(scale)[c]) * inverse
          factors[c] = Float(factor)
          offsets[c] = Float(Double(worker.whole(shift)[c]) - mean * factor)
        }
      }
      for c in channels..<padded { (factors[c], offsets[c]) = (0, 0) }
    }
  }

  /// A group's moments from its channels' sums, each about its own pivot.
  private func moments(
    of group: Int, _ pivot: UnsafePointer<Float>, _ sums: UnsafePointer<Double>
  ) -> ChannelMoments {
    var moments = ChannelMoments()
    for c in image.channels(of: group) {
      moments.add(
        count: Double(image.extent.pixels), pivot: pivot[c], sum: sums[c], sumOfSquares: sums[image.paddedChannels + c])
    }
    return moments
  }
}
