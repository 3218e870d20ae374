import CLabKernels
import LabGraph

/// The gradients of group normalisation: a sample's sums are all that its pixels wait for, so that it stays in the cache.
final class GroupGradientKernel: Kernel {
  private let image: GroupedImage
  private let upstream: SlotID
  private let scale: SlotID
  private let mean: SlotID
  private let inverseDeviation: SlotID
  private let dx: SlotID
  private let scaleGradient: SlotID
  private let shiftGradient: SlotID
  private let kernels: LabKernels

  init(
    _ image: GroupedImage, upstream: SlotID, scale: SlotID, mean: SlotID, inverseDeviation: SlotID, dx: SlotID,
    scaleGradient: SlotID, shiftGradient: SlotID, kernels: LabKernels, path: String
  ) {
    self.image = image
    self.upstream = upstream
    self.scale = scale
    self.mean = mean
    self.inverseDeviation = inverseDeviation
    self.dx = dx
    self.scaleGradient = scaleGradient
    self.shiftGradient = shiftGradient
    self.kernels = kernels
    super.init(.normalization, path: path, samples: image.extent.samples)
    reads = [upstream, image.x, scale, mean, inverseDeviation]
    writes = [dx]
    lateWrites = [scaleGradient, shiftGradient]
    replacements = [(dx, upstream)]
    bfloat16Operands = [upstream, image.x]
    scratchBytes = image.paddedChannels * (2 * MemoryLayout<Double>.stride + 4 * MemoryLayout<Float>.stride)
    accumulatorBytes = 2 * image.paddedChannels * MemoryLayout<Double>.stride
  }

  /// A sample's sums, and the vectors of `dx = a·g + b·x + c`.
  private struct Scratch {
    /// `Σ g` of each channel.
    let sum: UnsafeMutablePointer<Double>
    /// `Σ g·(x − mean)` of each channel.
    let product: UnsafeMutablePointer<Double>
    let mean: UnsafeMutablePointer<Float>
    let a: UnsafeMutablePointer<Float>
    let b: UnsafeMutablePointer<Float>
    let c: UnsafeMutablePointer<Float>

    init(_ memory: UnsafeMutableRawPointer, _ paddedChannels: Int) {
      sum = memory.assumingMemoryBound(to: Double.self)
      product = sum + paddedChannels
      mean = UnsafeMutableRawPointer(product + paddedChannels).assumingMemoryBound(to: Float.self)
      a = mean + paddedChannels
      b = a + paddedChannels
      c = b + paddedChannels
      sum.update(repeating: 0, count: 2 * paddedChannels)
      mean.update(repeating: 0, count: 4 * paddedChannels)
    }
  }

  override func run(_ worker: Worker) {
    for sample in worker.samples {
      let scratch = Scratch(worker.scratch, image.paddedChannels)
      let means = worker.pointer(mean, sample: sample)
      for group in 0..<image.groups {
        for c in image.channels(of: group) { scratch.mean[c] = means[group] }
      }
      let (g, x) = (source(upstream, worker, sample: sample), source(image.x, worker, sample: sample))
      var sums = LabReduceGradient()
      sums.extent = image.sample
      sums.upstream1 = g
      sums.activation = LAB_ACTIVATION_NONE
      sums.x1 = x
      sums.mean1 = UnsafePointer(scratch.mean)
      sums.sum = scratch.sum
      sums.sumX1 = scratch.product
      kernels.reduceGradient(&sums)
      combine(scratch, sample, worker)
      kernels.normGradientApply(
        image.sample, g, x, scratch.a, scratch.b, scratch.c, worker.pointer(dx, sample: sample))
    }
  }

  /// Turns a sample's sums into the factors of its gradient, and adds them to those of the scale and the shift.
  private func combine(_ scratch: Scratch, _ sample: Int, _ worker: Worker) {
    let totals = worker.accumulator(at: accumulatorOffset, as: Double.self)
    let scale = worker.whole(scale)
    let count = Double(image.channelsPerGroup * image.extent.pixels)
    for group in 0..<image.groups {
      let inverse = Double(worker.pointer(inverseDeviation, sample: sample)[group])
      let mean = Double(worker.pointer(mean, sample: sample)[group])
      var (sum, projection) = (0.0, 0.0)
      for c in image.channels(of: group) {
        let product = scratch.product[c] * inverse
        sum += Double(scale[c]) * scratch.sum[c]
        projection += Double(scale[c]) * product
        totals[c] += product
        totals[image.paddedChannels + c] += scratch.sum[c]
      }
      let slope = -inverse * inverse * projection / count
      for c in image.channels(of: group) {
        scratch.a[c] = Float(inverse * Double(scale[c]))
        scratch.b[c] = Float(slope)
        scratch.c[c] = Float(-inverse * sum / count - slope * mean)
      }
    }
  }

  override func finish(_ step: StepMemory) {
    let totals = step.combineDoubles(at: accumulatorOffset, count: 2 * image.paddedChannels)
    for c in 0..<image.extent.channels {
      step.pointer(scaleGradient)[c] = Float(totals[c])
      step.pointer(shiftGradient)[c] = Float(totals[image.paddedChannels + c])
    }
  }
}
