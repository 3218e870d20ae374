import CLabKernels

/// All gradients of a dynamic convolution by products of one tap at a time.
final class TapGradientKernel: Kernel {
  private let products: TapProducts
  private let tensors: BlockedDynamicGradientKernel.Tensors
  /// The result of the forward pass where it is still there.
  private let result: SlotID?

  init(
    _ products: TapProducts, samples: Int, tensors: BlockedDynamicGradientKernel.Tensors, result: SlotID?, path: String
  ) {
    self.products = products
    self.tensors = tensors
    self.result = products.operands.filter == nil ? nil : result
    super.init(.convolutionInputGradient, path: path, samples: samples)
    reads = [tensors.upstream, tensors.x, tensors.weights] + products.operands.slots + [self.result].compactMap { $0 }
    writes = [tensors.dx].compactMap { $0 } + tensors.dAttentions
    lateWrites = [tensors.dWeights]
  }

  private var operands: DynamicConvolutionOperands { products.operands }

  private var weightBytes: Int { products.setStride * operands.kernelCount }

  private func scratch(_ base: UnsafeMutableRawPointer?, _ samples: Int) -> TapScratch {
    TapScratch(
      base, products, samples: samples, isGradient: true, holdsImageGradient: tensors.dx == nil && needsInputPass)
  }

  override func prepare(chunkSizes: [Int], workers: Int) throws {
    scratchBytes = scratch(nil, min(chunkSizes.max() ?? 0, products.groupSize)).byteCount
    accumulatorBytes = workers > 1 ? weightBytes : 0
  }

  override func run(_ worker: Worker) throws {
    let dWeights =
      worker.index == 0 ? worker.whole(tensors.dWeights) : worker.accumulator(at: accumulatorOffset, as: Float.self)
    if worker.isFirstChunk { clearPadding(dWeights) }
    for group in worker.groups(of: products.groupSize) {
      let accumulates = !worker.isFirstChunk || group.lowerBound > worker.samples.lowerBound
      products.with(group, worker, weights: tensors.weights) { arguments in
        computeGradients(group, &arguments, dWeights, accumulates: accumulates, worker)
      }
    }
  }

  /// Zeroes what lies between the kernels: all other numbers are overwritten.
  private func clearPadding(_ dWeights: UnsafeMutablePointer<Float>) {
    for kernel in 0..<operands.kernelCount {
      (dWeights + (kernel * products.setStride + products.setBytes) / 4)
        .update(repeating: 0, count: (products.setStride - products.setBytes) / 4)
    }
  }

  private func computeGradients(
    _ group: Range<Int>, _ arguments: inout LabTapConvolution, _ dWeights: UnsafeMutablePointer<Float>,
    accumulates: Bool, _ worker: Worker
  ) {
    let scratch = scratch(worker.scratch, group.count)
    let image = worker.pointer(tensors.x, sample: group.lowerBound)
    let upstream = worker.pointer(tensors.upstream, sample: group.lowerBound)
    arguments.x = scratch.scaledImage(image, &arguments, products)
    arguments.scratch = scratch.products
    if operands.filter != nil { sumOutputs(upstream, group, &arguments, scratch, worker) }
    var gradients = LabTapGradients()
    gradients.image = UnsafePointer(image)
    gradients.upstream = UnsafePointer(upstream)
    if let factors = arguments.outputFactor {
      products.kernels.scaleChannels(products.resultExtent(group.count), upstream, factors, scratch.upstream)
      gradients.upstream = UnsafePointer(scratch.upstream)
    }
    gradients.dx = tensors.dx.map { worker.pointer($0, sample: group.lowerBound) } ?? scratch.dx
    gradients.dw = dWeights
    gradients.accumulates = accumulates
    gradients.dKernel = operands.kernel == nil ? nil : scratch.sumsOfKernels
    gradients.dTap = operands.spatial == nil ? nil : scratch.sumsOfTaps
    gradients.dInput = operands.channel == nil ? nil : scratch.sumsOfInputs
    if needsInputPass { products.kernels.tapInputGradient(&arguments, &gradients) }
    worker.measure(.convolutionWeightGradient) { products.kernels.tapWeightGradient(&arguments, &gradients) }
    storeAttentions(group, scratch, worker)
  }

  /// Whether anything is wanted that comes with the gradient of the image.
  private var needsInputPass: Bool {
    tensors.dx != nil || operands.spatial != nil || operands.channel != nil
      || (operands.kernel != nil && !products.weightsGiveKernelGradient)
  }

  /// The filters' gradients: the result's gradient times what the result was before its filter's factor.
  private func sumOutputs(
    _ upstream: UnsafeMutablePointer<Float>, _ group: Range<Int>, _ arguments: inout LabTapConvolution,
    _ scratch: TapScratch, _ worker: Worker
  ) {
    let factors = arguments.outputFactor!
    let extent = products.resultExtent(group.count)
    let count = group.count * operands.paddedOutputChannels
    // By a factor next to nothing a result cannot be divided: then it is computed again, without the factors.
    let smallest: Float = 1e-30
    let isKnown =
      result != nil
      && (0..<count).allSatisfy {
        factors[$0].magnitude >= smallest || $0 % operands.paddedOutputChannels >= operands.outputChannels
      }
    if let result, isKnown {
      products.kernels.poolProducts(
        extent, upstream, worker.pointer(result, sample: group.lowerBound), scratch.sumsOfOutputs)
      for i in 0..<count { scratch.sumsOfOutputs[i] /= factors[i] }
    } else {
      arguments.outputFactor = nil
      products.kernels.tapForward(&arguments, scratch.upstream)
      arguments.outputFactor = factors
      products.kernels.poolProducts(extent, upstream, scratch.upstream, scratch.sumsOfOutputs)
    }
  }

  private func storeAttentions(_ group: Range<Int>, _ scratch: TapScratch, _ worker: Worker) {
    var targets = tensors.dAttentions[...]
    func store(_ slot: SlotID?, _ sums: UnsafeMutablePointer<Float>, width: Int, stride: Int) {
      guard slot != nil else { return }
      let target = targets.removeFirst()
      for (position, index) in group.enumerated() {
        worker.pointer(target, sample: index).update(from: sums + position * stride, count: width)
      }
    }
    store(operands.kernel, scratch.sumsOfKernels, width: operands.kernelCount, stride: operands.kernelCount)
    store(operands.spatial, scratch.sumsOfTaps, width: operands.taps, stride: operands.taps)
    store(
      operands.channel, scratch.sumsOfInputs, width: operands.inputChannels, stride: operands.paddedInputChannels)
    store(
      operands.filter, scratch.sumsOfOutputs, width: operands.outputChannels, stride: operands.paddedOutputChannels)
  }

  override func finish(_ step: StepMemory) {
    let total = step.pointer(tensors.dWeights)
    for worker in step.workers.dropFirst() where worker.hasWorked {
      products.kernels.accumulate(weightBytes / 4, worker.accumulator(at: accumulatorOffset), total)
    }
  }
}
