import LabNN

/// The weights that an attention of a dynamic convolution has for an image.
package struct AttentionSummary: Sendable {
  /// The weight that differs most from its mean over the images.
  package struct Difference: Sendable {
    /// Its number, from 0.
    package var index: Int
    /// The weight.
    package var weight: Double
    /// The mean of that weight over the images.
    package var mean: Double
  }

  /// The path of the layer.
  package var layer: String
  /// What the weights are of.
  package var kind: ModelPart.Kind
  /// The weights.
  package var weights: [Double]
  /// The weight that differs most from its mean; nil for a single image.
  package var mostDifferent: Difference?

  package var minimum: Double { weights.min() ?? 0 }
  package var maximum: Double { weights.max() ?? 0 }
  package var mean: Double { weights.reduce(0, +) / Double(max(1, weights.count)) }

  /// Whether all weights are told, and not only what sums them up.
  package var isToldInFull: Bool { kind == .kernelAttention }

  /// The weights of an attention for several images.
  ///
  /// - Parameter rows: the weights for each image.
  static func all(of part: ModelPart, _ rows: [[Float]]) -> [AttentionSummary] {
    let rows = rows.map { $0.map(Double.init) }
    let means = (rows.first ?? []).indices.map { index in
      rows.reduce(0) { $0 + $1[index] } / Double(rows.count)
    }
    return rows.map { weights in
      var summary = AttentionSummary(layer: part.path, kind: part.kind, weights: weights)
      func distance(_ index: Int) -> Double { abs(weights[index] - means[index]) }
      if rows.count > 1, let index = weights.indices.max(by: { distance($0) < distance($1) }) {
        summary.mostDifferent = Difference(index: index, weight: weights[index], mean: means[index])
      }
      return summary
    }
  }
}
