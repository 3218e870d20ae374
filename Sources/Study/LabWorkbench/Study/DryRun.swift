import Foundation
import LabCore
import LabRecords
import LabReport
import LabStore
import LabStudy

/// What a sweep would do, without doing it.
package struct DryRun {
  package let study: PlannedStudy
  package let workers: Int
  package let policy: ClaimPolicy
  package let results: String
  package let backends: OpenBackends

  package init(study: PlannedStudy, workers: Int, policy: ClaimPolicy, results: String, backends: OpenBackends) {
    self.study = study
    self.workers = workers
    self.policy = policy
    self.results = results
    self.backends = backends
  }

  /// The plan with what would become of every cell.
  package func table() throws -> PlanTable {
    let store = try? StudyStore(reading: results)
    let forecasts = try study.plan.forecast(
      cells: study.cells, policy: policy,
      dataHash: { variant in study.inspections[study.plan.variants.firstIndex(of: variant) ?? 0].dataHash },
      known: { identity in
        try store?.run(identity).map { run in
          guard let loss = try store?.loss(of: identity) else { return run }
          var lost = run
          (lost.state, lost.reason, lost.isRetriable) = (.failed, loss, true)
          return lost
        }
      })
    let secondsPerOperation = try secondsPerOperation()
    let cells = try forecasts.map { forecast in
      let inspection = study.inspections[forecast.cell.variantIndex]
      let known = try store?.run(forecast.identity)
      let measured = try measuredTrainingSeconds(forecast, store).map {
        $0 * inspection.runMultiplyAdds / inspection.trainingMultiplyAdds
      }
      let whole = measured ?? secondsPerOperation[inspection.backend].map { inspection.runMultiplyAdds * $0 }
      let done = Double(known?.completedEpochs ?? 0) / Double(max(inspection.epochs, 1))
      return PlanTable.Cell(
        variant: forecast.cell.variant.label, seed: forecast.cell.seed, action: forecast.action,
        reason: forecast.reason, parameterCount: inspection.parameterCount, multiplyAdds: inspection.multiplyAdds,
        memoryBytes: inspection.plannedBytes, seconds: whole.map { forecast.action == .resume ? $0 * (1 - done) : $0 })
    }
    return PlanTable(
      name: study.plan.name, cells: cells, workerCount: workers,
      notes: study.fileAccounts
        + study.plan.collapsedCells.map { "\($0.label) is the same as \($0.variant) and is trained once" }
        + annealingNotes + comparisonNotes(store))
  }

  /// What one multiply-add of a run may take in seconds, by the backends that know their peak.
  private func secondsPerOperation() throws -> [String: Double] {
    var seconds: [String: Double] = [:]
    for name in Set(study.inspections.map(\.backend)) {
      guard let peak = try backends.named(name).measurePeakGigaflops(milliseconds: 50) else { continue }
      seconds[name] = 2 / (peak * 1e9 * DryRun.expectedShare)
    }
    return seconds
  }

  /// What the temperature of dynamic convolutions does, variants that are alike together.
  private var annealingNotes: [String] {
    let indices = Set(study.cells.map(\.variantIndex)).sorted()
    let groups = Dictionary(grouping: indices) { study.inspections[$0].annealing ?? "" }.filter { $0.key != "" }
    return groups.sorted { $0.value[0] < $1.value[0] }.map { annealing, variants in
      let labels = variants.map { study.plan.variants[$0].label }
      let shown = labels.prefix(3).joined(separator: "; ") + (labels.count > 3 ? " and \(labels.count - 3) more" : "")
      return "\(shown): \(annealing)"
    }
  }

  /// The share of a core's peak that a whole run, data included, reaches on small networks: measured as 0.6 over the runs of
  /// `ablation`, less on others.
  private static let expectedShare = 0.5

  /// The time that another seed of the variant took to train, without its evaluations.
  private func measuredTrainingSeconds(_ forecast: CellForecast, _ store: StudyStore?) throws -> Double? {
    guard let store else { return nil }
    for seed in study.plan.seeds {
      var cell = forecast.cell
      cell.seed = seed
      if let run = try store.run(study.identity(of: cell)), run.state == .completed, let seconds = run.trainSeconds {
        return seconds
      }
    }
    return nil
  }

  private func comparisonNotes(_ store: StudyStore?) -> [String] {
    guard let store, let previous = try? store.newestSweep(named: study.plan.name),
      let registration = try? store.registration(sweep: previous.id)
    else { return [] }
    return PlanComparison(from: registration, to: study.registration).summaryLines()
  }
}
