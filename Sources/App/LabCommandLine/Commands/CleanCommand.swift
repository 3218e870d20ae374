import ArgumentParser
import Foundation
import LabCore
import LabData
import LabReport
import LabStore

/// The command `labrun clean`.
struct CleanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clean",
    abstract: "Show what nothing needs any more and how much space it takes; with --yes, remove it.",
    usage: "labrun clean [<kind> …] [--yes] [--results <folder>]",
    discussion: """
      KINDS (all of them, unless some are named)
      \(Kind.allCases.map { "  \($0.rawValue.padding(toLength: 13, withPad: " ", startingAt: 0))\($0.text)" }
        .joined(separator: "\n"))

      Nothing of a run that is being trained goes, and nothing that labrun has not written. Results stay: what is removed is \
      made again when it is needed, or was of use only while a run was trained.

      EXAMPLES
        labrun clean                        # what would go
        labrun clean --yes                  # it goes
        labrun clean checkpoints --yes
      """)

  /// What can be removed.
  enum Kind: String, CaseIterable, ExpressibleByArgument {
    case checkpoints
    case runs
    case leftovers
    case locks
    case cache

    var text: String {
      switch self {
      case .checkpoints: "checkpoints of completed runs"
      case .runs: "runs that no sweep needs, with their files"
      case .leftovers: "unfinished files of processes that have died"
      case .locks: "lock files that nobody holds"
      case .cache: "decoded data sets, which all results folders share"
      }
    }

    var storeKind: StoreCleaning.Kind? { StoreCleaning.Kind(rawValue: rawValue) }
  }

  @Argument(help: ArgumentHelp("The kinds to remove.", valueName: "kind"))
  var kinds: [Kind] = []

  @Flag(help: "Remove what is shown.") var yes = false
  @Flag(help: "Print JSON.") var json = false

  @OptionGroup var resultsOptions: ResultsOptions

  func run() throws {
    let chosen = kinds.isEmpty ? Kind.allCases : Kind.allCases.filter(kinds.contains)
    // What only the cache takes needs no results.
    let store: StudyStore? =
      chosen == [.cache]
      ? nil
      : yes ? try writable() : try StudyStore(reading: resultsOptions.folder)
    let cleaning = try store.map { try StoreCleaning($0) }
    var items = cleaning?.items ?? []
    var cached = chosen.contains(.cache) ? CachedDataset.all() : []
    if yes {
      items = try cleaning?.clean(Set(chosen.compactMap(\.storeKind))) ?? []
      for dataset in cached { try dataset.remove() }
    } else {
      items.removeAll { item in !chosen.contains { $0.storeKind == item.kind } }
      cached.removeAll { $0.byteCount == 0 }
    }
    let rows = chosen.map { kind in
      let sizes =
        kind == .cache
        ? cached.map(\.byteCount) : items.filter { $0.kind == kind.storeKind }.map(\.byteCount)
      return SpaceTable.Row(
        kind: kind.rawValue, text: kind.text, count: sizes.count, byteCount: sizes.reduce(0, +))
    }
    var notes: [String] = []
    if let count = cleaning?.trainedCount, count > 0 {
      notes.append("\(count) \(count == 1 ? "run is" : "runs are") being trained, and nothing of them is looked at.")
    }
    let isEmpty = rows.allSatisfy { $0.count == 0 }
    notes.append(
      yes ? "All of this was removed." : isEmpty ? "There is nothing to remove." : "Nothing was removed: --yes does it."
    )
    Terminal.standardOutput.write(
      SpaceTable.table(rows, notes: notes), as: json ? TableFormats.json : TableFormats.text)
  }

  /// Opens results for removing; a folder without any is not made into one.
  private func writable() throws -> StudyStore {
    _ = try StudyStore(reading: resultsOptions.folder)
    return try StudyStore(folder: resultsOptions.folder)
  }
}
