import LabRecords

extension Sweep {
  /// What is odd about the courses of completed runs, for the notes of a table: kind by kind, variants alike together.
  ///
  /// A kind that has a sentence of its own for many variants (``LabRecords/HealthCheck/summary(of:)``) is said once; a
  /// variant counts there where at least half of its completed runs have the note.
  ///
  /// - Parameters:
  ///   - indices: the variants that are shown.
  ///   - limit: how many sentences a kind has at the most.
  func healthNotes(of indices: [Int], limit: Int = 6) -> [String] {
    let shown = indices.map { variants[$0] }
    return shown.flatMap { $0.runs.flatMap(\.health) }.inOrderOfChecks.map(\.kind).uniqued.flatMap { kind in
      let check = HealthChecks.check(kind)
      let title = (check?.title ?? kind.replacing("_", with: " ")).firstUppercased
      if let summary = check.flatMap({ summary($0, shown) }) { return summary.isEmpty ? [] : ["\(title): \(summary)."] }
      let sentences = listed(kind, shown)
      let rest = sentences.count > limit ? ["\(title): and \(sentences.count - limit) more of this kind."] : []
      return sentences.prefix(limit).map { "\(title): \($0)." } + rest
    }
  }

  /// The kind's own sentence; nil where it has none, empty where too few runs have the note.
  private func summary(_ check: any HealthCheck, _ shown: [Variant]) -> String? {
    guard check.summary(of: "") != nil else { return nil }
    let finished = shown.filter { $0.runs.contains { $0.state == .completed } }
    let noted = finished.filter { variant in
      let runs = variant.runs.filter { $0.state == .completed }
      return 2 * runs.count { $0.health.contains { $0.kind == check.kind } } >= runs.count
    }
    guard !noted.isEmpty else { return "" }
    if noted.count == finished.count {
      return check.summary(of: noted.count == 1 ? noted[0].label : "all \(noted.count) variants") ?? ""
    }
    let labels = noted.map(\.label)
    let list = labels.prefix(3).joined(separator: "; ") + (labels.count > 3 ? " and \(labels.count - 3) more" : "")
    return check.summary(of: noted.count == 1 ? list : "\(noted.count) of \(finished.count) variants (\(list))") ?? ""
  }

  /// A sentence a variant, with how many of its runs have the note; one for all variants that say the same.
  private func listed(_ kind: String, _ shown: [Variant]) -> [String] {
    var groups: [(text: String, labels: [String])] = []
    for variant in shown {
      let completed = variant.runs.filter { $0.state == .completed }
      let notes = completed.compactMap { run in
        run.health.first { $0.kind == kind }.map { (seed: run.seed, message: $0.message.singleLine) }
      }
      guard let first = notes.first else { continue }
      let isSame = notes.allSatisfy { $0.message == first.message }
      let count = notes.count == completed.count ? "" : "\(notes.count) of \(completed.count) runs: "
      let text = count + first.message + (isSame ? "" : " (seed \(first.seed))")
      let label = variant.label.singleLine
      if let index = groups.firstIndex(where: { $0.text == text }) {
        groups[index].labels.append(label)
      } else {
        groups.append((text, [label]))
      }
    }
    return groups.map { text, labels in
      labels.prefix(4).joined(separator: "; ") + (labels.count > 4 ? " and \(labels.count - 4) more" : "") + ": " + text
    }
  }

  /// The number of completed runs with notes, and the titles of these, for the sentence at a sweep's end; nil without.
  var healthSummary: String? {
    let runs = Dictionary(
      variants.flatMap(\.runs).filter { $0.state == .completed && !$0.health.isEmpty }.map { ($0.identity, $0) }
    ) { first, _ in first }
    guard !runs.isEmpty else { return nil }
    let kinds = runs.values.flatMap(\.health).inOrderOfChecks.map(\.kind)
    let counts = kinds.uniqued.map { kind in
      let title = HealthChecks.check(kind)?.title ?? kind.replacing("_", with: " ")
      return "\(title) (\(kinds.count { $0 == kind }))"
    }
    return "\(runs.count) completed \(runs.count == 1 ? "run has" : "runs have") something odd about "
      + "\(runs.count == 1 ? "its" : "their") course, see the notes under the table: "
      + counts.joined(separator: ", ")
  }
}

extension Array where Element: Hashable {
  /// The elements in their order, each once.
  fileprivate var uniqued: [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}

extension String {
  fileprivate var firstUppercased: String { prefix(1).uppercased() + dropFirst() }
}
