import ArgumentParser
import Foundation
import LabCore
import LabStore

/// The command `labrun merge`.
struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Take over the sweeps and runs of other results folders, such as those of other machines.",
    usage: "labrun merge <results> … [--results <folder>]",
    discussion: """
      What is taken over are results folders, and archives of them, as labrun export SWEEP FILE.tar writes them.

      The other folders are only read, also while a sweep is training there, and may be of earlier versions. Equal plans are \
      one sweep, equal runs one run. Every file is compared with its seal and with what is on record before it is taken. What \
      is completed takes the place of what is not; failed and interrupted runs are taken where nothing is here. Checkpoints of \
      completed runs are left.

      Runs that are being trained are left out and named; a later merge takes them, and the same merge again takes nothing. A \
      run that was completed on both sides with other results stays as it is here, and is named by show and table; the \
      status is 65 then, as where files are damaged.

      EXAMPLES
        labrun merge ../lab2/Results ../lab3/Results
        labrun merge Results-shard-* --results Results
        labrun merge ablation.tar
      """)

  @Argument(
    help: ArgumentHelp("The results folders, or archives of them, that are taken over.", valueName: "results"),
    completion: .file())
  var others: [String]

  @OptionGroup var resultsOptions: ResultsOptions

  func run() throws {
    // Whatever cannot be read is found before anything is taken.
    try withSources(others[...], []) { sources in
      let store = try StudyStore(folder: resultsOptions.folder)
      let merges = try sources.map {
        try StoreMerge($0.store, into: store, named: $0.name, copying: $0.isUnpacked ? .links : .whole)
      }
      var isClean = true
      for (source, var merge) in zip(sources, merges) {
        let progress = ProgressLine()
        defer { progress.close() }
        let update = progress.updates("merging \(source.name)")
        try merge.run { update($0.share) }
        progress.close()
        MergeSummary(name: source.name, folder: source.store.folder, report: merge.report).show()
        isClean = isClean && merge.report.conflicts.isEmpty && merge.report.damaged.isEmpty
      }
      if !isClean { throw ExitCode(ExitStatus.badData.rawValue) }
    }
  }

  /// Results that are merged.
  private struct Source {
    /// What the user calls them.
    var name: String
    /// The results, for reading.
    var store: StudyStore
    /// Whether they were unpacked for this merge only.
    var isUnpacked: Bool
  }

  /// Opens all results, and unpacks archives for the time of a call.
  private func withSources(
    _ paths: ArraySlice<String>, _ opened: [Source], _ body: ([Source]) throws -> Void
  ) throws {
    guard let path = paths.first else { return try body(opened) }
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw FileError(action: "open", path: path, code: ENOENT)
    }
    if isFolder.boolValue {
      let source = Source(name: path, store: try StudyStore(reading: path), isUnpacked: false)
      return try withSources(paths.dropFirst(), opened + [source], body)
    }
    guard (path as NSString).pathExtension.lowercased() == ResultsArchive.fileExtension else {
      throw CommandError(
        "\(path) is a file, and labrun merge takes results folders and archives of them, which end in .tar",
        status: .badData)
    }
    do {
      try ResultsArchive.read(path, beside: resultsOptions.folder) { store in
        try withSources(
          paths.dropFirst(), opened + [Source(name: path, store: store, isUnpacked: true)], body)
      }
    } catch let error as StoreError {
      guard case .damagedFile(path, _) = error else { throw error }
      throw CommandError("\(error); nothing was taken", status: .badData)
    }
  }
}
