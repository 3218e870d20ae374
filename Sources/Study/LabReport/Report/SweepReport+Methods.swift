import Foundation
import LabCore
import LabRecords
import LabStats

extension SweepReport {
  /// How numbers were come by, and what it takes to come by them again.
  var methodBlocks: [ReportPage.Block] {
    [.paragraph(statisticsSentences.joined(separator: " ")), .facts(facts)]
      + (sweep.imported.map { [.details("What became of the columns", [.table($0.table)])] } ?? [])
      + (sweep.specText.isEmpty ? [] : [.details("The spec as it was written", [.code(sweep.specText)])])
  }

  // MARK: Statistics

  private var statisticsSentences: [String] {
    let level = NumberText.percentage(options.confidenceLevel)
    var sentences = [
      "Values are means over seeds with their standard deviations; only completed runs count.",
      "Intervals have the level \(level).",
    ]
    sentences.append(analysis.modelSentence)
    if let smallestEffect {
      sentences.append(
        "A variant is called equivalent where its interval lies within "
          + "±\(metric.amount(smallestEffect, decimals: nil)), the smallest effect that matters, which the spec names.")
    }
    if let images = sweep.variants.lazy.compactMap(\.testImageCount).max() {
      let place = analysis.images == nil ? "" : ", as the section on two sources of chance tells"
      sentences.append(
        "Intervals say how much other seeds would change the numbers, on the same \(NumberText.grouped(images)) test "
          + "images; other images would change them too\(place).")
    }
    return sentences
  }

  // MARK: Provenance

  private var facts: [ReportPage.Fact] {
    let attempts = sweep.runs.compactMap { records.attempts[$0.identity] }
    let provenances = attempts.compactMap(\.provenance)
    func distinct(_ text: (RunProvenance) -> String?) -> String? {
      var counts = [(text: String, count: Int)]()
      for value in provenances.compactMap(text) {
        if let index = counts.firstIndex(where: { $0.text == value }) {
          counts[index].count += 1
        } else {
          counts.append((value, 1))
        }
      }
      guard counts.count > 1 else { return counts.first?.text }
      return counts.map { "\($0.text) (\($0.count) \($0.count == 1 ? "run" : "runs"))" }.joined(separator: "; ")
    }
    let dates = attempts.map(\.startedAt) + attempts.compactMap(\.endedAt)
    let period = dates.min().flatMap { first in
      dates.max().map { "\(first.ISO8601Format()) to \($0.ISO8601Format())" }
    }
    let hashes = sweep.runs.map(\.dataHash.hexadecimal).uniqued()
    let facts: [(String, String?)] = [
      ("sweep", sweep.id.map { "\(sweep.name) (number \($0))" } ?? sweep.name),
      ("imported", sweep.imported == nil ? nil : sweep.createdAt?.ISO8601Format()),
      ("format", sweep.imported?.format),
      ("trained", period),
      ("program", distinct { "labrun \($0.programVersion)" }),
      ("git commit", distinct { $0.repository.map { $0.commit + ($0.isDirty ? " with uncommitted changes" : "") } }),
      ("machine", distinct { "\($0.host), \($0.operatingSystem)" }),
      ("processor", distinct { "\($0.processor), \($0.threads) \($0.threads == 1 ? "thread" : "threads") a run" }),
      (
        "libraries",
        distinct { $0.libraries.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ") }
      ),
      ("seeds", NumberText.ranges(sweep.seeds)),
      (sweep.imported == nil ? "spec hash" : "hash of the import", sweep.specHash.hexadecimal),
      ("plan hash", sweep.planHash.hexadecimal),
      (
        "files",
        sweep.imported.map { $0.sources.map { "\($0.name), SHA-256 \($0.sha256.hexadecimal)" }.joined(separator: "; ") }
      ),
      (
        "data hash",
        sweep.imported != nil
          ? nil : hashes.count > 4 ? "\(hashes.count) of them, see labrun show RUN" : hashes.joined(separator: ", ")
      ),
    ]
    return facts.compactMap { name, value in value.flatMap { $0.isEmpty ? nil : .init(name, $0) } }
  }
}

extension Array where Element: Hashable {
  /// The elements in their order, each once.
  fileprivate func uniqued() -> [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
