import CLabKernels
import COneDNN
import LabCore
import LabGraph

/// Memory of a worker while it handles one sample of a blocked dynamic convolution.
private struct DynamicScratch {
  var weights: UnsafeMutablePointer<Float>
  var gradient: UnsafeMutablePointer<Float>
  var rowFactors: UnsafeMutablePointer<Float>
  var columnFactors: UnsafeMutablePointer<Float>
  var sums: UnsafeMutablePointer<Float>
  var contraction: UnsafeMutablePointer<Float>
  var primitive: UnsafeMutableRawPointer

  static func byteCount(_ operands: DynamicConvolutionOperands, setBytes: Int, primitiveBytes: Int, block: Int) -> Int {
    let channels = operands.inputChannels + operands.outputChannels
    let floats = operands.taps * channels + channels + contractionFloats(operands, block) + 8 * 64 + 64
    return 2 * (setBytes + 64) + floats * 4 + primitiveBytes + 1024
  }

  static func contractionFloats(_ operands: DynamicConvolutionOperands, _ block: Int) -> Int {
    (operands.inputChannels + operands.taps + operands.kernelCount) * block + channels(operands)
  }

  private static func channels(_ operands: DynamicConvolutionOperands) -> Int {
    operands.inputChannels + operands.outputChannels + operands.taps + operands.kernelCount + 64
  }

  init(_ base: UnsafeMutableRawPointer, _ operands: DynamicConvolutionOperands, setBytes: Int, block: Int) {
    var next = base
    func take(_ floats: Int) -> UnsafeMutablePointer<Float> {
      let pointer = next.assumingMemoryBound(to: Float.self)
      next += (floats * 4 + 63) / 64 * 64
      return pointer
    }
    let channels = operands.inputChannels + operands.outputChannels
    weights = take(setBytes / 4)
    gradient = take(setBytes / 4)
    rowFactors = take(operands.taps * max(operands.inputChannels, operands.outputChannels))
    columnFactors = take(max(operands.inputChannels, operands.outputChannels))
    sums = take(channels + operands.taps + operands.kernelCount)
    contraction = take((operands.inputChannels + operands.taps + operands.kernelCount) * block)
    primitive = next
  }
}

/// A dynamic convolution whose channels fill whole blocks: each sample's weights are aggregated in the convolution's own
/// layout and used at once, so that no more than one sample's weights exist a worker.
final class BlockedDynamicConvolutionKernel: BaseKernel, Kernel {
  private let plan: ConvolutionPlan
  private let layout: WeightLayout
  private let operands: DynamicConvolutionOperands
  private let x: SlotID
  private let weights: SlotID
  private let y: SlotID
  private let kernels: LabKernels
  private var primitive: ConvolutionPrimitive?

  init(
    _ plan: ConvolutionPlan, layout: WeightLayout, operands: DynamicConvolutionOperands, x: SlotID, weights: SlotID,
    y: SlotID, kernels: LabKernels, path: String
  ) {
    self.plan = plan
    self.layout = layout
    self.operands = operands
    self.x = x
    self.weights = weights
    self.y = y
    self.kernels = kernels
    super.init(.convolutionForward, path: path, samples: plan.shape.samples)
    reads = [x, weights] + operands.slots
    writes = [y]
  }

  override func prepare(chunkSizes: [Int], workers: Int) throws {
    primitive = try plan.make(samples: 1, weights: layout, workers: workers)
    scratchBytes = DynamicScratch.byteCount(
      operands, setBytes: layout.byteCount, primitiveBytes: primitive!.scratchBytes, block: kernels.block)
  }

  override func run(_ worker: Worker) throws {
    let scratch = DynamicScratch(worker.scratch, operands, setBytes: layout.byteCount, block: kernels.block)
    let extent = operands.extent(kernels.block, setBytes: layout.byteCount)
    for index in worker.samples {
      let attention = operands.sample(index, worker)
      worker.measure(.dynamicWeights) {
        operands.fillRowFactors(
          scratch.rowFactors, rows: operands.inputChannels, row: attention.channel, spatial: attention.spatial)
        operands.fill(scratch.columnFactors, from: attention.filter, count: operands.outputChannels)
        kernels.aggregate(
          extent, false, worker.whole(weights), attention.kernel, scratch.rowFactors, scratch.columnFactors,
          scratch.weights)
      }
      try primitive!.execute(
        worker: worker.index, image: worker.pointer(x, sample: index), weights: scratch.weights,
        result: worker.pointer(y, sample: index), scratch: scratch.primitive)
    }
  }
}

extension DynamicConvolutionOperands {
  /// The blocked extents of the kernels.
  func extent(_ block: Int, setBytes: Int) -> LabDynamicExtent {
    LabDynamicExtent(
      kernels: kernelCount, outputBlocks: outputChannels / block, inputBlocks: inputChannels / block, taps: taps,
      kernelStride: (setBytes + (kernelCount > 1 ? VariableLayout.setPaddingBytes : 0)) / 4)
  }

  /// The extents of kernels whose outer blocks are swapped: inputs and outputs exchange their roles.
  func swappedExtent(_ block: Int, setBytes: Int) -> LabDynamicExtent {
    var extent = extent(block, setBytes: setBytes)
    swap(&extent.outputBlocks, &extent.inputBlocks)
    return extent
  }
}

/// All gradients of a blocked dynamic convolution, sample by sample.
final class BlockedDynamicGradientKernel: BaseKernel, Kernel {
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
  private let layout: WeightLayout
  private let inputLayout: WeightLayout
  private let outerBlocksAreSwapped: Bool
  private let operands: DynamicConvolutionOperands
  private let tensors: Tensors
  private let kernels: LabKernels
  private var inputPrimitive: ConvolutionPrimitive?
  private var weightPrimitive: ConvolutionPrimitive?

  init(
    inputPlan: ConvolutionPlan, weightPlan: ConvolutionPlan, layout: WeightLayout, inputLayout: WeightLayout,
    outerBlocksAreSwapped: Bool, operands: DynamicConvolutionOperands, tensors: Tensors, kernels: LabKernels,
    path: String
  ) {
    self.inputPlan = inputPlan
    self.weightPlan = weightPlan
    self.layout = layout
    self.inputLayout = inputLayout
    self.outerBlocksAreSwapped = outerBlocksAreSwapped
    self.operands = operands
    self.tensors = tensors
    self.kernels = kernels
    super.init(.convolutionInputGradient, path: path, samples: inputPlan.shape.samples)
    reads = [tensors.upstream, tensors.x, tensors.weights] + [tensors.transposedWeights].compactMap { $0 } + operands.slots
    writes = [tensors.dx].compactMap { $0 } + tensors.dAttentions
    lateWrites = [tensors.dWeights]
  }

  private var weightBytes: Int { VariableLayout.setStride(layout, count: operands.kernelCount) * operands.kernelCount }

  override func prepare(chunkSizes: [Int], workers: Int) throws {
    weightPrimitive = try weightPlan.make(samples: 1, weights: layout, workers: workers)
    var primitiveBytes = weightPrimitive!.scratchBytes
    if tensors.dx != nil {
      inputPrimitive = try inputPlan.make(samples: 1, weights: inputLayout, workers: workers)
      primitiveBytes = max(primitiveBytes, inputPrimitive!.scratchBytes)
    }
    scratchBytes = DynamicScratch.byteCount(
      operands, setBytes: layout.byteCount, primitiveBytes: primitiveBytes, block: kernels.block)
    accumulatorBytes = workers > 1 ? weightBytes : 0
  }

  override func run(_ worker: Worker) throws {
    let scratch = DynamicScratch(worker.scratch, operands, setBytes: layout.byteCount, block: kernels.block)
    let dWeights =
      worker.index == 0 ? worker.whole(tensors.dWeights) : worker.accumulator(at: accumulatorOffset, as: Float.self)
    if worker.isFirstChunk { dWeights.update(repeating: 0, count: weightBytes / 4) }
    for index in worker.samples {
      let attention = operands.sample(index, worker)
      try computeInputGradient(index, attention, scratch, worker)
      try worker.measure(.convolutionWeightGradient) {
        try weightPrimitive!.execute(
          worker: worker.index, image: worker.pointer(tensors.x, sample: index), weights: scratch.gradient,
          result: worker.pointer(tensors.upstream, sample: index), scratch: scratch.primitive)
      }
      worker.measure(.dynamicWeights) { contract(index, attention, dWeights, scratch, worker) }
    }
  }

  private func computeInputGradient(
    _ index: Int, _ attention: DynamicConvolutionOperands.Sample, _ scratch: DynamicScratch, _ worker: Worker
  ) throws {
    guard let dx = tensors.dx, let transposed = tensors.transposedWeights else { return }
    worker.measure(.dynamicWeights) {
      operands.fillRowFactors(
        scratch.rowFactors, rows: operands.outputChannels, row: attention.filter, spatial: attention.spatial)
      operands.fill(scratch.columnFactors, from: attention.channel, count: operands.inputChannels)
      let extent =
        outerBlocksAreSwapped
        ? operands.swappedExtent(kernels.block, setBytes: layout.byteCount)
        : operands.extent(kernels.block, setBytes: layout.byteCount)
      kernels.aggregate(
        extent, !outerBlocksAreSwapped, worker.whole(transposed), attention.kernel, scratch.rowFactors,
        scratch.columnFactors, scratch.weights)
    }
    try inputPrimitive!.execute(
      worker: worker.index, image: worker.pointer(dx, sample: index), weights: scratch.weights,
      result: worker.pointer(tensors.upstream, sample: index), scratch: scratch.primitive)
  }

  /// The weight gradient's share of the kernels and the attentions.
  ///
  /// With `P` the product of the sample's weights and their gradient, an attention's gradient is the sum of `P` over
  /// everything that it multiplies, divided by the attention.
  private func contract(
    _ index: Int, _ attention: DynamicConvolutionOperands.Sample, _ dWeights: UnsafeMutablePointer<Float>,
    _ scratch: DynamicScratch, _ worker: Worker
  ) {
    operands.fillRowFactors(
      scratch.rowFactors, rows: operands.inputChannels, row: attention.channel, spatial: attention.spatial)
    operands.fill(scratch.columnFactors, from: attention.filter, count: operands.outputChannels)
    let sumInput = scratch.sums
    let sumOutput = sumInput + operands.inputChannels
    let sumTap = sumOutput + operands.outputChannels
    let dKernel = sumTap + operands.taps
    let extent = operands.extent(kernels.block, setBytes: layout.byteCount)
    kernels.contract(
      extent, worker.whole(tensors.weights), scratch.gradient, attention.kernel, scratch.rowFactors,
      scratch.columnFactors, dWeights, sumInput, sumOutput, sumTap, attention.kernel == nil ? nil : dKernel,
      scratch.contraction)
    var targets = tensors.dAttentions[...]
    if operands.kernel != nil {
      worker.pointer(targets.removeFirst(), sample: index).update(from: dKernel, count: operands.kernelCount)
    }
    func divide(_ sums: UnsafeMutablePointer<Float>, _ attention: UnsafeMutablePointer<Float>?, _ count: Int) {
      guard let attention else { return }
      let target = worker.pointer(targets.removeFirst(), sample: index)
      var hasZero = false
      for i in 0..<count {
        hasZero = hasZero || attention[i] == 0
        target[i] = sums[i] / attention[i]
      }
      if hasZero { recomputeZeros(attention, target, count, index, scratch, worker) }
    }
    divide(sumTap, attention.spatial, operands.taps)
    divide(sumInput, attention.channel, operands.inputChannels)
    divide(sumOutput, attention.filter, operands.outputChannels)
  }

  /// Where an attention is exactly zero its gradient cannot be divided out: the sum is taken without it.
  private func recomputeZeros(
    _ zeroed: UnsafeMutablePointer<Float>, _ target: UnsafeMutablePointer<Float>, _ count: Int, _ index: Int,
    _ scratch: DynamicScratch, _ worker: Worker
  ) {
    let attention = operands.sample(index, worker)
    let block = kernels.block
    let extent = operands.extent(block, setBytes: layout.byteCount)
    let weights = worker.whole(tensors.weights)
    for i in 0..<count where zeroed[i] == 0 { target[i] = 0 }
    for o in 0..<operands.outputChannels {
      for i in 0..<operands.inputChannels {
        for t in 0..<operands.taps {
          let position: Int
          if zeroed == attention.spatial {
            position = t
          } else if zeroed == attention.channel {
            position = i
          } else {
            position = o
          }
          guard zeroed[position] == 0 else { continue }
          let matrix = (o / block * extent.inputBlocks + i / block) * operands.taps + t
          let at = matrix * block * block + i % block * block + o % block
          var weight: Float = 0
          for k in 0..<operands.kernelCount {
            weight += (attention.kernel?[k] ?? 1) * weights[k * extent.kernelStride + at]
          }
          if zeroed != attention.spatial { weight *= attention.spatial?[t] ?? 1 }
          if zeroed != attention.channel { weight *= attention.channel?[i] ?? 1 }
          if zeroed != attention.filter { weight *= attention.filter?[o] ?? 1 }
          target[position] += weight * scratch.gradient[at]
        }
      }
    }
  }

  override func finish(_ step: Step) {
    let total = step.pointer(tensors.dWeights)
    for worker in step.workers.dropFirst() where worker.hasWorked {
      kernels.accumulate(weightBytes / 4, worker.accumulator(at: accumulatorOffset, as: Float.self), total)
    }
  }
}
