import LabCore
import LabStats

/// How predictions with a lesion are compared with those without it.
struct LesionMethod: Sendable {
  let intact: [[Int32]]
  let labels: [Int32]
  let classCount: Int
  let level: Double
  /// The number of comparisons whose intervals hold at once.
  let familySize: Int
  let comparesClasses: Bool
  /// The confusions of the models as they are.
  let confusions: [ConfusionMatrix]
  private let isRight: [[Bool]]

  /// A lesion, compared in what images have right.
  struct Compared {
    var difference: CrossedDifference
    /// McNemar's mid-p value, uncorrected.
    var pValue: Double
    var gained: Int
    var lost: Int
    var classes: [LesionComparison.Change?]
  }

  init(
    intact: [[Int32]], labels: [Int32], classCount: Int, level: Double, familySize: Int, comparesClasses: Bool
  ) {
    precondition(
      !intact.isEmpty && !labels.isEmpty && intact.allSatisfy { $0.count == labels.count },
      "there is a prediction of each model for each image")
    self.intact = intact
    self.labels = labels
    self.classCount = classCount
    self.level = level
    self.familySize = familySize
    self.comparesClasses = comparesClasses
    isRight = intact.map { zip($0, labels).map { $0 == $1 } }
    confusions = intact.map { predictions in
      var matrix = ConfusionMatrix(classCount: classCount)
      for (label, prediction) in zip(labels, predictions) { matrix.add(label: Int(label), prediction: Int(prediction)) }
      return matrix
    }
  }

  /// The interval of a difference, which holds with those of the whole family; nil for models too few to judge by.
  ///
  /// - Parameter share: by what the family is larger than the lesions, such as the number of classes.
  func interval(_ difference: CrossedDifference, times share: Int = 1) -> ConfidenceInterval? {
    guard intact.count == 1 || intact.count >= LesionComparison.fewestModels else { return nil }
    let corrected = 1 - (1 - level) / Double(familySize * share)
    let found = difference.interval(level: corrected) ?? difference.imageInterval(level: corrected)
    return ConfidenceInterval(lower: found.lower, upper: found.upper, level: level)
  }

  /// Compares which images are right, where the spread over seeds is moderated by all lesions.
  func compared(_ lesions: [[[Int32]]]) -> [Compared] {
    let pairs = lesions.map { predictions in
      zip(predictions, isRight).map { run, reference in
        (treatment: zip(run, labels).map { $0 == $1 }, reference: reference)
      }
    }
    // There is at least one model and one image.
    let gains = pairs.map { ImageGains($0)! }
    let differences = gains.map { CrossedDifference($0) }.withModeratedSeedErrors()
    return lesions.indices.map { index in
      Compared(
        difference: differences[index], pValue: McNemarBySeed(gains[index]).midPValue,
        gained: gains[index].gained.reduce(0, +), lost: gains[index].lost.reduce(0, +),
        classes: !comparesClasses
          ? [] : intact.count > 1 ? moderated(lesions[index]) : ofOneModel(pairs[index][0]))
    }
  }

  /// The differences in macro F1, with the same draws of the images for all of them, and moderated spreads.
  func macroF1(_ lesions: [[[Int32]]], _ progress: @escaping @Sendable (Double) -> Void) -> [CrossedDifference] {
    let bootstrap = CrossedBootstrap()
    let steps = ProgressCount(total: (lesions.count + 15) / 16 * bootstrap.resampleCount, progress)
    func run(_ classes: [Int32]) -> ImagePredictions {
      ImagePredictions(classes: classes, confidences: [Double](repeating: 1, count: classes.count))
    }
    let references = intact.map(run)
    // A few at a time, since images that the same runs predict alike are drawn together.
    let differences = stride(from: 0, to: lesions.count, by: 16).flatMap { first in
      let group = lesions[first..<min(first + 16, lesions.count)]
      let comparisons = group.indices.map { lesion in
        CrossedBootstrap.Comparison(
          pairs: intact.indices.map { (treatment: (lesion - first + 1) * intact.count + $0, reference: $0) })
      }
      return bootstrap.differences(
        comparisons, of: references + group.flatMap { $0.map(run) }, labels: labels, classCount: classCount,
        in: .macroF1, progress: steps.add)
    }
    return differences.withModeratedSeedErrors()
  }

  // MARK: Classes

  /// The recall of each class with the spread over seeds moderated by all classes.
  private func moderated(_ predictions: [[Int32]]) -> [LesionComparison.Change?] {
    func bySeed(_ runs: [[Int32]]) -> [UInt64: ImagePredictions] {
      Dictionary(
        uniqueKeysWithValues: runs.enumerated().map {
          (
            UInt64($0.offset),
            ImagePredictions(classes: $0.element, confidences: [Double](repeating: 1, count: $0.element.count))
          )
        })
    }
    guard
      let matched = MatchedPredictions(
        labels: labels, classCount: classCount, treatment: bySeed(predictions), reference: bySeed(intact)),
      let comparison = ClassComparison(matched, level: 1 - (1 - level) / Double(familySize))
    else { return [] }
    return comparison.changes.enumerated().map { index, change in
      guard confusions[0].support(index) > 0 else { return nil }
      let found = familySize == 1 ? change.interval : change.simultaneousInterval
      let p = familySize == 1 ? change.pValue : change.adjustedPValue.map { min(1, $0 * Double(familySize)) }
      return .init(
        intact: change.referenceMean, lesioned: change.treatmentMean,
        interval: found.map { .init(lower: $0.lower, upper: $0.upper, level: level) }, pValue: p)
    }
  }

  /// The recall of each class as the share of its images that one model has right.
  private func ofOneModel(_ pair: (treatment: [Bool], reference: [Bool])) -> [LesionComparison.Change?] {
    let members = (0..<classCount).map { index in labels.indices.filter { labels[$0] == Int32(index) } }
    let gains = members.map { images in
      ImageGains([(images.map { pair.treatment[$0] }, images.map { pair.reference[$0] })])
    }
    let pValues = gains.map { $0.map { McNemarBySeed($0).midPValue } }
    let adjusted = HolmAdjustment.adjusted(pValues).map { $0.map { min(1, $0 * Double(familySize)) } }
    let judged = gains.count { $0 != nil }
    return gains.enumerated().map { index, gains in
      gains.map { gains in
        let difference = CrossedDifference(gains)
        let intact = Double(members[index].count { pair.reference[$0] }) / Double(members[index].count)
        return .init(
          intact: intact, lesioned: intact + difference.estimate,
          interval: interval(difference, times: familySize == 1 ? 1 : judged),
          pValue: familySize == 1 ? pValues[index] : adjusted[index])
      }
    }
  }
}
