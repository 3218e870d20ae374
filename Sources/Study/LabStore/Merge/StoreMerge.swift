import Foundation
import GRDB
import LabCore
import LabRecords

/// Takes the sweeps and runs of another results folder over, of which nothing is changed.
///
/// Equal plans are one sweep, equal identities one run. A run is taken over by one transaction, after its files were copied,
/// compared with their seals and with what is on record of them, and flushed: whoever is killed before leaves the run as it was,
/// and the next merge takes it. What a run's files say of their origin stays as it is; its attempts say in which database they
/// were recorded.
public struct StoreMerge {
  /// How files are taken.
  public enum Copying: Sendable {
    /// As copies of their own.
    case whole
    /// As second names where the file system allows it: the other folder is given up afterwards.
    case links
    /// As second names, of which nothing is flushed: the folder that they are taken into is given up afterwards.
    case forTheMoment
  }

  /// A run that is to be taken over.
  struct Candidate {
    var run: RunIdentity
    /// The sweep there, the variant and the seed of its first cell.
    var label: String
    /// The sweep there.
    var sweep: Int64
  }

  let here: StudyStore
  let there: StudyStore
  /// The sweeps to take over, by their numbers there; nil for all.
  let selection: Set<Int64>?
  let copying: Copying
  /// What the other folder is called in sentences.
  public let name: String
  /// The numbers here of the sweeps there.
  var sweeps: [Int64: Int64] = [:]
  /// What has become of everything so far.
  public internal(set) var report = MergeReport()

  /// Prepares a merge.
  ///
  /// - Parameters:
  ///   - other: the results that are taken over, which are only read.
  ///   - store: the results that they are taken into.
  ///   - name: what the other folder is called in sentences.
  ///   - sweeps: the sweeps to take over, by their numbers in the other store; nil for all.
  ///   - copying: how files are taken.
  /// - Throws: ``StoreError`` where both are one folder.
  public init(
    _ other: StudyStore, into store: StudyStore, named name: String? = nil, sweeps: Set<Int64>? = nil,
    copying: Copying = .whole
  ) throws {
    here = store
    there = other
    self.name = name ?? other.folder
    selection = sweeps
    self.copying = copying
    if let number = DatabasePlace.FileNumber(other.path), number == DatabasePlace.FileNumber(store.path) {
      throw StoreError.unsupportedFile(path: other.folder, problem: "it is the results folder that is merged into")
    }
  }

  /// How far a merge is.
  public struct Progress: Sendable, Hashable {
    /// The run that was looked at; see ``MergeReport/Item/label``.
    public var label: String
    /// Whether it was taken over.
    public var isTaken: Bool
    /// The share of the runs that were looked at, from 0 to 1.
    public var share: Double
  }

  /// Takes everything over that is not here.
  ///
  /// - Parameter didLook: is called after each run.
  /// - Throws: an error of either store, `FileError`; what was taken before stays, and the next merge goes on.
  public mutating func run(didLook: (Progress) -> Void = { _ in }) throws {
    let candidates = try takeSweeps()
    for (index, candidate) in candidates.enumerated() {
      let before = report.taken
      try take(candidate)
      didLook(
        Progress(
          label: candidate.label, isTaken: report.taken != before, share: Double(index + 1) / Double(candidates.count)))
    }
    try settleRegistrations()
    if FileManager.default.fileExists(atPath: "\(there.folder)/tensorboard"), !report.isEmpty {
      report.notes.append(
        "event files of TensorBoard stay in \(name)/tensorboard; labrun export SWEEP FOLDER --to tensorboard writes them anew"
      )
    }
  }
}
