import LabStats

/// What is known of a metric, whichever split it is measured on.
///
/// One of another package is added before anything is used, and from then on computed, stored, listed and shown like the
/// rest:
///
/// ```swift
/// try MetricCatalog.registry.add(
///   Metric("misses", title: "misses", direction: .lowerIsBetter, range: 0...Double.infinity, summary: "wrong images") {
///     Double($0.count - $0.confusion.correct)
///   })
/// ```
public struct Metric: Sendable {
  /// Which values are the better ones.
  public enum Direction: String, Sendable, Codable, Hashable, CaseIterable {
    case higherIsBetter = "higher"
    case lowerIsBetter = "lower"
    /// Neither, or not known; nothing is marked then.
    case neutral
  }

  /// How values are shown.
  public enum Unit: Sendable, Hashable {
    /// A share that is shown in percent.
    case percent
    /// A plain number.
    case number
    /// A time in seconds.
    case seconds
    /// A size in bytes.
    case bytes
  }

  /// When a metric of predictions is computed.
  public enum Occasion: Sendable, Hashable {
    /// Whenever a split is evaluated while a model is trained, and at the end.
    case everyEvaluation
    /// Of the test images at the end of a training, and whenever a trained model is evaluated: it takes time or room.
    case finalEvaluation
  }

  /// The name without a split, such as `macro_f1`.
  public var name: String
  /// The title, such as `macro F1`.
  public var title: String
  /// How values are shown.
  public var unit: Unit
  /// Which values are better.
  public var direction: Direction
  /// The decimals that are shown; nil leaves it to the unit.
  public var decimals: Int?
  /// The values that are possible; nil where anything is.
  public var range: ClosedRange<Double>?
  /// What it is, in a phrase.
  public var summary: String
  /// Whether it is a share of whole images, so that few images make equal values likely.
  public var isShareOfImages: Bool
  /// When it is computed; nil where it comes from elsewhere than from predictions.
  public let occasion: Occasion?
  private let compute: @Sendable (ClassificationAccumulator) -> Double?

  /// Describes a metric of predictions.
  ///
  /// - Parameters:
  ///   - name: the name without a split.
  ///   - title: the title of its column.
  ///   - unit: how values are shown.
  ///   - direction: which values are better.
  ///   - decimals: the decimals that are shown; nil leaves it to the unit.
  ///   - range: the values that are possible.
  ///   - summary: what it is, in a phrase.
  ///   - isShareOfImages: whether it is a share of whole images.
  ///   - occasion: when it is computed. One that looks at every image's logits is computed at the end only.
  ///   - value: computes it of at least one image; nil where the images define no value.
  public init(
    _ name: String, title: String, unit: Unit = .number, direction: Direction, decimals: Int? = nil,
    range: ClosedRange<Double>, summary: String, isShareOfImages: Bool = false,
    occasion: Occasion = .finalEvaluation, value: @escaping @Sendable (ClassificationAccumulator) -> Double?
  ) {
    self.name = name
    self.title = title
    self.unit = unit
    self.direction = direction
    self.decimals = decimals
    self.range = range
    self.summary = summary
    self.isShareOfImages = isShareOfImages
    self.occasion = occasion
    compute = value
  }

  /// Describes a number that comes from elsewhere than from predictions, such as a time.
  public init(
    recorded name: String, title: String, unit: Unit = .number, direction: Direction, decimals: Int? = nil,
    summary: String
  ) {
    self.name = name
    self.title = title
    self.unit = unit
    self.direction = direction
    self.decimals = decimals
    self.summary = summary
    isShareOfImages = false
    occasion = nil
    compute = { _ in nil }
  }

  /// The value of some predictions; nil without images, where they define none, and of a metric of something else.
  public func value(of predictions: ClassificationAccumulator) -> Double? {
    predictions.count > 0 ? compute(predictions) : nil
  }
}
