import CLabKernels
import COneDNN
import LabCore
import LabGraph

/// A dynamic convolution whose groups have whole blocks of channels, or one channel: each sample's weights are
/// aggregated in the convolution's own layout and used at once, a few samples at a time.
final class BlockedDynamicConvolutionKernel: Kernel {
  private let plan: ConvolutionPlan
  private let layout: WeightLayout
  private let operands: DynamicConvolutionOperands
  private let x: SlotID
  private let weights: SlotID
  private let y: SlotID
  private let kernels: LabKernels
  private let winograd: WinogradPlan?
  private var primitive: ConvolutionPrimitive?

  init(
    _ plan: ConvolutionPlan, winograd: WinogradPlan?, layout: WeightLayout, operands: DynamicConvolutionOperands,
    x: SlotID, weights: SlotID,
    y: SlotID, kernels: LabKernels, path: String
  ) {
    self.plan = plan
    self.winograd = winograd
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

  /// Memory of a group of samples.
  private var demand: DynamicScratchDemand {
    DynamicScratchDemand(
      operands: operands, setBytes: layout.byteCount,
      groupSize: DynamicScratchDemand.groupSize(setBytes: layout.byteCount, least: 4), holdsWeights: winograd == nil,
      holdsGradients: false)
  }

  override func prepare(chunkSizes: [Int], workers: Int) throws {
    var demand = demand
    if let winograd {
      demand.convolutionBytes = winograd.kernels.forwardDynamicScratchCount(winograd.geometry, demand.groupSize) * 4
    } else {
      primitive = try plan.make(samples: 1, weights: layout, workers: workers)
      demand.convolutionBytes = primitive!.scratchBytes
    }
    scratchBytes = demand.byteCount
  }

  override func run(_ worker: Worker) throws {
    let demand = demand
    let scratch = DynamicScratch(worker.scratch, demand)
    for group in worker.groups(of: demand.groupSize) {
      var arguments = operands.aggregation(of: group, worker, isTransposed: false, scratch)
      arguments.extent = operands.extent(setBytes: layout.byteCount)
      arguments.w = UnsafePointer(worker.whole(weights))
      arguments.out = scratch.weights
      arguments.outStride = demand.stride
      if let winograd {
        winograd.kernels.forwardDynamic(
          winograd.geometry, &arguments, worker.pointer(x, sample: group.lowerBound),
          worker.pointer(y, sample: group.lowerBound), worker.isFar(y),
          scratch.convolution.assumingMemoryBound(to: Float.self))
        continue
      }
      worker.measure(.dynamicWeights) { kernels.aggregateSamples(&arguments) }
      for (position, index) in group.enumerated() {
        try primitive!.execute(
          worker: worker.index, image: worker.pointer(x, sample: index),
          weights: scratch.weights + position * demand.stride, result: worker.pointer(y, sample: index),
          scratch: scratch.convolution)
      }
    }
  }
}

extension Worker {
  /// The chunk's samples in groups of at most a number.
  func groups(of size: Int) -> [Range<Int>] {
    stride(from: samples.lowerBound, to: samples.upperBound, by: size).map {
      $0..<min($0 + size, samples.upperBound)
    }
  }
}

extension DynamicConvolutionOperands {
  /// The attentions of a group of samples in the aggregation's terms: rows are outputs where `isTransposed`.
  func aggregation(
    of group: Range<Int>, _ worker: Worker, isTransposed: Bool, _ scratch: DynamicScratch
  ) -> LabAggregate {
    func first(_ slot: SlotID?) -> UnsafePointer<Float>? {
      slot.map { UnsafePointer(worker.pointer($0, sample: group.lowerBound)) }
    }
    let (row, column) = isDepthWise ? (nil, filter ?? channel) : isTransposed ? (filter, channel) : (channel, filter)
    let rows = isDepthWise ? 1 : isTransposed ? paddedOutputChannels : paddedInputChannels
    if row != nil || spatial != nil {
      for (position, index) in group.enumerated() {
        fillRowFactors(
          scratch.rowFactors + position * taps * rows, rows: rows, row: row.map { worker.pointer($0, sample: index) },
          spatial: spatial.map { worker.pointer($0, sample: index) })
      }
    }
    var arguments = LabAggregate()
    arguments.samples = group.count
    arguments.transposed = isTransposed
    arguments.kernelWeights = first(kernel)
    arguments.rowFactor = row == nil && spatial == nil ? nil : UnsafePointer(scratch.rowFactors)
    arguments.columnFactor = first(column)
    if isDepthWise, let channels = first(channel), let filters = first(filter) {
      for i in 0..<(group.count * paddedOutputChannels) { scratch.columnFactors[i] = channels[i] * filters[i] }
      arguments.columnFactor = UnsafePointer(scratch.columnFactors)
    }
    return arguments
  }

  /// The blocked extents of the kernels.
  func extent(setBytes: Int) -> LabDynamicExtent {
    LabDynamicExtent(
      kernels: kernelCount, outputBlocks: outputBlocks, inputBlocks: inputBlocks, taps: taps,
      kernelStride: (setBytes + (kernelCount > 1 ? VariableLayout.setPaddingBytes : 0)) / 4,
      groups: isDepthWise ? outputBlocks : groups, isDepthWise: isDepthWise)
  }

  /// The extents of kernels whose outer blocks are swapped: inputs and outputs exchange their roles.
  func swappedExtent(setBytes: Int) -> LabDynamicExtent {
    var extent = extent(setBytes: setBytes)
    swap(&extent.outputBlocks, &extent.inputBlocks)
    return extent
  }
}
