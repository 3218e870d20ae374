/// How well one class is recognised.
///
/// A ratio whose denominator is zero (the precision of a class that is never predicted) is 0, as in scikit-learn.
public struct ClassMetrics: Sendable, Hashable, Codable {
  /// The share of the images taken for this class that belong to it.
  public var precision: Double
  /// The share of the class's images that were recognised.
  public var recall: Double
  /// The harmonic mean of precision and recall.
  public var f1: Double
  /// The number of the class's images.
  public var support: Int

  /// Creates metrics that were computed before.
  public init(precision: Double, recall: Double, f1: Double, support: Int) {
    self.precision = precision
    self.recall = recall
    self.f1 = f1
    self.support = support
  }

  /// Computes metrics from counts.
  ///
  /// - Parameters:
  ///   - correct: images of the class that were recognised.
  ///   - predicted: images taken for the class.
  ///   - support: images of the class.
  public init(correct: Int, predicted: Int, support: Int) {
    func ratio(_ numerator: Int, _ denominator: Int) -> Double {
      denominator == 0 ? 0 : Double(numerator) / Double(denominator)
    }
    precision = ratio(correct, predicted)
    recall = ratio(correct, support)
    // 2PR/(P + R) in counts, which is exact.
    f1 = ratio(2 * correct, predicted + support)
    self.support = support
  }
}

extension ConfusionMatrix {
  /// The share of images whose class was predicted; 0 without images.
  public var accuracy: Double { total == 0 ? 0 : Double(correct) / Double(total) }

  /// The metrics of every class.
  public var classMetrics: [ClassMetrics] {
    (0..<classCount).map { index in
      ClassMetrics(
        correct: self[label: index, prediction: index], predicted: predicted(index), support: support(index))
    }
  }

  /// The unweighted mean of the classes' metrics, with the total support.
  ///
  /// Classes that are neither among the labels nor among the predictions do not count, as in scikit-learn.
  public var macroAverage: ClassMetrics {
    average { support($0) > 0 || predicted($0) > 0 ? 1 : 0 }
  }

  /// The mean of the classes' metrics weighted by their support, with the total support.
  public var weightedAverage: ClassMetrics { average { Double(support($0)) } }

  /// The mean recall of the classes that have images; nil without images.
  ///
  /// Unlike the macro-averaged recall it leaves out classes that have no image but are predicted.
  public var balancedAccuracy: Double? {
    let recalls = presentRecalls
    return recalls.isEmpty ? nil : recalls.compensatedSum() / Double(recalls.count)
  }

  /// The recall of the class that is recognized worst, of those that have images; nil without images.
  public var worstRecall: Double? { presentRecalls.min() }

  private var presentRecalls: [Double] { classMetrics.filter { $0.support > 0 }.map(\.recall) }

  /// The agreement of labels and predictions beyond what their frequencies make likely by chance: 1 is full agreement, 0
  /// that of chance.
  ///
  /// Nil without images, and where all labels and all predictions are one class, so that chance alone agrees fully.
  ///
  /// - Source: Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20,
  ///   1960.
  public var cohenKappa: Double? {
    let total = Double(total)
    let chance = (0..<classCount).map { Double(support($0)) * Double(predicted($0)) }.compensatedSum()
    let most = total * total
    guard chance < most else { return nil }
    return (Double(correct) * total - chance) / (most - chance)
  }

  private func average(weight: (Int) -> Double) -> ClassMetrics {
    let classes = classMetrics
    let weights = classes.indices.map(weight)
    let totalWeight = weights.compensatedSum()
    func mean(_ metric: KeyPath<ClassMetrics, Double>) -> Double {
      totalWeight == 0 ? 0 : zip(classes, weights).map { $0[keyPath: metric] * $1 }.compensatedSum() / totalWeight
    }
    return ClassMetrics(precision: mean(\.precision), recall: mean(\.recall), f1: mean(\.f1), support: total)
  }
}
