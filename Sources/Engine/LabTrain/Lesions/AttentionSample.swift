import LabCore
import LabGraph
import LabNN

/// The attentions that a trained model has for some images.
public struct AttentionSample: Sendable {
  /// The number of images.
  public let count: Int
  /// The weights of each attention, an image after the other.
  private let weights: [ValueID: [Float]]
  private let means: [ValueID: [Float]]

  init(count: Int, weights: [ValueID: [Float]]) {
    self.count = count
    self.weights = weights
    means = weights.mapValues { rows in
      let width = rows.count / count
      return (0..<width).map { place in
        Float((0..<count).reduce(0.0) { $0 + Double(rows[$1 * width + place]) } / Double(count))
      }
    }
  }

  /// Whether it has an attention.
  func contains(_ part: ModelPart) -> Bool { weights[part.value] != nil }

  /// The mean of each weight of an attention, computed in double precision.
  ///
  /// - Parameter part: an attention that the sample is of.
  public func mean(_ part: ModelPart) -> [Float] { means[part.value] ?? [] }

  /// The weights of an attention for one of the images.
  ///
  /// - Parameters:
  ///   - part: an attention that the sample is of.
  ///   - image: the place of the image in the sample.
  public func weights(_ part: ModelPart, image: Int) -> ArraySlice<Float> {
    let rows = weights[part.value] ?? []
    let width = rows.count / count
    return rows[image * width..<(image + 1) * width]
  }

  /// For each of a number of images one of the sample, at random: every image of the sample comes equally often.
  ///
  /// - Parameters:
  ///   - images: the number of images that take the attention of another.
  ///   - seed: what the draw depends on, beside the images' order.
  public func donors(for images: Int, seed: UInt64) -> [Int] {
    let stream = RandomStream(seed: seed, name: "lesion donors")
    return stride(from: 0, to: images, by: count).flatMap { first in
      stream.permutation(count: count, UInt64(first / count)).prefix(images - first)
    }
  }
}
