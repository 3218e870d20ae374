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
}
