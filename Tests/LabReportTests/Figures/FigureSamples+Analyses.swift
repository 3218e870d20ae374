import LabReport

/// Levels, effects, costs and shares of variance.
extension FigureSamples {
  static func addAnalyses(to data: inout FigureData, _ labels: [String], _ shape: (Double) -> Double) {
    data.levels = levels(labels, shape)
    let sizes = labels.indices.map { shape($0 % 5 == 1 ? 2.4 + noise($0) : 0.5 * noise($0 + 3)) }
    data.effects = .init(
      zip(labels, sizes).map { .init($0, $1) }, pseudoStandardError: shape(0.45), margin: shape(1.1),
      simultaneousMargin: shape(2.1))
    data.costs = .init(
      "parameters",
      labels.enumerated().map { index, label in
        let value = shape(75 + 3 * noise(index) * noise(index + 2))
        return .init(
          label, cost: 20_000 * (1.2 + noise(index + 9)) * Double(1 + index * index), value: value,
          interval: .init(value - 0.4, value + 0.4))
      })
    data.importance = labels.enumerated().map { index, label in
      let share = shape(0.3 / Double(index + 1))
      return .init(label, share: share, interval: .init(share * 0.6, share * 1.3), isResidual: index == 2)
    }
    data.classes = .init(
      classes: labels.map { "sign \($0)" }, variants: labels,
      changes: labels.indices.map { row in
        labels.indices.map { shape(6 * noise(row * 77 + $0) * noise(row + $0 * 3)) }
      },
      isCertain: labels.indices.map { row in labels.indices.map { abs(noise(row * 77 + $0)) > 0.9 } })
    data.confusion = .init(
      classes: labels, label: "odconv-4x", counts: counts(labels, 0, shape),
      otherLabel: labels.count % 2 == 0 ? "static" : nil,
      otherCounts: labels.count % 2 == 0 ? counts(labels, 50, shape) : nil)
    data.reliability = labels.enumerated().map { index, label in
      .init(
        label,
        bins: (0..<10).map { bin in
          let (confidence, size) = (Double(bin) / 10 + 0.05, Double(bin * bin * 20))
          let accuracy = shape(min(1, max(0, confidence * (0.9 + 0.1 * noise(index)) + 0.03 * noise(index * 9 + bin))))
          return .init(
            range: .init(Double(bin) / 10, Double(bin + 1) / 10), count: size, meanConfidence: confidence,
            accuracy: accuracy,
            interval: .init(max(0, accuracy - 0.06), min(1, accuracy + 0.06)))
        }, calibrationError: shape(0.04 + 0.03 * noise(index)), calibrationInterval: .init(0.02, 0.08))
    }
    data.ranks = .init(
      labels.enumerated().map { index, label in
        .init(label, rank: shape(1 + Double(max(0, labels.count - 1)) * (0.5 + 0.45 * noise(index + 3))))
      }, criticalDifference: shape(0.25 * Double(labels.count)), datasets: 12)
  }

  private static func levels(_ labels: [String], _ shape: (Double) -> Double) -> FigureData.Levels {
    .init(
      columnFactor: "augmentation", lineFactor: "convolution",
      cells: labels.enumerated().flatMap { index, label in
        ["none", "flip and crop"].enumerated().map { column, name in
          let mean = shape(70 + 3 * noise(index) + Double(column) * (1 + noise(index + 4)))
          return .init(column: name, line: label, mean: mean, interval: .init(mean - 0.8, mean + 0.8))
        }
      }, conclusion: "Augmentation helps static more than odconv-4x: +1.2 points [0.3, 2.1].")
  }

  private static func counts(_ labels: [String], _ seed: Int, _ shape: (Double) -> Double) -> [[Double]] {
    labels.indices.map { row in
      labels.indices.map { column in
        let mistakes = max(0, (9 * noise(row * 50 + column + seed) - 5).rounded())
        return row == column ? shape(90 + 5 * noise(row + seed)) : mistakes
      }
    }
  }
}
