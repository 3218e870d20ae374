import CLabKernels
import COneDNN
import LabCore
import LabGraph

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

  override func prepare(chunkSizes: [Int], workers: Int) throws {
    let convolutionBytes: Int
    if let winograd {
      let group = DynamicScratch.groupSize(setBytes: layout.byteCount)
      convolutionBytes = winograd.kernels.forwardDynamicScratchCount(winograd.geometry, group) * 4
    } else {
      primitive = try plan.make(samples: 1, weights: layout, workers: workers)
      convolutionBytes = primitive!.scratchBytes
    }
    scratchBytes = DynamicScratch.byteCount(
      operands, setBytes: layout.byteCount, primitiveBytes: convolutionBytes, block: kernels.block)
  }

  override func run(_ worker: Worker) throws {
    let scratch = DynamicScratch(worker.scratch, operands, setBytes: layout.byteCount, block: kernels.block)
    let stride = DynamicScratch.stride(setBytes: layout.byteCount)
    for group in worker.groups(of: DynamicScratch.groupSize(setBytes: layout.byteCount)) {
      var arguments = operands.aggregation(of: group, worker, isTransposed: false, rowFactors: scratch.rowFactors)
      arguments.extent = operands.extent(kernels.block, setBytes: layout.byteCount)
      arguments.w = UnsafePointer(worker.whole(weights))
      arguments.out = scratch.weights
      arguments.outStride = stride
      if let winograd {
        winograd.kernels.forwardDynamic(
          winograd.geometry, &arguments, worker.pointer(x, sample: group.lowerBound),
          worker.pointer(y, sample: group.lowerBound), scratch.primitive.assumingMemoryBound(to: Float.self))
        continue
      }
      worker.measure(.dynamicWeights) { kernels.aggregateSamples(&arguments) }
      for (position, index) in group.enumerated() {
        try primitive!.execute(
          worker: worker.index, image: worker.pointer(x, sample: index), weights: scratch.weights + position * stride,
          result: worker.pointer(y, sample: index), scratch: scratch.primitive)
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
    of group: Range<Int>, _ worker: Worker, isTransposed: Bool, rowFactors: UnsafeMutablePointer<Float>
  ) -> LabAggregate {
    let (row, column) = isTransposed ? (filter, channel) : (channel, filter)
    let rows = isTransposed ? outputChannels : inputChannels
    if row != nil || spatial != nil {
      for (position, index) in group.enumerated() {
        fillRowFactors(
          rowFactors + position * taps * rows, rows: rows, row: row.map { worker.pointer($0, sample: index) },
          spatial: spatial.map { worker.pointer($0, sample: index) })
      }
    }
    func first(_ slot: SlotID?) -> UnsafePointer<Float>? {
      slot.map { UnsafePointer(worker.pointer($0, sample: group.lowerBound)) }
    }
    var arguments = LabAggregate()
    arguments.samples = group.count
    arguments.transposed = isTransposed
    arguments.kernelWeights = first(kernel)
    arguments.rowFactor = row == nil && spatial == nil ? nil : UnsafePointer(rowFactors)
    arguments.columnFactor = first(column)
    return arguments
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
