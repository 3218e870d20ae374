import Foundation

/// The area under the receiver operating characteristic.
public enum AreaUnderROC {
  /// The chance that a positive example has a higher score than a negative one; equal scores count half.
  ///
  /// The value comes from whole and half ranks, so it does not depend on the order of the examples.
  ///
  /// - Parameters:
  ///   - scores: one an example.
  ///   - isPositive: tells an example by its index.
  /// - Returns: nil where the examples are all positive or all negative; NaN where a score is not a number.
  /// - Source: Mann and Whitney, "On a test of whether one of two random variables is stochastically larger than the
  ///   other", Annals of Mathematical Statistics 18, 1947; Fawcett, "An introduction to ROC analysis", Pattern
  ///   Recognition Letters 27, 2006.
  public static func value(scores: [Double], isPositive: (Int) -> Bool) -> Double? {
    let positives = scores.indices.filter(isPositive)
    let (positiveCount, negativeCount) = (Double(positives.count), Double(scores.count - positives.count))
    guard positiveCount > 0, negativeCount > 0 else { return nil }
    guard !scores.contains(where: \.isNaN) else { return .nan }
    let sorted = scores.sorted()
    var rankSum = 0.0
    for index in positives {
      let below = sorted.partitionPoint { $0 < scores[index] }
      let notAbove = sorted.partitionPoint { $0 <= scores[index] }
      // The mean of the ranks, from 1, that examples of the same score share.
      rankSum += Double(below + notAbove + 1) / 2
    }
    return (rankSum - positiveCount * (positiveCount + 1) / 2) / (positiveCount * negativeCount)
  }

  /// The mean over the classes of the area that each has against all others, images ranked by the class's probability.
  ///
  /// A class counts where some images are its own and some are not. Probabilities are compared by their logarithms, which
  /// keep apart what rounds to the same probability.
  ///
  /// ## Shapes
  /// - logits: [labels.count, classCount], row-major.
  ///
  /// - Returns: nil where no class counts; NaN where a logit is not a number.
  public static func macroOneAgainstRest(logits: [Float], labels: [Int32], classCount: Int) -> Double? {
    precondition(logits.count == labels.count * classCount, "there is one row of logits a label")
    // Both parts are kept, since their sum rounds: rows that differ by a constant have the same probabilities.
    let (largest, logTotals) = normalizers(logits, count: labels.count, classCount)
    let areas = (0..<classCount).compactMap { index in
      value(scores: labels.indices.map { Double(logits[$0 * classCount + index]) - largest[$0] - logTotals[$0] }) {
        labels[$0] == Int32(index)
      }
    }
    return areas.isEmpty ? nil : areas.compensatedSum() / Double(areas.count)
  }

  /// The largest logit of each row, and the logarithm of the sum of the exponentials of what the others are below it.
  private static func normalizers(_ logits: [Float], count: Int, _ classCount: Int) -> ([Double], [Double]) {
    var (largest, logTotals) = ([Double](), [Double]())
    for row in 0..<count {
      let logits = logits[(row * classCount)..<((row + 1) * classCount)]
      let most = Double(logits.max() ?? 0)
      largest.append(most)
      logTotals.append(log(logits.reduce(0) { $0 + exp(Double($1) - most) }))
    }
    return (largest, logTotals)
  }
}

extension [Double] {
  /// The number of leading elements for which a condition holds that, once it does not, holds for none.
  fileprivate func partitionPoint(_ holds: (Double) -> Bool) -> Int {
    var (lower, upper) = (0, count)
    while lower < upper {
      let middle = (lower + upper) / 2
      if holds(self[middle]) { lower = middle + 1 } else { upper = middle }
    }
    return lower
  }
}
