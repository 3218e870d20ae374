import Foundation
import LabCore
import LabRecords

/// What an MLflow server keeps of a run.
struct MLflowRun {
  /// The most characters of a setting and of a tag; what is longer is cut.
  static let mostCharacters = (parameter: 6000, tag: 5000, name: 250)

  /// The numbers of epochs in their order, and behind them those of the whole run: a run that goes on has more of them, and
  /// the first ones stay what they were.
  let metrics: [MLflowClient.Metric]
  let parameters: [MLflowClient.Pair]
  let tags: [String: String]
  let files: [(name: String, type: String, data: Data)]
  let status: String
  let startMilliseconds: Int
  /// Nil while the run goes on.
  let endMilliseconds: Int?
  /// The settings and tags that were cut.
  let cut: [String]

  init(_ cell: Cell, of sweep: Sweep, epochs: [EpochRecord], final: FinalRecord?) {
    let start = sweep.createdAt?.timeIntervalSince1970 ?? 0
    var time = start
    var metrics: [MLflowClient.Metric] = []
    var names = MLflowNames()
    for epoch in epochs {
      time += epoch.timing.trainSeconds + epoch.timing.evaluationSeconds
      metrics += epoch.namedMetrics.map {
        .init(name: names.name($0.name.key), value: $0.value, timestamp: Int(time * 1000), step: epoch.epoch + 1)
      }
    }
    // Results are of the evaluated weights, which may be those of an earlier epoch than the last one.
    let last = epochs.last.map { $0.epoch + 1 } ?? 0
    metrics += (final?.metrics ?? Metrics()).map {
      .init(name: names.name("final_" + $0.name.key), value: $0.value, timestamp: Int(time * 1000), step: last)
    }
    self.metrics = metrics
    startMilliseconds = Int(start * 1000)
    endMilliseconds = cell.run.state == .running ? nil : Int(time * 1000)
    var settings = cell.variant.levels
    settings["seed"] = String(cell.run.seed)
    for (path, text) in MLflowRun.leaves(cell.run.configuration) where settings[path] == nil { settings[path] = text }
    var cut: [String] = []
    func fitting(_ key: String, _ text: String, most: Int) -> String {
      guard text.unicodeScalars.count > most else { return text }
      cut.append(key)
      return MLflowNames.cut(text, to: most)
    }
    var keys = MLflowNames()
    parameters = settings.sorted { $0.key < $1.key }.map {
      (key: keys.name($0.key), value: fitting($0.key, $0.value, most: Self.mostCharacters.parameter))
    }
    var tags = [
      "labrun.identity": cell.run.identity.hash.hexadecimal, "labrun.state": cell.run.state.rawValue,
      "labrun.sweep": sweep.name, "mlflow.source.name": "labrun",
    ]
    tags["labrun.imported"] = sweep.imported?.sourceText
    tags["labrun.reason"] = cell.run.reason
    for note in final?.health ?? [] { tags[MLflowNames.fitting("labrun.health.\(note.kind)")] = note.message }
    for (key, text) in tags.sorted(by: { $0.key < $1.key }) {
      tags[key] = fitting(key, text, most: Self.mostCharacters.tag)
    }
    self.tags = tags
    self.cut = cut
    status =
      switch cell.run.state {
      case .completed: "FINISHED"
      case .failed, .diverged: "FAILED"
      case .interrupted: "KILLED"
      case .running, .pending: "RUNNING"
      }
    var files = [
      (name: "configuration.json", type: "application/json", data: Data(cell.run.configuration.prettyText().utf8))
    ]
    if let image = final?.confusion.flatMap(ConfusionImage.init) {
      files.append((name: "confusion.png", type: "image/png", data: image.png))
    }
    self.files = files
  }

  /// The hash of everything that the server keeps.
  var hash: String {
    var hasher = ContentHasher()
    hasher.update(hash(ofMetrics: metrics.count))
    hasher.update(parameterHash)
    for tag in tags.sorted(by: { $0.key < $1.key }) { hasher.update("\(tag.key): \(tag.value)") }
    for file in files {
      hasher.update(file.name)
      hasher.update(ContentHash(of: file.data).hexadecimal)
    }
    hasher.update(status)
    return hasher.finish().hexadecimal
  }

  /// The hash of the settings.
  var parameterHash: String {
    var hasher = ContentHasher()
    for parameter in parameters {
      hasher.update(parameter.key)
      hasher.update(parameter.value)
    }
    return hasher.finish().hexadecimal
  }

  /// The hash of the first numbers.
  func hash(ofMetrics count: Int) -> String {
    var hasher = ContentHasher()
    for metric in metrics.prefix(count) {
      hasher.update("\(metric.name) \(metric.value) \(metric.timestamp) \(metric.step)")
    }
    return hasher.finish().hexadecimal
  }

  /// The leaves of a configuration by their dotted paths.
  private static func leaves(_ value: JSONValue, path: String = "") -> [(path: String, text: String)] {
    guard let members = value.objectValue, !members.isEmpty else {
      return path.isEmpty ? [] : [(path, value.stringValue ?? value.canonicalText)]
    }
    return members.sorted { $0.key < $1.key }.flatMap { leaves($1, path: path.isEmpty ? $0 : "\(path).\($0)") }
  }
}
