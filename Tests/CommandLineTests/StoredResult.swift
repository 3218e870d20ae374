import Foundation
import LabCore
import LabRecords
import LabStore
import Testing

/// The deterministic part of everything that was stored of a run.
struct StoredResult: Equatable {
  var state: RunState
  var epochs: [Metrics]
  var test: Metrics?
  var weightsHash: ContentHash?
}

extension Labrun {
  /// What a results folder has of every run, by the short identity.
  func storedResults(in folder: String? = nil) throws -> [String: StoredResult] {
    let store = try StudyStore(reading: self.folder.appendingPathComponent(folder ?? results).path)
    var found: [String: StoredResult] = [:]
    for sweep in try store.sweeps() {
      for run in try store.sweep(sweep.id).runs {
        let epochs = try store.epochs(of: run.identity)
        #expect(Set(epochs.map(\.epoch)).count == epochs.count)
        let final = try store.finalRecord(of: run.identity)
        found[run.identity.short] = StoredResult(
          state: run.state, epochs: epochs.map(\.metrics), test: final?.metrics.only(split: "test"),
          weightsHash: final?.weightsHash)
      }
    }
    return found
  }
}
