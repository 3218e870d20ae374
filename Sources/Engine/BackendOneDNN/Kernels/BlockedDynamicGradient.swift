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

  private let inputPlan: ConvolutionPlan
  private let weightPlan: ConvolutionPlan
  private let winograd: WinogradPlan?
  private let layout: WeightLayout
  private let inputLayout: WeightLayout
  private let outerBlocksAreSwapped: Bool
  private let operands: DynamicConvolutionOperands
  private let tensors: Tensors
  private let kernels: LabKernels
  private var inputPrimitive: ConvolutionPrimitive?
  private var weightPrimitive: ConvolutionPrimitive?

  init(
    inputPlan: ConvolutionPlan, weightPlan: ConvolutionPlan, winograd: WinogradPlan?, layout: WeightLayout,
    inputLayout: WeightLayout, outerBlocksAreSwapped: Bool, operands: DynamicConvolutionOperands, tensors: Tensors,
    kernels: LabKernels, path: String
  ) {
    self.inputPlan = inputPlan
    self.weightPlan = weightPlan
    self.winograd = winograd
    self.layout = layout
    self.inputLayout = inputLayout
    self.outerBlocksAreSwapped = outerBlocksAreSwapped
    self.operands = operands
    self.tensors = tensors
    self.kernels = kernels
    super.init(.convolutionInputGradient, path: path, samples: inputPlan.shape.samples)
    reads =
      [tensors.upstream, tensors.x, tensors.weights] + [tensors.transposedWeights].compactMap { $0 } + operands.slots
    writes = [tensors.dx].compactMap { $0 } + tensors.dAttentions
    lateWrites = [tensors.dWeights]
  }

  private var weightBytes: Int { VariableLayout.setStride(layout, count: operands.kernelCount) * operands.kernelCount }

  /// Memory of a group of samples.
  private var demand: DynamicScratchDemand {
    // Several kernels are read three times a group, and their gradients once.
    let leastSamples = operands.kernelCount > 1 ? 8 : 4
    return DynamicScratchDemand(
      operands: operands, setBytes: layout.byteCount,
      groupSize: DynamicScratchDemand.groupSize(setBytes: layout.byteCount, least: leastSamples),
      holdsWeights: winograd == nil, holdsGradients: true)
  }

  override func prepare(chunkSizes: [Int], workers: Int) throws {
    var demand = demand
    if let winograd {
      demand.convolutionBytes =
        4
        * max(
          winograd.kernels.weightGradientScratchCount(winograd.geometry, 1),
          winograd.kernels.forwardDynamicScratchCount(winograd.swapped, demand.groupSize))
    } else {
      weightPrimitive = try weightPlan.make(samples: 1, weights: layout, workers: workers)
      demand.convolutionBytes = weightPrimitive!.scratchBytes
      if tensors.dx != nil {
        inputPrimitive = try inputPlan.make(samples: 1, weights: inputLayout, workers: workers)
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
    arguments.transposed = !outerBlocksAreSwapped
    arguments.extent =
      outerBlocksAreSwapped
      ? operands.swappedExtent(setBytes: layout.byteCount)
      : operands.extent(setBytes: layout.byteCount)
    arguments.w = UnsafePointer(worker.whole(transposed))
    arguments.out = scratch.weights
    arguments.outStride = stride
    if let winograd {
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
    if let winograd {
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
      func divide(_ sums: UnsafeMutablePointer<Float>, _ slot: SlotID?, _ width: Int, stride: Int) {
        guard let slot else { return }
        let attention = worker.pointer(slot, sample: index)
        let target = worker.pointer(targets.removeFirst(), sample: index)
        var hasZero = false
        for i in 0..<width {
          hasZero = hasZero || attention[i] == 0
          target[i] = sums[position * stride + i] / attention[i]
        }
        if hasZero { recomputeZeros(attention, target, width, index, position, scratch, worker) }
      }
      divide(sumTap, operands.spatial, operands.taps, stride: operands.taps)
      divide(
        sharesSums ? sumOutput : sumInput, operands.channel, operands.inputChannels,
        stride: operands.paddedInputChannels)
      divide(sumOutput, operands.filter, operands.outputChannels, stride: operands.paddedOutputChannels)
    }
  }

  /// Where an attention is exactly zero its gradient cannot be divided out: the sum is taken without it.
  private func recomputeZeros(
    _ zeroed: UnsafeMutablePointer<Float>, _ target: UnsafeMutablePointer<Float>, _ count: Int, _ index: Int,
    _ position: Int, _ scratch: DynamicScratch, _ worker: Worker
  ) {
    let gradient = scratch.gradients + position * demand.stride
    let attention = operands.sample(index, worker)
    let block = kernels.block
    let extent = operands.extent(setBytes: layout.byteCount)
    let weights = worker.whole(tensors.weights)
    let inputsPerGroup = operands.inputChannels / operands.groups
    let outputsPerGroup = operands.outputChannels / operands.groups
    for i in 0..<count where zeroed[i] == 0 { target[i] = 0 }
    for o in 0..<operands.outputChannels {
      for inGroup in 0..<inputsPerGroup {
        for t in 0..<operands.taps {
          let i = o / outputsPerGroup * inputsPerGroup + inGroup
          let place = zeroed == attention.spatial ? t : zeroed == attention.channel ? i : o
          guard zeroed[place] == 0 else { continue }
          let matrix = (o / block * (extent.inputBlocks / extent.groups) + inGroup / block) * operands.taps + t
          let at = operands.isDepthWise ? matrix * block + o % block : (matrix * block + i % block) * block + o % block
          var weight: Float = 0
          for k in 0..<operands.kernelCount {
            weight += (attention.kernel?[k] ?? 1) * weights[k * extent.kernelStride + at]
          }
          if zeroed != attention.spatial { weight *= attention.spatial?[t] ?? 1 }
          if zeroed != attention.channel { weight *= attention.channel?[i] ?? 1 }
          if zeroed != attention.filter { weight *= attention.filter?[o] ?? 1 }
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
