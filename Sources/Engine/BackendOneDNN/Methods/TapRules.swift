import COneDNN

/// Decides whether a dynamic convolution is computed by products of one tap at a time, by its shape alone.
///
/// Each sample's own weights cost the more, beside what they are used for, the fewer pixels an image has; see `CLabTaps.h`. The
/// costs are in multiplications for each pair of channels and sample, all passes of a training step together. Their numbers are
/// measured ones, rounded.
package struct TapRules {
  let shape: OneDnnConvolutionShape
  let kernelCount: Int
  /// The pairs of pixels that the taps join.
  let pairCount: Int
  private let methodRules: MethodRules

  package init(_ shape: OneDnnConvolutionShape, kernelCount: Int, pairCount: Int, block: Int) {
    self.shape = shape
    self.kernelCount = kernelCount
    self.pairCount = pairCount
    methodRules = MethodRules(shape, block: block, bfloat16Products: .none)
  }

  /// Whether products by taps are faster than samples' own weights.
  package var apply: Bool {
    guard min(shape.inputChannels, shape.outputChannels) >= TapRules.fewestChannels else {
      return false
    }
    return tapCost < ownWeightsCost
  }

  /// Whether kernels are mixed for each sample, not the products with them.
  package var mixesWeights: Bool { kernelCount > 1 && mixedCost < productCost }

  /// With fewer channels, weights stay in the cache, and gathering what is multiplied and adding what comes of it cost more.
  private static let fewestChannels = 96

  private var taps: Int { shape.kernelHeight * shape.kernelWidth }

  private var productCost: Double { 1.2 * Double(kernelCount * pairCount) }

  private var mixedCost: Double { 1.1 * Double(pairCount) + 3.2 * Double((kernelCount + 1) * taps) }

  private var tapCost: Double { 3 * min(productCost, mixedCost) }

  /// Making weights, using them, and what their gradients give to kernels and attentions.
  private var ownWeightsCost: Double {
    let weightBytes = 4 * taps * shape.inputChannels * shape.outputChannels
    // Weights that do not stay in the cache are read and written for each sample.
    let traffic = weightBytes > 1 << 20 ? 3.0 : 1
    let perWeight = traffic * Double(taps * (18 + 16 * (kernelCount - 1)))
    return 3 * convolutionCost + perWeight
  }

  private var convolutionCost: Double {
    guard WinogradPlan.applies(to: shape),
      let side = methodRules.method(for: ONEDNN_FORWARD, hasOwnWeights: true).tileSide
    else { return 1.1 * Double(pairCount) }
    let tiles = ((shape.inputHeight + side - 1) / side) * ((shape.inputWidth + side - 1) / side)
    return 1.75 * Double(tiles * (side + 2) * (side + 2)) + (side == 2 ? 90 : 180)
  }
}
