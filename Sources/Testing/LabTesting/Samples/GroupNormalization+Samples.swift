import LabCore
import LabGraph

extension OperationSamples {
  static let groupNormalization = [
    groupNorm("images", [3, 4, 3, 5], groups: 2),
    groupNorm("one group", [2, 6, 4, 4], groups: 1),
    groupNorm("a channel a group", [2, 5, 4, 4], groups: 5),
    groupNorm("one pixel", [2, 8, 1, 1], groups: 2),
    groupNorm("epsilon 0.1", [2, 4, 3, 3], groups: 2, epsilon: 0.1),
    // Means far from zero, and from each other, show a variance that is computed from the raw squares.
    groupNorm("large mean", [2, 4, 4, 4], groups: 2, values: .uniform(28, 32)),
  ]

  static let groupNormalizationGradient = [
    OperationSample(
      GroupNormalizationGradient(groups: 3), "images",
      [
        .fixed([2, 6, 3, 5]), .fixed([2, 6, 3, 5]), .fixed([6]), .fixed([2, 3], .uniform(-0.5, 0.5)),
        .fixed([2, 3], .uniform(0.5, 2)),
      ])
  ]

  /// Group normalisation in channel counts and groups that a blocked layout could get wrong.
  static let groupGrid = [(3, 3), (16, 8), (20, 4), (20, 10), (32, 1), (32, 2), (48, 6), (48, 48)].flatMap {
    channels, groups in
    [1, 5].map { batch in
      groupNorm("\(channels) channels, batch \(batch)", [batch, channels, 5, 7], groups: groups)
    }
  }

  private static func groupNorm(
    _ variation: String, _ shape: Shape, groups: Int, epsilon: Float = 1e-5, values: SampleOperand.Values = .normal
  ) -> OperationSample {
    let channels: Shape = [shape[1]]
    return OperationSample(
      GroupNormalization.name, "\(variation), \(groups) groups",
      [.tensor(shape, values), .parameter(channels), .parameter(channels)]
    ) { builder, operands in
      [try builder.apply(GroupNormalization(groups: groups, epsilon: epsilon), operands)[0]]
    }
  }
}
