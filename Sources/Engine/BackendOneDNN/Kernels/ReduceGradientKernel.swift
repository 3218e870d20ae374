import CLabKernels
import LabGraph

/// A batch normalisation that wants its sums from the pass that computes its upstream gradient.
struct NormGradientRequest {
  /// The normalised tensor's operand.
  var x: SlotID
  var mean: SlotID
  var inverseDeviation: SlotID
  var scale: SlotID
  /// The number of values a channel.
  var count: Int
  /// The number of channels without padding.
  var channels: Int
  var results: NormGradientCoefficients
}

/// The operands of `(upstream1 + upstream2 + addendFactor · addend) · activation'`.
struct GradientOperands {
  var upstream1: SlotID?
  var upstream2: SlotID?
  /// A vector of channels of each sample.
  var addend: SlotID?
  var addendFactor: Float
  var activation: LabActivation
  /// The activation's result or operand, or what gives its operand.
  var saved: SlotID?
  var recomputed: AppliedOperands?

  var upstreams: [SlotID] { [upstream1, upstream2].compactMap { $0 } }
  var images: [SlotID] { upstreams + [saved].compactMap { $0 } + (recomputed?.images ?? []) }
}

/// Sums gradients, applies an activation's derivative, and sums what up to two batch normalizations need.
final class ReduceGradientKernel: Kernel {
  private let extent: LabExtent
  private let operands: GradientOperands
  private let g: SlotID?
  private let norms: [NormGradientRequest]
  private let reduce: (UnsafePointer<LabReduceGradient>?) -> Void
  private let paddedChannels: Int

  /// - Parameters:
  ///   - g: the gradient; nil if only the sums are wanted.
  ///   - norms: the normalizations that want sums, two at most.
  init(
    _ extent: LabExtent, block: Int, operands: GradientOperands, g: SlotID?, norms: [NormGradientRequest],
    reduce: @escaping (UnsafePointer<LabReduceGradient>?) -> Void, path: String
  ) {
    self.extent = extent
    self.operands = operands
    self.g = g
    self.norms = norms
    self.reduce = reduce
    paddedChannels = extent.blocks * block
    super.init(norms.isEmpty ? .elementwise : .normalization, path: path, samples: extent.samples)
    reads =
      operands.images + [operands.addend].compactMap { $0 } + (operands.recomputed?.vectors ?? [])
      + norms.flatMap { [$0.x, $0.mean, $0.inverseDeviation, $0.scale] }
    writes = [g].compactMap { $0 }
    lateWrites = norms.flatMap {
      [$0.results.a, $0.results.b, $0.results.c, $0.results.scaleGradient, $0.results.shiftGradient]
    }
    bfloat16Operands = operands.images + norms.map(\.x)
    if let g { replacements = operands.upstreams.map { (g, $0) } }
    accumulatorBytes = norms.isEmpty ? 0 : 3 * paddedChannels * MemoryLayout<Double>.stride
  }

  override func run(_ worker: Worker) {
    worker.forSamples(together: operands.recomputed?.isPerSample != true) { run(worker, $0) }
  }

  private func run(_ worker: Worker, _ samples: Range<Int>) {
    let sample = samples.lowerBound
    var arguments = LabReduceGradient()
    arguments.extent = extent
    arguments.extent.samples = samples.count
    func source(_ slot: SlotID?) -> LabSource { self.source(slot, worker, sample: sample) }
    func vector(_ slot: SlotID?) -> UnsafePointer<Float>? { slot.map { UnsafePointer(worker.whole($0)) } }
    arguments.upstream1 = source(operands.upstream1)
    arguments.upstream2 = source(operands.upstream2)
    if let addend = operands.addend { arguments.addend = UnsafePointer(worker.pointer(addend, sample: sample)) }
    arguments.addendFactor = operands.addendFactor
    arguments.activation = operands.activation
    arguments.saved = source(operands.saved)
    arguments.savedX = source(operands.recomputed?.x)
    if let affine = operands.recomputed?.affine {
      (arguments.savedScale, arguments.savedShift) = affine.vectors(worker, sample: sample)
    }
    arguments.savedResidual = source(operands.recomputed?.residual)
    if let affine = operands.recomputed?.residualAffine {
      (arguments.savedResidualScale, arguments.savedResidualShift) = affine.vectors(worker, sample: sample)
    }
    if let g {
      arguments.g = worker.pointer(g, sample: sample)
      // Where it takes an operand's place, the cache has its lines in any case.
      arguments.passesCache = passesCache(g) && !isReplaced(g, worker, sample: sample)
    }
    if let first = norms.first {
      let sums = sums(worker)
      arguments.x1 = source(first.x)
      arguments.mean1 = vector(first.mean)
      arguments.sum = sums
      arguments.sumX1 = sums + paddedChannels
      if norms.count > 1 {
        arguments.x2 = source(norms[1].x)
        arguments.mean2 = vector(norms[1].mean)
        arguments.sumX2 = sums + 2 * paddedChannels
      }
    }
    reduce(&arguments)
  }

  /// A worker's sums of the gradient, and of its products with each normalized tensor.
  func sums(_ worker: Worker) -> UnsafeMutablePointer<Double> { worker.accumulator(at: accumulatorOffset) }

  private func isReplaced(_ g: SlotID, _ worker: Worker, sample: Int) -> Bool {
    let target = worker.pointer(g, sample: sample)
    return operands.upstreams.contains { worker.pointer($0, sample: sample) == target }
  }

  override func finish(_ step: StepMemory) {
    guard !norms.isEmpty else { return }
    let sums = step.combineDoubles(at: accumulatorOffset, count: 3 * paddedChannels)
    for (position, norm) in norms.enumerated() {
      let products = sums + (position + 1) * paddedChannels
      let mean = step.pointer(norm.mean)
      let inverse = step.pointer(norm.inverseDeviation)
      let scale = step.pointer(norm.scale)
      let count = Double(norm.count)
      for slot in [norm.results.a, norm.results.b, norm.results.c] {
        step.clearTail(of: slot, from: norm.channels, to: paddedChannels)
      }
      for c in 0..<norm.channels {
        let r = Double(inverse[c])
        let gamma = Double(scale[c])
        let slope = -gamma * r * r * r * products[c] / count
        step.pointer(norm.results.a)[c] = Float(gamma * r)
        step.pointer(norm.results.b)[c] = Float(slope)
        step.pointer(norm.results.c)[c] = Float(-gamma * r * sums[c] / count - slope * Double(mean[c]))
        step.pointer(norm.results.scaleGradient)[c] = Float(r * products[c])
        step.pointer(norm.results.shiftGradient)[c] = Float(sums[c])
      }
    }
  }
}
