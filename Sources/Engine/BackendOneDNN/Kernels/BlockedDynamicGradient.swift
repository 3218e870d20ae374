import CLabKernels
import COneDNN
import LabCore
import LabGraph

/// All gradients of a blocked dynamic convolution, sample by sample.
final class BlockedDynamicGradientKernel: Kernel {
  /// The tensors.
  struct Tensors {
    var upstream: SlotID
    var x: SlotID
    var weights: SlotID
    /// The kernels in the layout of the input gradient, where that is wanted.
    var transposedWeights: SlotID?
    var dx: SlotID?
    var dWeights: SlotID
    /// In the order of ``DynamicConvolutionOperands/slots``.
    var dAttentions: [SlotID]
  }

  /// The convolutions that give the gradients.
  struct Passes {
    /// The image's gradient.
    var input: ConvolutionPlan
    var inputLayout: WeightLayout
    /// Whether the weights' outer blocks are swapped for it, so that inputs and outputs exchange their roles.
    var outerBlocksAreSwapped: Bool
    /// The gradient of a sample's weights.
    var weight: ConvolutionPlan
    var weightLayout: WeightLayout
    /// Takes the place of both if it is chosen.
    var winograd: WinogradPlan?
  }

  /// An attention that multiplies a sample's weights, which are mixed before.
  private enum Attention {
    case spatial, channel, filter
  }

  private let passes: Passes
  private let operands: DynamicConvolutionOperands
  private let tensors: Tensors
  private let kernels: LabKernels
  private var inputPrimitive: ConvolutionPrimitive?
  private var weightPrimitive: ConvolutionPrimitive?

  /// The time of this kernel is counted as the image's gradient, but for what is measured as something else on the way.
  init(
    _ passes: Passes, operands: DynamicConvolutionOperands, tensors: Tensors, kernels: LabKernels, path: String
  ) {
    self.passes = passes
    self.operands = operands
    self.tensors = tensors
    self.kernels = kernels
    super.init(.convolutionInputGradient, path: path, samples: passes.input.shape.samples)
    reads =
      [tensors.upstream, tensors.x, tensors.weights] + [tensors.transposedWeights].compactMap { $0 } + operands.slots
    writes = [tensors.dx].compactMap { $0 } + tensors.dAttentions
    lateWrites = [tensors.dWeights]
  }

  private var layout: WeightLayout { passes.weightLayout }

  private var weightBytes: Int { VariableLayout.setStride(layout, count: operands.kernelCount) * operands.kernelCount }

  /// Memory of a group of samples.
  private var demand: DynamicScratchDemand {
    // Several kernels are read three times a group, and their gradients once.
    let leastSamples = operands.kernelCount > 1 ? 8 : 4
    return DynamicScratchDemand(
      operands: operands, setBytes: layout.byteCount,
      groupSize: DynamicScratchDemand.groupSize(setBytes: layout.byteCount, least: leastSamples),
      holdsWeights: passes.winograd == nil, holdsGradients: true)
  }

  override func prepare(chunkSizes: [Int], workers: Int) throws {
    var demand = demand
    if let winograd = passes.winograd {
      demand.convolutionBytes =
        4
        * max(
          winograd.kernels.weightGradientScratchCount(winograd.geometry, 1),
          winograd.kernels.forwardDynamicScratchCount(winograd.swapped, demand.groupSize))
    } else {
      weightPrimitive = try passes.weight.make(samples: 1, weights: layout, workers: workers)
      demand.convolutionBytes = weightPrimitive!.scratchBytes
      if tensors.dx != nil {
        inputPrimitive = try passes.input.make(samples: 1, weights: passes.inputLayout, workers: workers)
        demand.convolutionBytes = max(demand.convolutionBytes, inputPrimitive!.scratchBytes)
      }
    }
    scratchBytes = demand.byteCount
    accumulatorBytes = workers > 1 ? weightBytes : 0
  }

  override func run(_ worker: Worker) throws {
    let demand = demand
    let scratch = DynamicScratch(worker.scratch, demand)
    let dWeights =
      worker.index == 0 ? worker.whole(tensors.dWeights) : worker.accumulator(at: accumulatorOffset, as: Float.self)
    if worker.isFirstChunk { dWeights.update(repeating: 0, count: weightBytes / 4) }
    for group in worker.groups(of: demand.groupSize) {
      try computeInputGradient(group, scratch, worker)
      try worker.measure(.convolutionWeightGradient) {
        for (position, index) in group.enumerated() {
          try computeWeightGradient(of: index, into: scratch.gradients + position * demand.stride, scratch, worker)
        }
      }
      worker.measure(.dynamicWeights) { contract(group, dWeights, scratch, worker) }
    }
  }

  private func computeInputGradient(_ group: Range<Int>, _ scratch: DynamicScratch, _ worker: Worker) throws {
    guard let dx = tensors.dx, let transposed = tensors.transposedWeights else { return }
    let stride = demand.stride
    var arguments = operands.aggregation(of: group, worker, isTransposed: true, scratch)
    // With swapped outer blocks the matrices are those of the other aggregation, inputs and outputs exchanged.
    arguments.transposed = !passes.outerBlocksAreSwapped
    arguments.extent =
      passes.outerBlocksAreSwapped
      ? operands.swappedExtent(setBytes: layout.byteCount)
      : operands.extent(setBytes: layout.byteCount)
    arguments.w = UnsafePointer(worker.whole(transposed))
    arguments.out = scratch.weights
    arguments.outStride = stride
    if let winograd = passes.winograd {
      winograd.kernels.forwardDynamic(
        winograd.swapped, &arguments, worker.pointer(tensors.upstream, sample: group.lowerBound),
        worker.pointer(dx, sample: group.lowerBound), worker.isFar(dx),
        scratch.convolution.assumingMemoryBound(to: Float.self))
      return
    }
    worker.measure(.dynamicWeights) { kernels.aggregateSamples(&arguments) }
    for (position, index) in group.enumerated() {
      try inputPrimitive!.execute(
        worker: worker.index, image: worker.pointer(dx, sample: index), weights: scratch.weights + position * stride,
        result: worker.pointer(tensors.upstream, sample: index), scratch: scratch.convolution)
    }
  }

  private func computeWeightGradient(
    of sample: Int, into gradient: UnsafeMutablePointer<Float>, _ scratch: DynamicScratch, _ worker: Worker
  ) throws {
    let (image, upstream) = (
      worker.pointer(tensors.x, sample: sample), worker.pointer(tensors.upstream, sample: sample)
    )
    if let winograd = passes.winograd {
      winograd.kernels.weightGradient(
        winograd.geometry, 1, image, upstream, gradient,
        scratch.convolution.assumingMemoryBound(to: Float.self))
    } else {
      try weightPrimitive!.execute(
        worker: worker.index, image: image, weights: gradient, result: upstream, scratch: scratch.convolution)
    }
  }

  /// The weight gradients' share of the kernels and the attentions.
  ///
  /// With `P` the product of a sample's weights and their gradient, an attention's gradient is the sum of `P` over
  /// everything that it multiplies, divided by the attention.
  private func contract(
    _ group: Range<Int>, _ dWeights: UnsafeMutablePointer<Float>, _ scratch: DynamicScratch, _ worker: Worker
  ) {
    let count = group.count
    let sumInput = scratch.sums
    let sumOutput = sumInput + count * operands.paddedInputChannels
    let sumTap = sumOutput + count * operands.paddedOutputChannels
    let dKernel = sumTap + count * operands.taps
    let aggregation = operands.aggregation(of: group, worker, isTransposed: false, scratch)
    var arguments = LabContract()
    arguments.extent = operands.extent(setBytes: layout.byteCount)
    arguments.samples = count
    arguments.w = UnsafePointer(worker.whole(tensors.weights))
    arguments.gradient = UnsafePointer(scratch.gradients)
    arguments.gradientStride = demand.stride
    arguments.kernelWeights = aggregation.kernelWeights
    arguments.rowFactor = aggregation.rowFactor
    arguments.columnFactor = aggregation.columnFactor
    arguments.dw = dWeights
    // A depth-wise filter has one channel, so that both have the same sums.
    let sharesSums = operands.isDepthWise
    arguments.sumInput = operands.channel == nil || sharesSums ? nil : sumInput
    arguments.sumOutput = operands.filter == nil && !(sharesSums && operands.channel != nil) ? nil : sumOutput
    arguments.sumTap = operands.spatial == nil ? nil : sumTap
    arguments.dKernel = operands.kernel == nil ? nil : dKernel
    arguments.scratch = scratch.contraction
    kernels.contractSamples(&arguments)
    for (position, index) in group.enumerated() {
      var targets = tensors.dAttentions[...]
      if operands.kernel != nil {
        worker.pointer(targets.removeFirst(), sample: index)
          .update(from: dKernel + position * operands.kernelCount, count: operands.kernelCount)
      }
      func divide(
        _ sums: UnsafeMutablePointer<Float>, by attention: Attention, _ slot: SlotID?, _ width: Int, stride: Int
      ) {
        guard let slot else { return }
        let factors = worker.pointer(slot, sample: index)
        let target = worker.pointer(targets.removeFirst(), sample: index)
        var hasZero = false
        for i in 0..<width {
          hasZero = hasZero || factors[i] == 0
          target[i] = sums[position * stride + i] / factors[i]
        }
        if hasZero { recomputeZeros(of: attention, factors, target, width, index, position, scratch, worker) }
      }
      divide(sumTap, by: .spatial, operands.spatial, operands.taps, stride: operands.taps)
      divide(
        sharesSums ? sumOutput : sumInput, by: .channel, operands.channel, operands.inputChannels,
        stride: operands.paddedInputChannels)
      divide(sumOutput, by: .filter, operands.filter, operands.outputChannels, stride: operands.paddedOutputChannels)
    }
  }

  /// Where an attention is exactly zero its gradient cannot be divided out: the sum is taken without it.
  private func recomputeZeros(
    of zeroed: Attention, _ factors: UnsafeMutablePointer<Float>, _ target: UnsafeMutablePointer<Float>, _ count: Int,
    _ index: Int, _ position: Int, _ scratch: DynamicScratch, _ worker: Worker
  ) {
    let gradient = scratch.gradients + position * demand.stride
    let attention = operands.sample(index, worker)
    let block = kernels.block
    let extent = operands.extent(setBytes: layout.byteCount)
    let weights = worker.whole(tensors.weights)
    let inputsPerGroup = operands.inputChannels / operands.groups
    let outputsPerGroup = operands.outputChannels / operands.groups
    for i in 0..<count where factors[i] == 0 { target[i] = 0 }
    for o in 0..<operands.outputChannels {
      for inGroup in 0..<inputsPerGroup {
        for t in 0..<operands.taps {
          let i = o / outputsPerGroup * inputsPerGroup + inGroup
          let place =
            switch zeroed {
            case .spatial: t
            case .channel: i
            case .filter: o
            }
          guard factors[place] == 0 else { continue }
          let matrix = (o / block * (extent.inputBlocks / extent.groups) + inGroup / block) * operands.taps + t
          let at = operands.isDepthWise ? matrix * block + o % block : (matrix * block + i % block) * block + o % block
          var weight: Float = 0
          for k in 0..<operands.kernelCount {
            weight += (attention.kernel?[k] ?? 1) * weights[k * extent.kernelStride + at]
          }
          if zeroed != .spatial { weight *= attention.spatial?[t] ?? 1 }
          if zeroed != .channel { weight *= attention.channel?[i] ?? 1 }
          if zeroed != .filter { weight *= attention.filter?[o] ?? 1 }
          target[place] += weight * gradient[at]
        }
      }
    }
  }

  override func finish(_ step: StepMemory) {
    let total = step.pointer(tensors.dWeights)
    for worker in step.workers.dropFirst() where worker.hasWorked {
      kernels.accumulate(weightBytes / 4, worker.accumulator(at: accumulatorOffset, as: Float.self), total)
    }
  }
}
