import Foundation
import LabCore
import LabRecords
import LabStats

/// What a program says of every test sample, from which labrun computes its metrics itself.
public struct ProgramPredictions: Sendable {
  /// The predictions with their metrics.
  public let accumulator: ClassificationAccumulator

  /// Reads the file of predictions that a program has reported.
  ///
  /// - Throws: an error whose description says what is wrong, in one clause.
  public init(contentsOf path: String) throws {
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe) else {
      throw NumPyArchive.Problem(description: "there is no such file")
    }
    let archive = try NumPyArchive(data)
    let probabilities = try archive.array("probabilities")
    guard let scores = try archive.array("logits") ?? probabilities, scores.shape.count == 2, scores.shape[1] > 0 else {
      throw NumPyArchive.Problem(description: "expected an array logits or probabilities of samples by classes")
    }
    let (samples, classes) = (scores.shape[0], scores.shape[1])
    guard let labels = try archive.array("labels"), labels.shape == [samples] else {
      throw NumPyArchive.Problem(description: "expected an array labels of \(samples) classes, one a sample")
    }
    var accumulator = ClassificationAccumulator(classCount: classes, keepsLogits: true)
    for sample in 0..<samples {
      guard let label = Int32(exactly: labels.values[sample]), (0..<classes).contains(Int(label)) else {
        throw NumPyArchive.Problem(
          description:
            "sample \(sample) has the label \(labels.values[sample]), which is no class from 0 to \(classes - 1)")
      }
      let row = scores.values[(sample * classes)..<((sample + 1) * classes)]
      // The logarithms of probabilities are logits of them.
      let logits = row.map { Float(probabilities == nil ? $0 : log(max($0, 1e-45))) }
      accumulator.add(logits: logits, labels: [label])
    }
    self.accumulator = accumulator
  }

  /// The metrics of the test samples, by their whole names.
  public var metrics: Metrics { MetricCatalog.metrics(of: accumulator, for: .finalEvaluation).named(of: "test") }

  /// The classes by their numbers, since a program names none.
  public var classNames: [String] { (0..<accumulator.classCount).map(String.init) }

  /// The predictions as a store keeps them.
  public var predictions: Predictions {
    Predictions(
      logits: accumulator.logits, labels: accumulator.labels.map(Int.init), confusion: accumulator.confusion.rows,
      classNames: classNames)
  }
}
