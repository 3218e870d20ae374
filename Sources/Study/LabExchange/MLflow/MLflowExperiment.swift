import Foundation
import LabCore
import LabRecords

/// The experiment of a sweep's name on an MLflow server: a run a variant, and below it a run a seed.
///
/// What is there is found by tags, so that nothing is there twice, whoever has sent it.
struct MLflowExperiment {
  /// What became of a run.
  enum Change { case made, continued, unchanged }

  /// The tags by which an export finds what an earlier one has made.
  private enum Tag {
    /// Whether a run is that of a variant or that of a seed.
    static let role = "labrun.role"
    /// The hash of the variant's label, and of the run's identity behind it.
    static let key = "labrun.key"
    static let variant = "labrun.variant"
    /// The hash of all that was sent of a run; written last.
    static let content = "labrun.content"
    /// How many numbers were sent, and their hash.
    static let metrics = "labrun.metrics"
    static let parameters = "labrun.parameters"
    static let parent = "mlflow.parentRunId"
  }

  private let client: MLflowClient
  private let experiment: String
  /// The runs of variants and of seeds, by what they are of; more than one where an earlier export was ended midway.
  private var variants: [String: [MLflowClient.KnownRun]] = [:]
  private var runs: [String: [MLflowClient.KnownRun]] = [:]
  /// The hashes of the files that were sent, by run and name.
  private var sentFiles: [String: String] = [:]

  /// Whether the server leaves files to its clients, so that none were sent.
  private(set) var leavesFiles = false
  /// The settings and tags that are longer than the server takes.
  private(set) var cut: Set<String> = []

  /// Finds the experiment of a name, and all that earlier exports have sent; it is made where there is none.
  init(named name: String, on client: MLflowClient) throws {
    self.client = client
    experiment = try client.experiment(named: name)
    for run in try client.runs(in: experiment, tag: Tag.role, value: "variant") {
      variants[run.tags[Tag.key] ?? "", default: []].append(run)
    }
    for run in try client.runs(in: experiment, tag: Tag.role, value: "seed") {
      runs[run.tags[Tag.key] ?? "", default: []].append(run)
    }
  }

  // MARK: Runs

  /// Brings the run of a cell up to date.
  ///
  /// What a run has more than before is added to it. Numbers and settings that have changed since make a new run in its
  /// place, because the server only adds them.
  mutating func update(
    _ cell: Cell, of sweep: Sweep, epochs: [EpochRecord], final: FinalRecord?
  ) throws -> Change {
    let content = MLflowRun(cell, of: sweep, epochs: epochs, final: final)
    cut.formUnion(content.cut)
    let parent = try parent(of: cell.variant, sweep)
    let label = fitting(cell.variant.label, most: MLflowRun.mostCharacters.tag, as: "labrun.variant")
    let key = ContentHash(of: "\(cell.variant.label)\n\(cell.run.identity.hash.hexadecimal)").hexadecimal
    let known = runs[key] ?? []
    if let whole = known.first(where: { $0.tags[Tag.content] == content.hash && $0.tags[Tag.parent] == parent }) {
      try keep(whole, for: key)
      if client.folder(of: whole) == nil { leavesFiles = true }
      return .unchanged
    }
    let earlier = known.first { sentCount(of: content, in: $0) != nil }
    let made: [String: String] = [
      Tag.role: "seed", Tag.key: key, Tag.variant: label, Tag.parent: parent, Tag.metrics: sent(content, count: 0),
    ]
    var run =
      try earlier
      ?? client.makeRun(
        in: experiment, name: name(of: cell.variant, behind: ", seed \(cell.run.seed)"),
        tags: content.tags.merging(made) { $1 }, startMilliseconds: content.startMilliseconds)
    try send(content, below: parent, to: &run)
    try keep(run, for: key)
    return earlier == nil ? .made : .continued
  }

  private func sent(_ content: MLflowRun, count: Int) -> String { "\(count) \(content.hash(ofMetrics: count))" }

  /// How many of the numbers a run has for sure; nil where it has others, or other settings.
  private func sentCount(of content: MLflowRun, in run: MLflowClient.KnownRun) -> Int? {
    // Where no settings are told of, they were being sent.
    guard run.tags[Tag.parameters].map({ $0 == content.parameterHash }) ?? true, let text = run.tags[Tag.metrics],
      let count = text.split(separator: " ").first.flatMap({ Int($0) }), count <= content.metrics.count,
      text == sent(content, count: count)
    else { return nil }
    return count
  }

  /// Sends what a run lacks, and the sign that it is whole at last.
  private mutating func send(_ content: MLflowRun, below parent: String, to run: inout MLflowClient.KnownRun) throws {
    let count = sentCount(of: content, in: run) ?? 0
    let parameters = run.tags[Tag.parameters] == nil ? content.parameters : []
    try client.log(content.metrics[count...], parameters: parameters, to: run.id)
    if let folder = client.folder(of: run) {
      for file in content.files {
        let (place, hash) = ("\(run.id) \(file.name)", ContentHash(of: file.data).hexadecimal)
        guard sentFiles[place] != hash else { continue }
        try client.store(file.data, as: file.name, type: file.type, in: folder)
        sentFiles[place] = hash
      }
    } else {
      leavesFiles = true
    }
    try client.update(run.id, status: content.status, endMilliseconds: content.endMilliseconds)
    var tags = content.tags
    tags[Tag.parent] = parent
    tags[Tag.metrics] = sent(content, count: content.metrics.count)
    tags[Tag.parameters] = content.parameterHash
    tags[Tag.content] = content.hash
    let kept: Set = [Tag.role, Tag.key, Tag.variant]
    for key in run.tags.keys.sorted()
    where key.hasPrefix("labrun.") && tags[key] == nil && !kept.contains(key) {
      try client.removeTag(key, from: run.id)
    }
    try client.log(tags: tags.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, to: run.id)
    run.tags = run.tags.filter { kept.contains($0.key) }.merging(tags) { $1 }
  }

  /// Removes all runs of a cell but one.
  private mutating func keep(_ run: MLflowClient.KnownRun, for key: String) throws {
    for other in runs[key] ?? [] where other.id != run.id { try client.delete(other.id) }
    runs[key] = [run]
  }

  // MARK: Variants

  /// The run of a variant, which those of its seeds are below.
  private mutating func parent(of variant: Variant, _ sweep: Sweep) throws -> String {
    var names = MLflowNames()
    let levels = variant.levels.sorted { $0.key < $1.key }.map {
      (key: names.name($0.key), value: fitting($0.value, most: MLflowRun.mostCharacters.parameter, as: $0.key))
    }
    let key = ContentHash(of: variant.label).hexadecimal
    var hasher = ContentHasher()
    for level in levels {
      hasher.update(level.key)
      hasher.update(level.value)
    }
    hasher.update(variant.isBaseline ? "baseline" : "")
    let hash = hasher.finish().hexadecimal
    // One that an earlier export left without its sign has nothing below it.
    for other in variants[key] ?? [] where other.tags[Tag.content] == nil { try client.delete(other.id) }
    let known = (variants[key] ?? []).filter { $0.tags[Tag.content] != nil }
    variants[key] = known
    if let run = known.first(where: { $0.tags[Tag.content] == hash }) { return run.id }
    let start = Int((sweep.createdAt?.timeIntervalSince1970 ?? 0) * 1000)
    var run = try client.makeRun(
      in: experiment, name: name(of: variant),
      tags: [
        Tag.role: "variant", Tag.key: key,
        Tag.variant: fitting(variant.label, most: MLflowRun.mostCharacters.tag, as: "labrun.variant"),
        "labrun.sweep": sweep.name, "labrun.baseline": variant.isBaseline ? "true" : "false",
        "mlflow.source.name": "labrun",
      ], startMilliseconds: start)
    try client.log(parameters: levels, to: run.id)
    try client.update(run.id, status: "FINISHED", endMilliseconds: start)
    try client.log(tags: [(Tag.content, hash)], to: run.id)
    run.tags[Tag.content] = hash
    variants[key] = known + [run]
    return run.id
  }

  // MARK: Lengths

  /// The name of a variant's run, or of one below it.
  private mutating func name(of variant: Variant, behind suffix: String = "") -> String {
    fitting(variant.label, most: MLflowRun.mostCharacters.name - suffix.count, as: "the names of runs") + suffix
  }

  /// The beginning of a text, and a note of what was cut.
  private mutating func fitting(_ text: String, most: Int, as what: String) -> String {
    guard text.unicodeScalars.count > most else { return text }
    cut.insert(what)
    return MLflowNames.cut(text, to: most)
  }
}
