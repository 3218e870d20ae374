/// Recall, precision or F1 of each class of one run, as the ratio of two counts.
struct ClassRatios: Sendable {
  let measure: ClassComparison.Measure
  /// The denominator of each class.
  let totals: [Double]
  /// The ratio of each class; 0 where the denominator is.
  let values: [Double]

  init(_ confusion: ConfusionMatrix, _ measure: ClassComparison.Measure) {
    self.measure = measure
    totals = (0..<confusion.classCount).map {
      switch measure {
      case .recall: Double(confusion.support($0))
      case .precision: Double(confusion.predicted($0))
      case .f1: Double(confusion.support($0) + confusion.predicted($0))
      }
    }
    values = confusion.classMetrics.map {
      switch measure {
      case .recall: $0.recall
      case .precision: $0.precision
      case .f1: $0.f1
      }
    }
  }

  /// The variance of a class's ratio if its images were right by a coin.
  func binomialVariance(_ index: Int) -> Double {
    totals[index] > 0 ? values[index] * (1 - values[index]) / totals[index] : 0
  }

  /// What an image moves a class's ratio by: the derivative by how often the image counts.
  func influence(of label: Int32, predicted: Int32, on index: Int32) -> Double {
    let (isLabel, isPredicted) = (label == index ? 1.0 : 0.0, predicted == index ? 1.0 : 0.0)
    let (numerator, denominator) =
      switch measure {
      case .recall: (isLabel * isPredicted, isLabel)
      case .precision: (isLabel * isPredicted, isPredicted)
      case .f1: (2 * isLabel * isPredicted, isLabel + isPredicted)
      }
    let total = totals[Int(index)]
    return total > 0 ? (numerator - values[Int(index)] * denominator) / total : 0
  }
}

/// The covariances of the classes' differences over other draws of the test images, by the infinitesimal jackknife.
///
/// - Source: Efron, "The jackknife, the bootstrap and other resampling plans", SIAM 1982, chapter 6.
struct ClassCovariances: Sendable {
  /// The mean over the seeds of a seed's variance, for each class.
  let ofOneSeed: [Double]
  /// The mean over the pairs of seeds of their covariance; zero for one seed.
  let ofTwoSeeds: [Double]

  init(_ predictions: MatchedPredictions, measure: ClassComparison.Measure) {
    let ratios = predictions.confusions.map {
      (treatment: ClassRatios($0.treatment, measure), reference: ClassRatios($0.reference, measure))
    }
    let seeds = Double(ratios.count)
    var own = [Double](repeating: 0, count: predictions.classCount)
    var ofSums = own
    for (image, label) in predictions.labels.enumerated() {
      // An image moves the classes that it has or is taken for, and no others.
      var classes: Set<Int32> = [label]
      for pair in predictions.pairs {
        classes.insert(pair.treatment.classes[image])
        classes.insert(pair.reference.classes[image])
      }
      for index in classes {
        var (square, sum) = (0.0, 0.0)
        for (pair, ratio) in zip(predictions.pairs, ratios) {
          let influence =
            ratio.treatment.influence(of: label, predicted: pair.treatment.classes[image], on: index)
            - ratio.reference.influence(of: label, predicted: pair.reference.classes[image], on: index)
          square += influence * influence
          sum += influence
        }
        own[Int(index)] += square
        ofSums[Int(index)] += sum * sum
      }
    }
    ofOneSeed = own.map { $0 / seeds }
    ofTwoSeeds = zip(ofSums, own).map { seeds > 1 ? ($0 - $1) / (seeds * (seeds - 1)) : 0 }
  }
}
