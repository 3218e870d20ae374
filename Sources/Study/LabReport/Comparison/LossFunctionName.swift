import LabCore
import LabRecords

/// A loss function with its options, as far as they decide whether values of it can be set beside each other.
struct LossFunctionName: Hashable {
  /// Equal for two functions that give the same value to the same predictions.
  private let key: String
  /// The function as a note names it, such as `focal (alpha 0.25, gamma 2)`.
  let text: String

  static func == (a: Self, b: Self) -> Bool { a.key == b.key }

  func hash(into hasher: inout Hasher) { hasher.combine(key) }

  /// The function whose values a metric of a variant has; nil where that is not known.
  ///
  /// - Parameters:
  ///   - configuration: the variant's resolved configuration.
  ///   - metric: a metric that is a value of the loss function.
  init?(_ configuration: JSONValue?, of metric: MetricDescription) {
    guard let configuration, let loss = configuration[path: "training.loss"] else { return nil }
    let name = loss.stringValue ?? loss["name"]?.stringValue ?? loss.canonicalText
    var key = loss.canonicalText
    var options = (loss.objectValue ?? [:])
      .filter { $0.key != "name" && !($0.key == "label_smoothing" && $0.value.doubleValue == 0) }
      .sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.canonicalText)" }
    if !LossFunctionName.withoutClassCounts.contains(name) {
      // Weights of classes come from the training images, so that other data make another function.
      key += configuration["dataset"]?.canonicalText ?? ""
    }
    if metric.split == "train", let mixup = configuration[path: "training.augmentation.mixup"],
      mixup.doubleValue ?? 0 > 0
    {
      key += "mixup"
      options.append("labels mixed")
    }
    self.key = key
    text = options.isEmpty ? name : "\(name) (\(options.joined(separator: ", ")))"
  }

  /// The losses that are the same function whatever images were trained on.
  private static let withoutClassCounts: Set<String> = ["cross-entropy", "focal"]
}

extension MetricDescription {
  /// The metric that measures the same predictions by one function for every run.
  ///
  /// - Parameter available: the names of the metrics that the runs have.
  /// - Returns: nil where the runs have none.
  func logLossName(available: Set<String>) -> String? {
    [(split ?? "test") + "_log_loss", "test_log_loss"].first(where: available.contains)
  }
}

extension Sweep {
  /// The different loss functions whose values a metric of some variants has, in the order of the variants.
  ///
  /// - Returns: nothing for a metric that is no value of a loss function.
  func lossFunctions(of metric: MetricDescription, _ variants: some Sequence<Variant>) -> [LossFunctionName] {
    guard metric.isLossValue else { return [] }
    var functions = [LossFunctionName]()
    for variant in variants where !variant.values(of: metric.name).isEmpty {
      guard let function = LossFunctionName(variant.configuration, of: metric), !functions.contains(function) else {
        continue
      }
      functions.append(function)
    }
    return functions
  }

  /// That a column has values of different loss functions; nil where it has not.
  func lossNote(_ metric: MetricDescription, _ variants: some Sequence<Variant>) -> String? {
    let functions = lossFunctions(of: metric, variants)
    guard functions.count > 1 else { return nil }
    return "\(metric.name) is the value of different loss functions, which are not comparable: "
      + functions.map(\.text).joined(separator: "; ") + "."
  }

  /// Why a variant's values of a metric are not compared with the baseline's; nil where they are.
  func incomparability(of metric: MetricDescription, _ variant: Variant, baseline: Variant) -> String? {
    let functions = lossFunctions(of: metric, [baseline, variant])
    guard functions.count > 1 else { return nil }
    return "its loss function is \(functions[1].text), the baseline's \(functions[0].text): values of different loss "
      + "functions are not compared; " + logLossHint(for: metric)
  }

  /// Where to find what can be compared.
  private func logLossHint(for metric: MetricDescription) -> String {
    metric.logLossName(available: metricNames).map { "\($0) is the log loss, the same function for every run" }
      ?? "test_log_loss would be the same function for every run, but these runs were stored without it"
  }

  /// Refuses what would put values of different loss functions into an order or into one mean.
  ///
  /// - Throws: ``ReportError/incomparableLoss(metric:functions:remedy:)``.
  func requireOneLossFunction(
    of metric: MetricDescription, _ variants: some Sequence<Variant>
  ) throws(ReportError) {
    let functions = lossFunctions(of: metric, variants)
    guard functions.count > 1 else { return }
    throw .incomparableLoss(
      metric: metric.name, functions: functions.map(\.text), remedy: metric.logLossName(available: metricNames))
  }
}
