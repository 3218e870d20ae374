import Foundation
import LabCore

/// Chooses each image's partner and share.
///
/// - Source: H. Zhang et al., "mixup: Beyond empirical risk minimization", ICLR 2018; here with a share of its own
///   for every image, so that it does not depend on the batch.
package struct MixupDraw: Sendable {
  private let alpha: Double
  private let partners: RandomStream
  private let shares: RandomStream

  /// Creates the draws of a seed.
  package init(alpha: Double, seed: UInt64) {
    self.alpha = alpha
    partners = RandomStream(seed: seed, name: "augmentation/mixup/partner")
    shares = RandomStream(seed: seed, name: "augmentation/mixup/share")
  }

  /// The position in the split of the image that is mixed in.
  package func partner(of coordinate: SampleCoordinate, among count: Int) -> Int {
    let words = partners.block(coordinate.counter(0))
    let bits = UInt64(words.x) << 32 | UInt64(words.y)
    return Int(bits.multipliedFullWidth(by: UInt64(count)).high)
  }

  /// The image's own share, from Beta(α, α); its partner has the rest.
  package func share(of coordinate: SampleCoordinate) -> Float {
    // With X and Y of distribution Gamma(α), X / (X + Y) is of Beta(α, α). Logarithms, because for a small α both
    // may be too small to be represented.
    let first = logarithmicGamma(coordinate, 0)
    let second = logarithmicGamma(coordinate, 1)
    return min(1, max(0, Float(1 / (1 + exp(second - first)))))
  }

  /// The logarithm of a number of distribution Gamma(α).
  ///
  /// - Source: G. Marsaglia, W. Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000).
  private func logarithmicGamma(_ coordinate: SampleCoordinate, _ which: Int) -> Double {
    let d = alpha + 1 - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    // Fewer than one in twenty attempts fails, so the bound is never met in practice.
    for attempt in 0..<64 {
      let words = shares.block(coordinate.counter(which << 8 | attempt))
      let radius = (-2 * log(Self.open(words.x))).squareRoot()
      let normal = radius * cos(2 * .pi * Self.open(words.y))
      let root = 1 + c * normal
      guard root > 0 else { continue }
      let v = root * root * root
      guard log(Self.open(words.z)) < normal * normal / 2 + d - d * v + d * log(v) else { continue }
      // Gamma(α) is Gamma(α + 1) times a uniform number to the power of 1 / α.
      return log(d * v) + log(Self.open(words.w)) / alpha
    }
    return log(alpha)
  }

  /// A number in (0, 1).
  private static func open(_ word: UInt32) -> Double { (Double(word) + 0.5) * 0x1p-32 }
}
