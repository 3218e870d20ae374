import LabRecords

/// The 36 test accuracies of an ablation of three convolutions, two down-samplings and two losses, whose analysis by R the
/// tests know.
enum ReferenceSweep {
  /// Variants × seeds, in percent.
  static let accuracies: [[Double]] = [
    [82.70, 83.65, 83.75], [78.45, 77.40, 79.15], [82.95, 82.80, 83.60], [76.75, 77.70, 79.50], [82.85, 83.15, 84.20],
    [78.75, 77.75, 79.45], [82.75, 82.50, 83.80], [77.55, 77.45, 79.15], [84.15, 84.00, 83.75], [78.30, 77.80, 79.75],
    [84.35, 83.35, 84.05], [78.15, 78.45, 78.30],
  ]

  static let factors = factors(convolutions: ["static", "odconv-1x", "odconv-4x"])

  private static func factors(convolutions: [String]) -> [Factor] {
    [
      Factor(name: "conv", levels: convolutions), Factor(name: "downsample", levels: ["strided", "spd"]),
      Factor(name: "loss", levels: ["cross-entropy", "focal"]),
    ]
  }

  /// The sweep; the variants' labels are those of the table.
  static var sweep: Sweep { sweep(of: accuracies) }

  /// The sweep with other accuracies in percent, and perhaps other convolutions.
  static func sweep(
    of accuracies: [[Double]], convolutions: [String] = factors[0].levels
  ) -> Sweep {
    let factors = factors(convolutions: convolutions)
    var variants = [Variant]()
    for conv in factors[0].levels {
      for downsample in factors[1].levels {
        for loss in factors[2].levels {
          let parts = zip([conv, downsample, loss], factors).filter { $0 != $1.levels[0] }.map(\.0)
          variants.append(
            SampleSweep.variant(
              parts.isEmpty ? "baseline" : parts.joined(separator: " + "),
              ["conv": conv, "downsample": downsample, "loss": loss], isBaseline: parts.isEmpty,
              accuracies: accuracies[variants.count].map { $0 / 100 }))
        }
      }
    }
    return SampleSweep.sweep(variants, factors: factors)
  }
}
