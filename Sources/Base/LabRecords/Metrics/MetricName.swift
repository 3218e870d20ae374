/// The name of a metric as stores, tables and programs have it: a split and what is measured on it, such as
/// `test_accuracy`, or one of a whole run, such as `learning_rate`.
///
/// Any name will do. ``MetricCatalog`` knows some of them; the others are kept and shown all the same.
public struct MetricName: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
  /// The whole name, such as `test_macro_f1`.
  public let key: String

  /// Creates a name from what stores and tables call it.
  public init(_ key: String) { self.key = key }

  /// Creates a name from what stores and tables call it.
  public init(stringLiteral key: String) { self.key = key }

  /// What is measured on a split.
  ///
  /// - Parameters:
  ///   - base: the name without the split, such as `accuracy`.
  ///   - split: the split's name, such as `test`.
  public init(_ base: String, of split: String) { key = "\(split)_\(base)" }

  /// A metric of the test images.
  public static func test(_ base: String) -> MetricName { MetricName(base, of: "test") }

  /// A metric of the validation images.
  public static func validation(_ base: String) -> MetricName { MetricName(base, of: "validation") }

  /// A metric of the training images, as they were trained on.
  public static func train(_ base: String) -> MetricName { MetricName(base, of: "train") }

  public var description: String { key }

  /// Whether a program may report a metric of a name: small letters, digits and `_`, beginning with a letter.
  public static func isReportable(_ name: String) -> Bool {
    guard let first = name.first, first.isASCII, first.isLowercase, name.count <= 100 else { return false }
    return name.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "_") }
  }

  /// The words that name a split, in front of what is measured on it.
  private static let splits = ["test", "train", "validation", "val", "best", "final"]

  /// The split that the name begins with, such as `test`; nil of a name that the catalog has as a whole.
  public var split: String? {
    // `train_seconds` is the time of a training, and nothing of the training images.
    guard MetricCatalog.metric(named: key) == nil else { return nil }
    return MetricName.splits.first { key.hasPrefix($0 + "_") && key.count > $0.count + 1 }
  }

  /// The name without its split, such as `macro_f1`.
  public var base: String { split.map { String(key.dropFirst($0.count + 1)) } ?? key }
}

extension MetricName: Codable {
  public init(from decoder: any Decoder) throws { key = try decoder.singleValueContainer().decode(String.self) }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(key)
  }
}
