import LabRecords

extension Metric {
  /// The share of images whose class was not predicted.
  static let errorRate = Metric(
    "error_rate", title: "error rate", unit: .percent, direction: .lowerIsBetter, range: 0...1,
    summary: "the share of images whose class was not predicted", isShareOfImages: true
  ) { 1 - $0.confusion.accuracy }
}
