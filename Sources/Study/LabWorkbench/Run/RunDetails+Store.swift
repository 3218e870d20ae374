import Foundation
import LabRecords
import LabReport
import LabStats
import LabStore

extension RunDetails {
  /// What a store knows of a run.
  package init(of run: Run, in store: StudyStore) throws {
    let final = try store.finalRecord(of: run.identity)
    let cells = try store.cells(of: run.identity)
    let attempts = try store.attempts(at: run.identity)
    var run = run
    run.reason = try run.reason ?? store.loss(of: run.identity)
    self.init(
      run: run, variant: cells.first?.variant ?? run.identity.short, sweeps: cells.map(\.sweep).uniqued(),
      epochs: try store.epochs(of: run.identity).map { .init(number: $0.epoch + 1, metrics: $0.namedMetrics) },
      final: final, provenance: Self.facts(of: run, attempts, files: store.folder(of: run.identity)),
      choices: attempts.last { $0.provenance != nil }?.provenance?.choices ?? [:],
      log: try store.events(of: run.identity).map { .init($0.date.ISO8601Format(), $0.message) })
  }

  private static func facts(of run: Run, _ attempts: [RunAttempt], files: RunFolder) -> [RunDetails.Fact] {
    var facts: [RunDetails.Fact] = []
    for attempt in attempts {
      let end = attempt.endedAt.map { ", ended \($0.ISO8601Format())" } ?? ""
      let state = attempt.exitState.map { " (\($0.rawValue))" } ?? ""
      let reason = attempt.exitReason.map { ": \($0)" } ?? ""
      facts.append(
        .init("attempt \(attempt.number)", "started \(attempt.startedAt.ISO8601Format())\(end)\(state)\(reason)"))
    }
    if let source = run.importSource {
      facts.append(.init("imported", "from \(source); labrun did not train this run"))
    }
    // The last attempt may have taken over what an earlier one had told.
    guard let provenance = attempts.last(where: { $0.provenance != nil })?.provenance else { return facts }
    facts.append(.init("program", "labrun \(provenance.programVersion)"))
    if let repository = provenance.repository {
      facts.append(.init("git commit", repository.commit + (repository.isDirty ? " with uncommitted changes" : "")))
    }
    facts += [
      .init("spec hash", provenance.specHash.hexadecimal),
      .init("configuration hash", provenance.configurationHash.hexadecimal),
      .init("data hash", provenance.dataHash.hexadecimal),
      .init("host", "\(provenance.host), \(provenance.operatingSystem)"),
      .init(
        "processor", "\(provenance.processor), \(provenance.threads) \(provenance.threads == 1 ? "thread" : "threads")"),
      .init(
        "libraries",
        provenance.libraries.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")),
    ]
    if let job = provenance.job { facts.append(.init("job", job)) }
    if !provenance.convolutionMethods.isEmpty {
      facts.append(.init("convolutions", summary(of: provenance.convolutionMethods)))
    }
    return facts + [.init("files", files.path)]
  }

  /// How many passes are computed by each method.
  private static func summary(of methods: [String: String]) -> String {
    let counts = Dictionary(grouping: methods.values) { $0 }.mapValues(\.count)
    return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { "\($0.value) \($0.value == 1 ? "pass" : "passes") \($0.key)" }.joined(separator: ", ")
  }
}

extension Array where Element: Hashable {
  /// The elements in their order, each once.
  fileprivate func uniqued() -> [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
