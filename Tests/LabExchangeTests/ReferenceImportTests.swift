import Foundation
import LabExchange
import LabRecords
import LabReport
import LabStore
import Testing

/// The runs of the reference result, imported, give the table that stands beside them.
@Suite struct ReferenceImportTests {
  @Test func theTableOfDifferencesIsTheReference() throws {
    let folder = try ExchangeFolder()
    let found = try SweepImport(
      repositoryFile("Results/reference/ablation-runs.csv"), format: ImportFormats.named("csv"),
      options: .init(name: "ablation"))
    let sweep = try folder.stored(found)
    #expect(sweep.factors.map(\.name) == ["conv", "downsample", "loss"])
    #expect(sweep.variants.first(where: \.isBaseline)?.label == "baseline")
    let table = try SweepTables.table(sweep).rendered(as: TableFormats.named("markdown"))
    let reference = try String(contentsOfFile: repositoryFile("Results/reference/ablation.md"), encoding: .utf8)
    // Variant, n, accuracy and its difference with the interval: what the file of runs can tell.
    func rows(_ text: String) -> [[Substring]] {
      let cells = text.split(separator: "\n").map { line in
        line.replacing(/\s\|$/, with: "").split(separator: " | ").map { $0.trimmingPrefix("| ") }
      }
      let start = cells.firstIndex { $0.first == "variant" } ?? 0
      return cells[start...].dropFirst(2).prefix { $0.count >= 4 }.map { Array($0.prefix(4)) }
    }
    let expected = rows(reference)
    #expect(expected.count == 12)
    #expect(rows(table) == expected)
    #expect(table.contains("labrun trained none of these runs and measured none of these numbers."))
    // Means by levels have the intervals of the reference too.
    let means = try SweepTables.table(sweep, by: ["loss"]).rendered(as: TableFormats.named("markdown"))
    #expect(means.contains("| 79.14 ± 1.25 | −4.71 ± 0.42 | 0/18 |"), "\(means)")
    #expect(reference.contains("| 79.14 ± 1.25 | −4.71 ± 0.42 | 0/18 |"))
    #expect(means.contains("labrun trained none of these runs"))
  }

  @Test func importingAgainChangesNothing() throws {
    let folder = try ExchangeFolder()
    let text = "conv,seed,test_accuracy\na,0,0.5\na,1,0.6\nb,0,0.7\nb,1,0.8\n"
    let store = try folder.store()
    let first = try store.store(folder.read(text).imported)
    let again = try store.store(folder.read(text).imported)
    #expect(first.id == again.id)
    #expect(try store.integer("SELECT COUNT(*) FROM run") == 4)
    #expect(try store.integer("SELECT COUNT(*) FROM final_value") == 4)
    // Another name shares the runs; another content needs another name.
    let other = try store.store(folder.read(text, .init(name: "other")).imported)
    #expect(other.id != first.id)
    #expect(try store.integer("SELECT COUNT(*) FROM run") == 4)
    let changed = try folder.read(text.replacing("0.8", with: "0.9")).imported
    #expect(throws: RunStoreError.nameTaken(sweep: "runs", id: first.id)) { try store.store(changed) }
    #expect(try store.sweep(first.id).imported == folder.read(text).record)
  }

  @Test func nothingIsMissingFromAStoreWithImports() throws {
    let folder = try ExchangeFolder()
    let text = "conv,seed,epoch,test_accuracy\na,0,1,0.4\na,0,2,0.5\nb,0,1,0.6\nb,0,2,0.7\n"
    let sweep = try folder.stored(folder.read(text))
    #expect(sweep.runs.map(\.state) == [.completed, .completed])
    let store = try folder.store()
    #expect(try StoreExamination(store).problems.isEmpty)
    #expect(
      try sweep.runs.allSatisfy { try store.loss(of: $0.identity) == nil && store.attempts(at: $0.identity).isEmpty })
  }
}
