import LabCore
import LabStats

/// What trained models predict as they are and with parts of them replaced, and how the two differ.
///
/// Every lesion is compared with the same models as they are, on the same images. With one model the chance is that of
/// the images; with several, which are its seeds, that of seeds and images, as analyses have it, where the spread over seeds is
/// moderated by all lesions.
public struct LesionComparison: Sendable {
  /// The fewest models whose spread is judged by, as elsewhere of pairs; one alone is judged by its images.
  static let fewestModels = 3

  /// What is replaced.
  public struct Subject: Sendable, Hashable {
    /// The part, such as `spatial-attention`.
    public var part: String
    /// The layer, or how many.
    public var layer: String
    /// By what it is replaced.
    public var replacement: String

    /// Creates a description.
    public init(part: String, layer: String, replacement: String) {
      self.part = part
      self.layer = layer
      self.replacement = replacement
    }
  }

  /// How a metric changes.
  public struct Change: Sendable {
    /// The mean over the models as they are.
    public let intact: Double
    /// The mean over the models with the lesion.
    public let lesioned: Double
    /// The interval of the difference; nil for models too few to judge by.
    public let interval: ConfidenceInterval?
    /// The p-value; nil where there is no test.
    public let pValue: Double?

    /// Lesioned minus intact.
    public var difference: Double { lesioned - intact }
  }

  /// What a lesion changes.
  public struct Effect: Sendable {
    /// What is replaced.
    public let subject: Subject
    /// The accuracy, with McNemar's p-value.
    public let accuracy: Change
    /// The mean F1 score of the classes; nil unless asked for.
    public let macroF1: Change?
    /// The images that are right with the lesion only, over all models.
    public let gained: Int
    /// The images that are right without it only, over all models.
    public let lost: Int
    /// The recall of each class; nil for classes without images, and empty unless asked for.
    public let classes: [Change?]
  }

  /// The true class of each image.
  public let labels: [Int32]
  /// The classes' names.
  public let classNames: [String]
  /// The number of models.
  public let modelCount: Int
  /// The accuracy of the models as they are.
  public let accuracy: Double
  /// The mean F1 score of the models as they are.
  public let macroF1: Double
  /// What each lesion changes, in the order in which they were given.
  public let effects: [Effect]
  /// The confidence of the intervals.
  public let level: Double
  /// Whether each interval and p-value holds by itself, instead of all at once.
  public let isPerComparison: Bool

  /// Compares.
  ///
  /// - Parameters:
  ///   - lesions: what is replaced, with the classes that each model predicts then.
  ///   - intact: the classes that each model predicts as it is, in the same order.
  ///   - labels: the true class of each image, of at least one.
  ///   - classNames: the classes' names.
  ///   - level: the confidence of the intervals.
  ///   - isPerComparison: whether intervals and p-values hold by themselves.
  ///   - comparesMacroF1: whether the mean F1 score is compared, for whose intervals images are drawn again and again.
  ///   - comparesClasses: whether the recall of each class is compared.
  ///   - progress: is told, from any thread, the share of the work that is done.
  public init(
    _ lesions: [(subject: Subject, predictions: [[Int32]])], intact: [[Int32]], labels: [Int32],
    classNames: [String], level: Double = 0.95, isPerComparison: Bool = false, comparesMacroF1: Bool = true,
    comparesClasses: Bool = false, progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) {
    let method = LesionMethod(
      intact: intact, labels: labels, classCount: classNames.count,
      level: level, familySize: isPerComparison ? 1 : max(lesions.count, 1), comparesClasses: comparesClasses)
    self.labels = labels
    self.classNames = classNames
    self.level = level
    self.isPerComparison = isPerComparison
    modelCount = intact.count
    accuracy = Bootstrap.mean(method.confusions.map(\.accuracy))
    macroF1 = Bootstrap.mean(method.confusions.map(\.macroAverage.f1))
    let scores = comparesMacroF1 ? method.macroF1(lesions.map(\.predictions), progress) : []
    let compared = method.compared(lesions.map(\.predictions))
    let pValues = HolmAdjustment.adjusted(compared.map(\.pValue))
    let (intactAccuracy, intactF1) = (accuracy, macroF1)
    effects = lesions.indices.map { index in
      let found = compared[index]
      return Effect(
        subject: lesions[index].subject,
        accuracy: Change(
          intact: intactAccuracy, lesioned: intactAccuracy + found.difference.estimate,
          interval: method.interval(found.difference), pValue: isPerComparison ? found.pValue : pValues[index]),
        macroF1: scores.isEmpty
          ? nil
          : Change(
            intact: intactF1, lesioned: intactF1 + scores[index].estimate, interval: method.interval(scores[index]),
            pValue: nil),
        gained: found.gained, lost: found.lost, classes: found.classes)
    }
  }
}
