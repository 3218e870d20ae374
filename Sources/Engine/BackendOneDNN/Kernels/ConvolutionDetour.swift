import COneDNN
import LabGraph

/// A convolution that computes the same as one for which the library has only its reference code, which is a hundred
/// times slower.
package struct ConvolutionDetour {
  /// What is computed instead.
  package var plan: ConvolutionPlan
  /// How many neighbouring groups are taken as one group, whose weights between the former groups are zeros.
  package var mergedGroups = 1
  /// Whether the result's gradient lies at every stride-th pixel of a larger image, with zeros between.
  package var isSpread = false
  /// Whether the image, as far as windows reach, lies within a border of zeros in place of padding.
  package var hasBorder = false

  /// The plan as it is, where the library is good at it, or else the first detour that it is good at.
  ///
  /// Groups of fewer channels than a vector has lanes are merged until they fill one; a dilated convolution with a
  /// stride is differentiated as one without; an image of few channels is padded to a whole block of them; where a window
  /// reaches beyond a small image on both sides, the image is given a border.
  package static func best(for plan: ConvolutionPlan) -> ConvolutionDetour {
    let plain = ConvolutionDetour(plan: plan)
    guard !plan.isFast else { return plain }
    let merged = plain.mergingGroups()
    let strideless = ([plain] + merged).flatMap { $0.withoutStride() }
    let candidates = merged + plain.withBlockedForms() + strideless
    let bordered = ([plain] + candidates).flatMap { $0.withBorder() }
    return (candidates + bordered).first { $0.plan.isFast } ?? plain
  }

  /// The plan with groups merged until each has whole blocks of channels; depth-wise ones, of a channel each, stay.
  package static func inWholeBlocks(_ plan: ConvolutionPlan) -> ConvolutionDetour {
    let plain = ConvolutionDetour(plan: plan)
    let shape = plan.shape
    let channels = [shape.inputChannels, shape.outputChannels].map { $0 / shape.groups }
    guard shape.groups > 1, channels != [1, 1], channels.contains(where: { $0 % plan.block != 0 }) else { return plain }
    return plain.mergingGroups().first ?? plain
  }
}

extension ConvolutionPlan {
  /// Whether the library can make it, and with more than its reference code.
  package var isFast: Bool {
    guard let primitive = try? make(samples: 4, weights: nil, workers: 1) else { return false }
    return !primitive.implementation.hasPrefix("ref")
  }
}

extension ConvolutionDetour {
  fileprivate func mergingGroups() -> [ConvolutionDetour] {
    let shape = plan.shape
    guard shape.groups > 1 else { return [] }
    return (2...shape.groups).filter { count in
      let channels = [shape.inputChannels, shape.outputChannels].map { $0 / shape.groups * count }
      return shape.groups % count == 0 && (count == shape.groups || channels.allSatisfy { $0 % plan.block == 0 })
    }.map { count in
      var detour = self
      detour.mergedGroups = count
      detour.plan.shape.groups = shape.groups / count
      return detour
    }
  }

  fileprivate func withoutStride() -> [ConvolutionDetour] {
    let shape = plan.shape
    guard plan.kind != ONEDNN_FORWARD, shape.strideHeight > 1 || shape.strideWidth > 1 else { return [] }
    var detour = self
    detour.isSpread = true
    detour.plan.shape.outputHeight = (shape.outputHeight - 1) * shape.strideHeight + 1
    detour.plan.shape.outputWidth = (shape.outputWidth - 1) * shape.strideWidth + 1
    (detour.plan.shape.strideHeight, detour.plan.shape.strideWidth) = (1, 1)
    return [detour]
  }

  fileprivate func withBlockedForms() -> [ConvolutionDetour] {
    [(true, false), (false, true), (true, true)].compactMap { image, result in
      var detour = self
      detour.plan.imageIsBlocked = plan.imageIsBlocked || image
      detour.plan.resultIsBlocked = plan.resultIsBlocked || result
      let isChanged =
        detour.plan.imageIsBlocked != plan.imageIsBlocked || detour.plan.resultIsBlocked != plan.resultIsBlocked
      return isChanged ? detour : nil
    }
  }

  fileprivate func withBorder() -> [ConvolutionDetour] {
    let shape = plan.shape
    guard plan.kind == ONEDNN_WEIGHT_GRADIENT, shape.paddingHeight > 0 || shape.paddingWidth > 0 else { return [] }
    var detour = self
    detour.hasBorder = true
    func reach(_ outputs: Int, _ stride: Int, _ dilation: Int, _ kernel: Int) -> Int {
      (outputs - 1) * stride + dilation * (kernel - 1) + 1
    }
    detour.plan.shape.inputHeight = reach(
      shape.outputHeight, shape.strideHeight, shape.dilationHeight, shape.kernelHeight)
    detour.plan.shape.inputWidth = reach(shape.outputWidth, shape.strideWidth, shape.dilationWidth, shape.kernelWidth)
    (detour.plan.shape.paddingHeight, detour.plan.shape.paddingWidth) = (0, 0)
    return [detour]
  }
}
