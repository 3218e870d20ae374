import LabCore
import LabRecords
import LabStore

extension StudyStore {
  /// The sweep of a number or name; the newest where none is given.
  ///
  /// - Throws: ``WorkbenchError`` with the nearest name, or ``StoreError/noSweeps(path:)`` where there is none at all.
  package func sweep(matching text: String?) throws -> Sweep {
    let sweeps = try sweeps()
    guard let newest = sweeps.first else { throw StoreError.noSweeps(path: path) }
    guard let text else { return try sweep(newest.id) }
    if let match = sweeps.first(where: { $0.name == text }) ?? sweeps.first(where: { "\($0.id)" == text }) {
      return try sweep(match.id)
    }
    let names = sweeps.map(\.name)
    throw WorkbenchError(
      "there is no sweep \"\(text)\" in \(folder)\(NearestName.hint(for: text, among: names)): `labrun list` shows them",
      kind: .noInput)
  }

  /// The sweep of a number or name with what a table of it says beside its results: the processors of its runs.
  ///
  /// - Throws: ``WorkbenchError`` with the nearest name, or ``StoreError/noSweeps(path:)`` where there is none at all.
  package func comparableSweep(matching text: String?) throws -> Sweep {
    var sweep = try sweep(matching: text)
    sweep.processors = try sweep.id.map(processors(sweep:)) ?? [:]
    return sweep
  }

  /// The one run whose identity starts with hexadecimal digits.
  ///
  /// - Throws: ``WorkbenchError`` with the folder where there is none, else what the store throws.
  package func run(matching text: String) throws -> Run {
    do {
      return try run(identityPrefix: text)
    } catch RunStoreError.unknownRun {
      throw WorkbenchError(
        "there is no run \"\(text)\" in the results folder \(folder): `labrun list` shows its sweeps, `labrun list SWEEP` "
          + "their runs, and --results chooses another folder", kind: .noInput)
    }
  }
}
