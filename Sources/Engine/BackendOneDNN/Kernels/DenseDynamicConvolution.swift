import COneDNN
import LabCore
import LabGraph

/// One worker's means to run a convolution on weights that were aggregated densely.
private struct DenseWeightsConvolution {
  let primitive: ConvolutionPrimitive
  let reorder: WeightReorder
  let layoutBytes: Int

  init(_ plan: ConvolutionPlan, workers: Int) throws {
    primitive = try plan.make(samples: 1, weights: nil, workers: workers)
    let layout = WeightLayout(copying: oneDnnConvolutionWeights(primitive.handle))
    var shape = plan.shape
    shape.samples = 1
    let blocked = VariableLayout.weights(layout, shape: shape, count: 1)
    reorder =
      plan.kind == ONEDNN_WEIGHT_GRADIENT
      ? try WeightReorder(from: blocked, to: .dense) : try WeightReorder(from: .dense, to: blocked)
    layoutBytes = (layout.byteCount + 63) / 64 * 64
  }
}

extension DynamicConvolutionOperands {
  /// Elements of one kernel.
  var setElements: Int { outputChannels * inputChannels / groups * taps }

  /// Calls `body` with each element's position in a dense kernel, and its filter, input channel and tap.
  @inline(__always)
  func forEachElement(_ body: (_ at: Int, _ o: Int, _ i: Int, _ t: Int) -> Void) {
    let perGroup = inputChannels / groups
    let filtersPerGroup = outputChannels / groups
    var at = 0
    for o in 0..<outputChannels {
      let first = o / filtersPerGroup * perGroup
      for i in first..<(first + perGroup) {
        for t in 0..<taps {
          body(at, o, i, t)
          at += 1
        }
      }
    }
  }

  /// One sample's weights, dense.
  func aggregate(_ kernels: UnsafePointer<Float>, _ attention: Sample, into weights: UnsafeMutablePointer<Float>) {
    forEachElement { at, o, i, t in
      var sum = (attention.kernel?[0] ?? 1) * kernels[at]
      if let weight = attention.kernel {
        for k in 1..<max(kernelCount, 1) { sum += weight[k] * kernels[k * setElements + at] }
      }
      weights[at] = sum * (attention.spatial?[t] ?? 1) * (attention.channel?[i] ?? 1) * (attention.filter?[o] ?? 1)
    }
  }
}

/// A dynamic convolution of any channel counts and groups: weights are aggregated densely, then brought into the
/// convolution's layout.
final class DenseDynamicConvolutionKernel: Kernel {
  private let plan: ConvolutionPlan
  private let operands: DynamicConvolutionOperands
  private let x: SlotID
  private let weights: SlotID
  private let y: SlotID
  private var convolutions: [DenseWeightsConvolution] = []

  init(
    _ plan: ConvolutionPlan, operands: DynamicConvolutionOperands, x: SlotID, weights: SlotID, y: SlotID, path: String
  ) {
    self.plan = plan
    self.operands = operands
    self.x = x
    self.weights = weights
    self.y = y
    super.init(.convolutionForward, path: path, samples: plan.shape.samples)
    reads = [x, weights] + operands.slots
    writes = [y]
  }

  private var denseBytes: Int { (operands.setElements * 4 + 63) / 64 * 64 }

  override func prepare(chunkSizes: [Int], workers: Int) throws {
    convolutions = try (0..<workers).map { _ in try DenseWeightsConvolution(plan, workers: workers) }
    scratchBytes = denseBytes + convolutions[0].layoutBytes + convolutions[0].primitive.scratchBytes
  }

  override func run(_ worker: Worker) throws {
    let convolution = convolutions[worker.index]
    let dense = worker.scratch.assumingMemoryBound(to: Float.self)
    let blocked = (worker.scratch + denseBytes).assumingMemoryBound(to: Float.self)
    for index in worker.samples {
      try worker.measure(.dynamicWeights) {
        operands.aggregate(worker.whole(weights), operands.sample(index, worker), into: dense)
        try convolution.reorder.execute(from: dense, to: blocked)
      }
      try convolution.primitive.execute(
        worker: worker.index, image: worker.pointer(x, sample: index), weights: blocked,
        result: worker.pointer(y, sample: index), scratch: worker.scratch + denseBytes + convolution.layoutBytes)
    }
  }
}

/// All gradients of a dynamic convolution of any channel counts and groups.
final class DenseDynamicGradientKernel: Kernel {
  private let inputPlan: ConvolutionPlan
  private let weightPlan: ConvolutionPlan
  private let operands: DynamicConvolutionOperands
  private let tensors: BlockedDynamicGradientKernel.Tensors
  private var inputConvolutions: [DenseWeightsConvolution] = []
  private var weightConvolutions: [DenseWeightsConvolution] = []
  private var layoutBytes = 0

  init(
    inputPlan: ConvolutionPlan, weightPlan: ConvolutionPlan, operands: DynamicConvolutionOperands,
    tensors: BlockedDynamicGradientKernel.Tensors, path: String
  ) {
    self.inputPlan = inputPlan
    self.weightPlan = weightPlan
    self.operands = operands
    self.tensors = tensors
    super.init(.convolutionInputGradient, path: path, samples: inputPlan.shape.samples)
    reads = [tensors.upstream, tensors.x, tensors.weights] + operands.slots
    writes = [tensors.dx].compactMap { $0 } + tensors.dAttentions
    lateWrites = [tensors.dWeights]
  }

  private var denseBytes: Int { (operands.setElements * 4 + 63) / 64 * 64 }
  private var totalElements: Int { operands.setElements * operands.kernelCount }

  override func prepare(chunkSizes: [Int], workers: Int) throws {
    weightConvolutions = try (0..<workers).map { _ in try DenseWeightsConvolution(weightPlan, workers: workers) }
    if tensors.dx != nil {
      inputConvolutions = try (0..<workers).map { _ in try DenseWeightsConvolution(inputPlan, workers: workers) }
    }
    let all = [weightConvolutions[0]] + inputConvolutions.prefix(1)
    layoutBytes = all.map(\.layoutBytes).max()!
    scratchBytes = 2 * denseBytes + layoutBytes + all.map(\.primitive.scratchBytes).max()!
    accumulatorBytes = workers > 1 ? totalElements * 4 : 0
  }

  override func run(_ worker: Worker) throws {
    let weights = worker.scratch.assumingMemoryBound(to: Float.self)
    let gradient = (worker.scratch + denseBytes).assumingMemoryBound(to: Float.self)
    let blocked = (worker.scratch + 2 * denseBytes).assumingMemoryBound(to: Float.self)
    let primitiveScratch = worker.scratch + 2 * denseBytes + layoutBytes
    let dKernels =
      worker.index == 0 ? worker.whole(tensors.dWeights) : worker.accumulator(at: accumulatorOffset, as: Float.self)
    if worker.isFirstChunk { dKernels.update(repeating: 0, count: totalElements) }
    for index in worker.samples {
      let attention = operands.sample(index, worker)
      if let dx = tensors.dx {
        let convolution = inputConvolutions[worker.index]
        try worker.measure(.dynamicWeights) {
          operands.aggregate(worker.whole(tensors.weights), attention, into: weights)
          try convolution.reorder.execute(from: weights, to: blocked)
        }
        try convolution.primitive.execute(
          worker: worker.index, image: worker.pointer(dx, sample: index), weights: blocked,
          result: worker.pointer(tensors.upstream, sample: index), scratch: primitiveScratch)
      }
      let convolution = weightConvolutions[worker.index]
      try worker.measure(.convolutionWeightGradient) {
        try convolution.primitive.execute(
          worker: worker.index, image: worker.pointer(tensors.x, sample: index), weights: blocked,
          result: worker.pointer(tensors.upstream, sample: index), scratch: primitiveScratch)
        try convolution.reorder.execute(from: blocked, to: gradient)
      }
      worker.measure(.dynamicWeights) {
        contract(gradient, attention, index, into: dKernels, worker)
      }
    }
  }

  private func contract(
    _ gradient: UnsafeMutablePointer<Float>, _ attention: DynamicConvolutionOperands.Sample, _ index: Int,
    into dKernels: UnsafeMutablePointer<Float>, _ worker: Worker
  ) {
    let operands = operands
    let kernels = worker.whole(tensors.weights)
    var targets = tensors.dAttentions.map { worker.pointer($0, sample: index) }[...]
    func target(_ attention: UnsafeMutablePointer<Float>?, _ count: Int) -> UnsafeMutablePointer<Float>? {
      guard attention != nil else { return nil }
      let pointer = targets.removeFirst()
      pointer.update(repeating: 0, count: count)
      return pointer
    }
    let dKernel = target(attention.kernel, operands.kernelCount)
    let dSpatial = target(attention.spatial, operands.taps)
    let dChannel = target(attention.channel, operands.inputChannels)
    let dFilter = target(attention.filter, operands.outputChannels)
    let setElements = operands.setElements
    operands.forEachElement { at, o, i, t in
      let (s, c, f) = (attention.spatial?[t] ?? 1, attention.channel?[i] ?? 1, attention.filter?[o] ?? 1)
      let upstream = gradient[at]
      let scaled = upstream * s * c * f
      var mixed: Float = 0
      for k in 0..<operands.kernelCount {
        let weight = kernels[k * setElements + at]
        let share = attention.kernel?[k] ?? 1
        mixed += share * weight
        dKernels[k * setElements + at] += share * scaled
        dKernel?[k] += scaled * weight
      }
      let product = upstream * mixed
      dSpatial?[t] += product * c * f
      dChannel?[i] += product * s * f
      dFilter?[o] += product * s * c
    }
  }

  override func finish(_ step: StepMemory) {
    let total = step.pointer(tensors.dWeights)
    for worker in step.workers.dropFirst() where worker.hasWorked {
      let part = worker.accumulator(at: accumulatorOffset, as: Float.self)
      for i in 0..<totalElements { total[i] += part[i] }
    }
  }
}
