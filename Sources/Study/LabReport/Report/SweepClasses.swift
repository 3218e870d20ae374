import LabCore
import LabRecords
import LabStats

/// How variants differ from the baseline in the recall of each class.
///
/// Each variant is compared by ``LabStats/ClassComparison``, which corrects for the number of classes; a difference is called
/// certain where it would also survive a correction for the number of variants.
struct SweepClasses: Sendable {
  /// A class and a variant.
  struct Change: Sendable {
    var classIndex: Int
    /// The place in ``variants``.
    var variant: Int
    /// The difference in recall to the baseline.
    var difference: Double
    /// The p-value corrected for the number of classes and variants; nil where there is nothing to judge by.
    var pValue: Double?
    /// Whether the difference is one beyond chance.
    var isCertain: Bool
  }

  /// The names of the classes.
  let classes: [String]
  /// The number of each class's test images.
  let supports: [Int]
  /// The labels of the variants that are compared.
  let variants: [String]
  /// The label of the baseline.
  let baseline: String
  /// The mean recall of each class in the baseline; nil where it has no images.
  let baselineRecalls: [Double?]
  /// All changes that can be computed.
  let changes: [Change]

  /// Compares the classes.
  ///
  /// - Parameters:
  ///   - sweep: the sweep.
  ///   - finals: the final records of its runs.
  ///   - level: the confidence of what is called certain.
  /// - Returns: nil where there are no records of two variants with the same classes.
  init?(_ sweep: Sweep, finals: [RunIdentity: FinalRecord], level: Double) {
    let known = sweep.variants.map { variant in
      Dictionary(
        variant.runs.filter { $0.state == .completed }.compactMap { run in
          finals[run.identity].flatMap { final in final.confusion.map { (run.seed, (final.classNames, $0)) } }
        }
      ) { first, _ in first }
    }
    guard let reference = sweep.variants.firstIndex(where: \.isBaseline), let first = known[reference].first?.value,
      first.0.count == first.1.classCount
    else { return nil }
    let names = first.0
    let pairs = sweep.variants.indices.map { index -> [(treatment: ConfusionMatrix, reference: ConfusionMatrix)] in
      known[index].sorted { $0.key < $1.key }.compactMap { seed, own in
        // Of other classes nothing can be compared.
        guard let other = known[reference][seed], own.0 == names, other.0 == names else { return nil }
        return (own.1, other.1)
      }
    }
    let comparisons = sweep.variants.indices.filter { $0 != reference }.compactMap { index in
      ClassComparison(confusions: pairs[index], level: level).map { (label: sweep.variants[index].label, $0) }
    }
    guard !comparisons.isEmpty else { return nil }
    classes = names
    let supports = first.1.classMetrics.map(\.support)
    self.supports = supports
    variants = comparisons.map(\.label)
    baseline = sweep.variants[reference].label
    baselineRecalls = names.indices.map { index in
      supports[index] == 0
        ? nil
        : SampleSummary(known[reference].sorted { $0.key < $1.key }.map { $0.value.1.classMetrics[index].recall })?.mean
    }
    changes = comparisons.enumerated().flatMap { variant, entry in
      names.indices.filter { supports[$0] > 0 }.map { index in
        let change = entry.1.changes[index]
        let pValue = change.adjustedPValue.map { min(1, $0 * Double(comparisons.count)) }
        return Change(
          classIndex: index, variant: variant, difference: change.estimate, pValue: pValue,
          isCertain: pValue.map { $0 < 1 - level } ?? false)
      }
    }
  }
}
