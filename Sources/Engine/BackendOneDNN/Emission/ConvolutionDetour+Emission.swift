import CLabKernels
import COneDNN
import LabCore
import LabGraph

/// Where the weights of one former group lie among those of the merged groups, both row-major, in one or more sets.
private struct MergedWeightMap {
  let merged: Int
  let dims: [Int]
  let narrowStrides: [Int]
  let wideStrides: [Int]
  /// Offsets of one former group of each merged one to the next.
  let narrowStep: Int
  let wideStep: Int
  let wideCount: Int

  init(_ detour: ConvolutionDetour, sets: Int) {
    let shape = detour.plan.shape
    merged = detour.mergedGroups
    let outputs = shape.outputChannels / shape.groups / merged
    let inputs = shape.inputChannels / shape.groups / merged * shape.kernelHeight * shape.kernelWidth
    dims = [sets * shape.groups, outputs, inputs]
    narrowStep = outputs * inputs
    wideStep = (outputs * merged + 1) * inputs
    narrowStrides = [merged * narrowStep, inputs, 1]
    wideStrides = [merged * merged * narrowStep, merged * inputs, 1]
    wideCount = sets * shape.groups * merged * merged * narrowStep
  }
}

extension Emission {
  /// The form in which a detour reads or writes its image.
  func imageForm(_ detour: ConvolutionDetour) -> Form { detour.plan.imageIsBlocked ? .blocked : .flat }

  /// The form in which a detour writes its result or reads the result's gradient.
  func resultForm(_ detour: ConvolutionDetour) -> Form { detour.plan.resultIsBlocked ? .blocked : .flat }

  /// The weights of a convolution in the layout of its detour.
  func convolutionWeights(
    _ value: ValueID, for detour: ConvolutionDetour
  ) throws -> (slot: SlotID, layout: WeightLayout) {
    guard detour.mergedGroups > 1 else { return try convolutionWeights(value, for: detour.plan) }
    let layout = try detour.plan.preferredWeights()
    return (try mergedWeights(value, detour, in: layout, sets: 1), layout)
  }

  /// The weights of a dynamic convolution's kernels in a layout of its merged groups.
  func dynamicWeights(
    _ value: ValueID, for detour: ConvolutionDetour, in layout: WeightLayout, sets: Int
  ) throws -> SlotID {
    guard detour.mergedGroups > 1 else { return try demandWeights(value, in: detour.weights(in: layout, sets: sets)) }
    return try mergedWeights(value, detour, in: layout, sets: sets)
  }

  private func mergedWeights(
    _ value: ValueID, _ detour: ConvolutionDetour, in layout: WeightLayout, sets: Int
  ) throws -> SlotID {
    let wide = try mergedWeights(value, detour, sets: sets)
    let form = detour.weights(in: layout, sets: sets)
    let target = addSlot(samples: 1, bytes: form.byteCount(graph.type(of: value)))
    try emitReorder(wide, .dense, to: target, form)
    return target
  }

  /// Row-major weights of merged groups: each former group's weights, and zeros between different groups.
  private func mergedWeights(_ value: ValueID, _ detour: ConvolutionDetour, sets: Int) throws -> SlotID {
    let key = WeightSlots.MergedKey(value: value, mergedGroups: detour.mergedGroups)
    if let known = weights.merged[key] { return known }
    let narrow = try demand(value, .flat)
    let map = MergedWeightMap(detour, sets: sets)
    let wide = addWhole(floats: map.wideCount)
    let copy = kernelTable.copyStrided!
    add(
      WholeKernel(.reorder, path: node.path, reads: [narrow], writes: [wide]) { step in
        step.pointer(wide).update(repeating: 0, count: map.wideCount)
        for group in 0..<map.merged {
          copy(
            map.dims.count, map.dims, step.pointer(narrow) + group * map.narrowStep, map.narrowStrides,
            step.pointer(wide) + group * map.wideStep, map.wideStrides)
        }
      })
    weights.merged[key] = wide
    return wide
  }

  /// Makes a weight gradient's value of the gradient of merged groups' weights, whose zeros' share is dropped.
  func defineGradient(
    _ gradient: ValueID, merged slot: SlotID, layout: WeightLayout, _ detour: ConvolutionDetour, sets: Int = 1
  ) throws {
    let map = MergedWeightMap(detour, sets: sets)
    let wide = addWhole(floats: map.wideCount)
    try emitReorder(slot, detour.weights(in: layout, sets: sets), to: wide, .dense)
    let narrow = define(gradient, .flat)
    let copy = kernelTable.copyStrided!
    add(
      WholeKernel(.reorder, path: node.path, reads: [wide], writes: [narrow]) { step in
        for group in 0..<map.merged {
          copy(
            map.dims.count, map.dims, step.pointer(wide) + group * map.wideStep, map.wideStrides,
            step.pointer(narrow) + group * map.narrowStep, map.narrowStrides)
        }
      })
  }

  /// The gradient of a convolution's result as its detour wants it.
  func demandUpstream(_ value: ValueID, for detour: ConvolutionDetour, stride: Extent2D) throws -> SlotID {
    guard detour.isSpread else { return try demand(value, resultForm(detour)) }
    let target = Extent2D(detour.plan.shape.outputHeight, detour.plan.shape.outputWidth)
    return try embedded(value, resultForm(detour), in: target, start: Extent2D(0), stride: stride)
  }

  /// A convolution's image as its detour wants it.
  func demandImage(_ value: ValueID, for detour: ConvolutionDetour, padding: Extent2D) throws -> SlotID {
    guard detour.hasBorder else { return try demand(value, imageForm(detour)) }
    let target = Extent2D(detour.plan.shape.inputHeight, detour.plan.shape.inputWidth)
    return try embedded(value, imageForm(detour), in: target, start: padding, stride: Extent2D(1))
  }

  /// An image within a larger one, from a pixel on at every stride-th one, and zeros elsewhere.
  private func embedded(
    _ value: ValueID, _ form: Form, in target: Extent2D, start: Extent2D, stride: Extent2D
  ) throws -> SlotID {
    let shape = shape(value)
    let planes = form == .blocked ? extent(value).blocks * block : shape[1]
    let result = addSlot(
      samples: shape[0], bytes: shape[0] * planes * target.height * target.width * MemoryLayout<Float>.stride)
    // What lies beyond the larger image is dropped.
    let size = Extent2D(
      min(shape[2], (target.height - start.height - 1) / stride.height + 1),
      min(shape[3], (target.width - start.width - 1) / stride.width + 1))
    let part = ImagePart(value: value, size: size, place: start, stride: stride)
    try emitParts([part], form, to: result, extent: target, isWhole: false)
    return result
  }
}

extension ConvolutionDetour {
  /// Its weights, in one or more sets, in a layout.
  func weights(in layout: WeightLayout, sets: Int = 1) -> VariableLayout {
    var shape = plan.shape
    shape.samples = 1
    return .weights(layout, shape: shape, count: sets)
  }
}
