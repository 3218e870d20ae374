import Foundation
import LabCore
import LabRecords
import LabStats

/// A sweep's runs, epochs and predictions in rows.
struct ExportRows {
  /// The columns of a run before its levels.
  static let before = ["sweep", "variant", "is_baseline"]
  /// The columns of a run behind its levels, and before its metrics.
  static let after = [
    "seed", "run", "state", "reason", "parameters", "multiply_adds", "epochs", "train_seconds", "images_per_second",
    "test_images",
  ]
  private static let key = ["variant", "seed", "run"]

  private let results: ExportedResults
  private var sweep: Sweep { results.sweep }
  /// The metrics of runs, by name.
  let metricNames: [String]
  /// The columns of the factors, in their order.
  let factorColumns: [String]
  /// The columns of runs.
  let runColumns: [String]

  init(_ results: ExportedResults) {
    self.results = results
    let names = Set(results.sweep.runs.flatMap { $0.metrics.names.map(\.key) }).sorted()
    metricNames = names
    let taken = Set(Self.before + Self.after + names + ["epoch", "image", "label", "predicted", "confidence"])
    factorColumns = results.sweep.factors.map { taken.contains($0.name) ? "factor_" + $0.name : $0.name }
    runColumns = Self.before + factorColumns + Self.after.filter { !names.contains($0) } + names
  }

  // MARK: Runs

  func eachRun(_ body: ([JSONValue]) throws -> Void) throws {
    for cell in sweep.cells {
      var values = leading(cell)
      values += [
        ("seed", ExportRows.seed(cell.run)), ("run", .string(cell.run.identity.hash.hexadecimal)),
        ("state", .string(cell.run.state.rawValue)), ("reason", cell.run.reason.map { .string($0) } ?? .null),
        ("parameters", cell.variant.parameterCount.map { .integer($0) } ?? .null),
        ("multiply_adds", cell.variant.multiplyAdds.map { .integer($0) } ?? .null),
        ("epochs", .integer(cell.run.completedEpochs)),
        ("train_seconds", cell.run.trainSeconds.map { .number($0) } ?? .null),
        ("images_per_second", cell.run.imagesPerSecond.map { .number($0) } ?? .null),
        ("test_images", cell.run.testImageCount.map { .integer($0) } ?? .null),
      ].filter { !metricNames.contains($0.0) }
      try body(values.map(\.1) + metricNames.map { cell.run.metrics[MetricName($0)].map { .number($0) } ?? .null })
    }
  }

  private func leading(_ cell: Cell) -> [(String, JSONValue)] {
    [
      ("sweep", .string(sweep.name)), ("variant", .string(cell.variant.label)),
      ("is_baseline", .boolean(cell.variant.isBaseline)),
    ] + zip(factorColumns, sweep.factors).map { ($0, cell.variant.levels[$1.name].map { .string($0) } ?? .null) }
  }

  // MARK: Epochs

  /// The columns of epochs: what tells the run, the epoch from 1 on, and all that any epoch has.
  func epochColumns() throws -> [String] {
    var names: Set<String> = []
    for run in Set(sweep.runs.filter { $0.completedEpochs > 0 }.map(\.identity)) {
      for epoch in try results.epochs(run) { names.formUnion(epoch.namedMetrics.names.map(\.key)) }
    }
    return Self.before + factorColumns + ["seed", "run", "epoch"] + names.sorted()
  }

  func eachEpoch(_ columns: [String], _ body: ([JSONValue]) throws -> Void) throws {
    let names = columns.dropFirst(Self.before.count + factorColumns.count + 3)
    for cell in sweep.cells where cell.run.completedEpochs > 0 {
      let leading =
        leading(cell).map(\.1) + [
          ExportRows.seed(cell.run), .string(cell.run.identity.hash.hexadecimal),
        ]
      for epoch in try results.epochs(cell.run.identity) {
        let metrics = epoch.namedMetrics
        try body(
          leading + [.integer(epoch.epoch + 1)]
            + names.map { metrics[MetricName($0)].map { .number($0) } ?? .null })
      }
    }
  }

  // MARK: Predictions

  static func predictionColumns(classCount: Int) -> [String] {
    key + ["image", "label", "predicted", "confidence"] + (0..<classCount).map { "logit_\($0)" }
  }

  /// The classes of the first run that has predictions; none where no run has any.
  func classNames() throws -> [String] {
    for run in sweep.runs where run.state == .completed {
      if let predictions = try results.predictions(run.identity) { return predictions.classNames }
    }
    return []
  }

  /// The sentence on completed runs whose predictions are not there, or of other classes; nothing where there is none.
  var runsWithoutPredictions: [String] {
    let count = sweep.runs.count { run in
      run.state == .completed && (try? results.predictions(run.identity)).flatMap { $0 } == nil
    }
    return count == 0 ? [] : ["\(count) completed runs have no predictions on record, and are left out of them."]
  }

  func eachPrediction(classCount: Int, _ body: ([JSONValue]) throws -> Void) throws {
    for cell in sweep.cells where cell.run.state == .completed {
      guard let predictions = try results.predictions(cell.run.identity) else { continue }
      guard predictions.classNames.count == classCount else {
        throw ExchangeError.request(
          "the runs of \(sweep.name) predict different numbers of classes, whose logits are no columns of one table")
      }
      let images = ImagePredictions(logits: predictions.logits, classCount: classCount)
      let leading: [JSONValue] = [
        .string(cell.variant.label), ExportRows.seed(cell.run), .string(cell.run.identity.hash.hexadecimal),
      ]
      for (image, label) in predictions.labels.enumerated() {
        let logits = predictions.logits[image * classCount..<(image + 1) * classCount]
        try body(
          leading + [
            .integer(image), .string(predictions.classNames[label]),
            .string(predictions.classNames[Int(images.classes[image])]), .number(Double(images.confidences[image])),
          ] + logits.map { .number(Double($0)) })
      }
    }
  }

  /// A seed, which may be larger than a JSON number can be told apart.
  private static func seed(_ run: Run) -> JSONValue {
    Int(exactly: run.seed).map(JSONValue.integer) ?? .string(String(run.seed))
  }
}
