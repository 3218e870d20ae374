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
  /// Threads of a run.
  package let threads: Int
  package let policy: ClaimPolicy
  package let results: String
  /// When seeds stop being added; nil where none are.
  package let seedRule: SeedRule?

  package init(
    study: PlannedStudy, seedRule: SeedRule? = nil, workers: Int, threads: Int, policy: ClaimPolicy, results: String
  ) {
    self.study = study
    self.seedRule = seedRule
    self.workers = workers
    self.threads = threads
    self.policy = policy
    self.results = results
  }

  /// The plan with what would become of every cell.
  package func table() throws -> PlanTable {
    let store = try? StudyStore(reading: results)
    // Of a variant once: a plan can have thousands of seeds.
    var measuredSeconds: [String: Double] = [:]
    var labels: Set<String> = []
    for run in study.runs where labels.insert(run.cell.variant.label).inserted {
      measuredSeconds[run.cell.variant.label] = try measuredTrainingSeconds(run.variant, store)
    }
    let forecastSeconds = study.forecastSeconds(threads: threads, known: Set(measuredSeconds.keys))
    let cells = try study.runs.map { run in
      let variant = run.variant
      let known = try store?.run(run.identity)
      let forecast = CellForecast(
        cell: run.cell, identity: run.identity, known: try known.map { try self.known($0, store) }, policy: policy)
      let label = run.cell.variant.label
      let measured = measuredSeconds[label].map {
        variant.trainingMultiplyAdds > 0 ? $0 * variant.runMultiplyAdds / variant.trainingMultiplyAdds : $0
      }
      let whole = measured ?? forecastSeconds[label]
      let done = Double(known?.completedEpochs ?? 0) / Double(max(variant.epochs, 1))
      return PlanTable.Cell(
        variant: run.cell.variant.label, seed: run.cell.seed, action: forecast.action,
        reason: forecast.reason, parameterCount: variant.parameterCount, multiplyAdds: variant.multiplyAdds,
        memoryBytes: variant.backend == nil ? nil : variant.plannedBytes,
        seconds: whole.map { forecast.action == .resume ? $0 * (1 - done) : $0 })
    }
    return PlanTable(
      name: study.plan.name, cells: cells, workerCount: workers,
      notes: study.fileAccounts
        + study.plan.collapsedCells.map { "\($0.label) is the same as \($0.variant) and is trained once" }
        + study.annealingNotes + comparisonNotes(store)
        + study.seedRemarks(seedRule) + study.partRemarks)
  }

  /// What is known of a run: it has failed where its files are lost.
  private func known(_ run: Run, _ store: StudyStore?) throws -> Run {
    guard let loss = try store?.loss(of: run.identity) else { return run }
    var lost = run
    (lost.state, lost.reason, lost.isRetriable) = (.failed, loss, true)
    return lost
  }

  /// The time that another seed of the variant took to train, without its evaluations.
  private func measuredTrainingSeconds(_ variant: any PlannedVariant, _ store: StudyStore?) throws -> Double? {
    guard let store else { return nil }
    for seed in study.plan.seeds {
      if let run = try store.run(variant.identity(seed: seed)), run.state == .completed { return run.trainSeconds }
    }
    return nil
  }

  private func comparisonNotes(_ store: StudyStore?) -> [String] {
    guard let store, let previous = try? store.newestSweep(named: study.plan.name),
      let earlier = try? store.sweep(previous.id)
    else { return [] }
    return PlanComparison(from: earlier, to: study.sweep).summaryLines()
  }
}
