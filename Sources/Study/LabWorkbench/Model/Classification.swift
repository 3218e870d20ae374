import Foundation
import LabCore
import LabData
import LabRecords
import LabReport
import LabStats
import LabStore
import LabTrain

/// What a model says of images whose classes are partly known, and what follows from it.
package struct Classification: Sendable {
  package let names: [String]
  /// The index of each image's class among the model's, where it is known.
  package let labels: [Int?]
  package let logits: [Float]
  package let classNames: [String]
  /// The places of the images that could not be read.
  package let unreadable: Set<Int>

  package init(names: [String], labels: [Int?], logits: [Float], classNames: [String], unreadable: Set<Int>) {
    self.names = names
    self.labels = labels
    self.logits = logits
    self.classNames = classNames
    self.unreadable = unreadable
  }

  /// What a model says of a collection's images.
  package init(_ output: Predictor.Output, of images: ImageCollection, by model: TrainedModel) {
    let classNames = model.card.classNames
    let indices = Dictionary(classNames.enumerated().map { ($1, $0) }) { first, _ in first }
    self.init(
      names: images.names, labels: images.labels.map { $0.flatMap { indices[$0] } }, logits: output.logits,
      classNames: classNames, unreadable: Set(output.failures.map(\.index)))
  }

  /// The logits of an image.
  package func row(_ index: Int) -> ArraySlice<Float> {
    logits[index * classNames.count..<(index + 1) * classNames.count]
  }

  /// The probability of each class, computed in double precision.
  package func probabilities(_ index: Int) -> [Double] {
    let row = row(index)
    let largest = Double(row.max() ?? 0)
    let weights = row.map { exp(Double($0) - largest) }
    let total = weights.reduce(0, +)
    return weights.map { $0 / total }
  }

  /// The classes of an image with their probabilities, the most probable one first.
  package func ranking(_ index: Int) -> [(label: Int, probability: Double)] {
    let probabilities = probabilities(index)
    return probabilities.indices.sorted { (probabilities[$0], -$0) > (probabilities[$1], -$1) }
      .map { ($0, probabilities[$0]) }
  }

  /// A probability as it is printed.
  package static func text(_ probability: Double) -> String {
    NumberText.fixed(probability * 100, decimals: 1) + " %"
  }

  /// The most probable class of each image; the first one where several are.
  package var classes: [Int] {
    names.indices.map { index in
      let row = row(index)
      return row.indices.reduce(row.startIndex) { row[$1] > row[$0] ? $1 : $0 } - row.startIndex
    }
  }

  /// The cross-entropy of an image, in nats; nil where its class is not known.
  package func loss(_ index: Int) -> Double? {
    guard let label = labels[index], !unreadable.contains(index) else { return nil }
    let row = row(index)
    let largest = Double(row.max() ?? 0)
    let total = row.reduce(0.0) { $0 + exp(Double($1) - largest) }
    return log(total) + largest - Double(row[row.startIndex + label])
  }

  /// Metrics over the images whose class is known; nil where there are none.
  ///
  /// - Parameters:
  ///   - title: what was evaluated on what.
  ///   - names: the metrics that are wanted, by names of the catalog; all of them where it is empty.
  /// - Throws: ``WorkbenchError`` where one is unknown.
  package func report(title: String, metrics names: [String] = []) throws -> EvaluationReport? {
    let wanted = try names.map(Self.metric)
    let predictions = predictions(keepsLogits: true)
    guard predictions.count > 0 else { return nil }
    var metrics = names.isEmpty ? MetricCatalog.metrics(of: predictions, for: .finalEvaluation) : [:]
    for metric in wanted { metrics[MetricName(metric.name)] = metric.value(of: predictions) }
    return EvaluationReport(
      title: title, metrics: metrics, confusion: predictions.confusion, classNames: classNames)
  }

  /// The metric of predictions that has a name, with or without a split before it.
  private static func metric(named name: String) throws -> Metric {
    guard let metric = MetricCatalog.metric(named: MetricName(name).base), metric.occasion != nil else {
      let known = MetricCatalog.registry.entries.filter { $0.occasion != nil }.map(\.name)
      throw WorkbenchError(
        "there is no metric \"\(name)\" of predictions\(NearestName.hint(for: name, among: known)); there are "
          + known.joined(separator: ", ") + ", and the top-k accuracy of any k, such as top7_accuracy")
    }
    return metric
  }

  /// The images whose class is known.
  private func predictions(keepsLogits: Bool) -> ClassificationAccumulator {
    var predictions = ClassificationAccumulator(classCount: classNames.count, keepsLogits: keepsLogits)
    for (index, label) in labels.enumerated() {
      guard let label, !unreadable.contains(index) else { continue }
      predictions.add(logits: Array(row(index)), labels: [Int32(label)])
    }
    return predictions
  }

  /// The most probable classes of each image.
  ///
  /// - Parameters:
  ///   - title: what the model is called.
  ///   - top: how many classes at most.
  package func table(title: String, top: Int) -> ReportTable {
    let count = min(top, classNames.count)
    let isLabeled = labels.contains { $0 != nil }
    var columns = [ReportTable.Column("image", fields: ["image"])]
    if isLabeled { columns.append(.init("class", fields: ["class"], wraps: true)) }
    columns += (1...count).map {
      .init("\($0)", fields: ["class_\($0)", "probability_\($0)"], priority: $0 - 1, wraps: true)
    }
    let rows = names.indices.map { index in
      var cells = [ReportTable.Cell.string(names[index])]
      if isLabeled { cells.append(labels[index].map { .string(classNames[$0]) } ?? .missing()) }
      guard !unreadable.contains(index) else {
        return ReportTable.Row(cells + (0..<count).map { _ in .missing(fieldCount: 2) })
      }
      return ReportTable.Row(
        cells
          + ranking(index).prefix(count).enumerated().map { rank, entry in
            let (label, share) = entry
            let isRight = rank == 0 ? labels[index].map { $0 == label } : nil
            return .init(
              "\(classNames[label]) \(Classification.text(share))",
              values: [.string(classNames[label]), .number(share)],
              role: isRight.map { $0 ? .better : .warning })
          })
    }
    return ReportTable(
      kind: "predictions", title: "Predictions of \(title)", subtitle: "\(NumberText.grouped(rows.count)) images",
      columns: columns, rows: rows)
  }

  /// Stores logits, labels, losses and the images' names: HDF5 for a name that ends in .h5 or .hdf5, CSV for one that ends in .csv.
  package func write(to path: String, attributes: [String: TensorGroup.Attribute] = [:]) throws {
    switch (path as NSString).pathExtension.lowercased() {
    case "h5", "hdf5": try writeHDF5(to: path, attributes)
    case "csv": try writeCSV(to: path)
    default:
      throw WorkbenchError("results are written to files that end in .h5 or .csv, but \"\(path)\" was given")
    }
  }

  private func writeHDF5(to path: String, _ attributes: [String: TensorGroup.Attribute]) throws {
    var group = TensorGroup(
      [NamedTensor("logits", [names.count, classNames.count], logits)], texts: ["names": names],
      attributes: attributes)
    if labels.contains(where: { $0 != nil }) {
      group.tensors.append(NamedTensor("labels", [names.count], labels.map { Int64($0 ?? -1) }))
      let losses = names.indices.map { loss($0).map { Float($0) } ?? .nan }
      group.tensors.append(NamedTensor("losses", [names.count], losses))
    }
    let confusion = predictions(keepsLogits: false).confusion
    if confusion.total > 0 {
      let count = classNames.count
      group.tensors.append(NamedTensor("confusion", [count, count], confusion.counts.map(Int64.init)))
    }
    group.attributes["class_names"] = .string(try JSONValue(encoding: classNames).canonicalText)
    try ResultFile.write(group, format: "labrun-logits", to: path)
  }

  private func writeCSV(to path: String) throws {
    let table = ReportTable(
      kind: "logits", title: "Logits",
      columns: [
        .init("image", fields: ["image"]), .init("class", fields: ["class"]), .init("loss", fields: ["loss"]),
      ] + classNames.map { .init($0, fields: [$0]) },
      rows: names.indices.map { index in
        let isReadable = !unreadable.contains(index)
        return .init(
          [
            .string(names[index]), labels[index].map { .string(classNames[$0]) } ?? .missing(),
            loss(index).map { .init("", values: [.number($0)]) } ?? .missing(),
          ]
            + row(index).map { isReadable ? .init("", values: [.number(Double($0))]) : .missing() })
      })
    try AtomicFile.write(Data(table.rendered(as: try TableFormats.named("csv")).utf8), to: path)
  }
}
