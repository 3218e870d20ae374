import LabCore
import LabStats

/// Differences of a metric as sentences and cells show them.
struct MetricText {
  let metric: MetricDescription
  private let decimals: Int

  /// - Parameters:
  ///   - metric: the metric.
  ///   - values: its values, which decide on the decimals where the metric does not.
  init(_ metric: MetricDescription, values: some Sequence<Double>) {
    self.metric = metric
    decimals = metric.decimals(for: values)
  }

  func value(_ value: Double) -> String { metric.text(value, decimals: decimals) }

  func signed(_ value: Double) -> String {
    let magnitude = self.value(abs(value))
    let isZero = !magnitude.contains { $0.isNumber && $0 != "0" }
    return isZero ? magnitude : (value < 0 ? "−" : "+") + magnitude
  }

  /// A difference with its interval, such as `−5.03 [−6.39, −3.67]`; alone where it has none.
  func difference(_ estimate: Double, _ interval: ConfidenceInterval?) -> String {
    guard let interval else { return signed(estimate) }
    if !interval.upper.isFinite { return "\(signed(estimate)) (at least \(signed(interval.lower)))" }
    if !interval.lower.isFinite { return "\(signed(estimate)) (at most \(signed(interval.upper)))" }
    return "\(signed(estimate)) [\(signed(interval.lower)), \(signed(interval.upper))]"
  }

  /// The unit after a difference in a sentence.
  var unit: String { metric.unit == .percent ? " points" : "" }

  static func number(_ value: Double?) -> JSONValue {
    value.map { $0.isFinite ? .number($0) : .null } ?? .null
  }
}
