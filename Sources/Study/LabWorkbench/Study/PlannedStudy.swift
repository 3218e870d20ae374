import Foundation
import LabCore
import LabGraph
import LabRecords
import LabReport
import LabScheduler
import LabStore
import LabStudy

/// A plan with its compiled variants, and the runs of it that are asked for.
package struct PlannedStudy {
  /// One run: a variant with a seed.
  package struct Run: Sendable {
    /// The run's place in the plan.
    let cell: PlanCell
    /// The variant.
    let variant: any PlannedVariant
    /// What the run is known by.
    let identity: RunIdentity

    init(_ cell: PlanCell, of variants: [any PlannedVariant]) {
      self.cell = cell
      variant = variants[cell.variantIndex]
      identity = variant.identity(seed: cell.seed)
    }
  }

  let source: SpecSource
  let specHash: ContentHash
  /// The plan; behind the seeds of the spec it has those that rules have added to the sweep on record.
  package let plan: Plan
  /// The rules by which seeds were added to the sweep on record.
  let seedRules: [SeedRuleRegistration]
  /// The part of the plan that is asked for; nil for all of it.
  package private(set) var part: Part?
  /// One a variant, in the order of the plan.
  let variants: [any PlannedVariant]
  /// The runs that are asked for, in the order in which they are trained.
  package let runs: [Run]

  /// Compiles the variants of a study without errors.
  ///
  /// - Parameters:
  ///   - shard: the part of the plan that is asked for, whose runs do not depend on what is stored; nil for all of it.
  ///   - only: what selects runs of the part; see ``LabStudy/Plan/cells(only:limit:where:)``.
  ///   - limit: the largest number of these.
  ///   - threads: threads of a run.
  ///   - results: the results folder, where the sweep may be on record with more seeds than the spec has.
  /// - Throws: `SpecError` where the spec has errors or the plan no such run, an error of the machine.
  package init(
    _ study: CheckedStudy, shard: Shard? = nil, only: [String], limit: Int?, threads: Int, results: String
  ) throws {
    let plan = try study.check.validPlan()
    let source = study.check.source
    let planned = PlannedStudy(
      source: source, specHash: study.check.spec?.meaningHash ?? source.hash, plan: plan, seedRules: [],
      variants: try study.compiled(threads: threads), cells: [])
    // Where there is no store, or none that can be read, nothing was added; whoever writes it says what is wrong with it.
    let rules = (try? StudyStore(reading: results).seedRules(planHash: planned.sweep.planHash)) ?? []
    var whole = plan
    whole.seeds += rules.flatMap(\.seeds)
    let part = shard.map { Part($0, seeds: plan.seeds, variants: planned.variants) }
    try part?.check(whole.cells(only: only).map { Run($0, of: planned.variants) }, only: only)
    self.init(
      source: source, specHash: planned.specHash, plan: whole, seedRules: rules, variants: planned.variants,
      cells: try whole.cells(only: only, limit: limit) { cell in
        part?.runs.contains(Run(cell, of: planned.variants).identity) ?? true
      })
    self.part = part
  }

  private init(
    source: SpecSource, specHash: ContentHash, plan: Plan, seedRules: [SeedRuleRegistration],
    variants: [any PlannedVariant], cells: [PlanCell]
  ) {
    self.source = source
    self.specHash = specHash
    self.plan = plan
    self.seedRules = seedRules
    self.variants = variants
    runs = cells.map { Run($0, of: variants) }
  }

  /// The same study with further seeds of every variant.
  ///
  /// - Parameters:
  ///   - seeds: the further seeds.
  ///   - asksForAll: whether the runs of all seeds are asked for, and not those of the further ones only.
  func grown(by seeds: [UInt64], asksForAll: Bool = false) -> PlannedStudy {
    var plan = plan
    plan.seeds += seeds
    let new = Set(seeds)
    return PlannedStudy(
      source: source, specHash: specHash, plan: plan, seedRules: seedRules, variants: variants,
      cells: plan.cells.filter { asksForAll || new.contains($0.seed) })
  }

  /// The number of seeds that the spec has.
  package var specSeedCount: Int { plan.seeds.count - seedRules.reduce(0) { $0 + $1.seeds.count } }

  /// What is to be said of seeds that the spec does not have, a sentence each.
  ///
  /// - Parameter rule: when seeds stop being added; nil where none are.
  package func seedRemarks(_ rule: SeedRule?) -> [String] {
    let added = seedRules.flatMap(\.seeds)
    let before =
      added.isEmpty
      ? []
      : [
        "the sweep on record has the seeds \(NumberText.ranges(added)) beside those of the spec: an earlier --until has "
          + "added them"
      ]
    guard let rule else { return before }
    return before + ["after the \(plan.seeds.count) seeds so far, seeds are added until \(rule.goal)"]
  }

  /// The variants of the runs that are asked for, each once, in the order of the plan.
  private var variantsAskedFor: [any PlannedVariant] {
    Set(runs.map(\.cell.variantIndex)).sorted().map { variants[$0] }
  }

  /// Refuses a plan with a variant that could never be admitted.
  ///
  /// - Throws: ``WorkbenchError`` with every such variant.
  package func checkMemory(budget: Int) throws {
    let large = variantsAskedFor.filter { $0.plannedBytes > budget }
    guard !large.isEmpty else { return }
    let list = large.map { "\($0.variant.label) (\(NumberText.bytes($0.plannedBytes)))" }
    throw WorkbenchError(
      "\(source.path): a run does not fit into the memory budget of \(NumberText.bytes(budget)): "
        + list.joined(separator: ", ")
        + "; lower training.batch_size or the model's width, set training.precision to bf16, or raise "
        + "execution.memory_budget_gigabytes",
      kind: .badData)
  }

  /// The backends of the runs, each once.
  var backends: [any Backend] {
    var names: Set<String> = []
    return variantsAskedFor.compactMap(\.backend).filter { names.insert($0.name).inserted }
  }

  /// The memory in bytes that the runs share, which is that of the smallest of their backends.
  package var memoryBytes: Int { backends.compactMap(\.memoryBytes).min() ?? Machine.memoryBytes }

  /// What the user should know about the runs on this machine, each thing once.
  package var remarks: [String] { Set(runs.compactMap(\.variant.remark)).sorted() }

  /// What became of the files of the runs' data, each data set once.
  package var fileAccounts: [String] { Set(runs.compactMap(\.variant.fileAccount)).sorted() }

  /// What the temperature of dynamic convolutions does, variants that are alike together.
  var annealingNotes: [String] {
    var groups: [(annealing: String, labels: [String])] = []
    for variant in variantsAskedFor {
      guard let annealing = variant.annealing, !annealing.isEmpty else { continue }
      if let index = groups.firstIndex(where: { $0.annealing == annealing }) {
        groups[index].labels.append(variant.variant.label)
      } else {
        groups.append((annealing, [variant.variant.label]))
      }
    }
    return groups.map { annealing, labels in
      let shown = labels.prefix(3).joined(separator: "; ") + (labels.count > 3 ? " and \(labels.count - 3) more" : "")
      return "\(shown): \(annealing)"
    }
  }

  /// The sweep that the store is to know.
  var sweep: Sweep {
    Sweep(
      name: plan.name, specText: source.text, specHash: specHash, factors: plan.factors, seeds: plan.seeds,
      variants: variants.map { compiled in
        let variant = compiled.variant
        return .init(
          label: variant.label, levels: variant.levels, isBaseline: variant.isBaseline,
          parameterCount: compiled.parameterCount, multiplyAdds: compiled.multiplyAdds,
          runs: plan.seeds.map { seed in
            .init(
              identity: compiled.identity(seed: seed), configuration: compiled.storedConfiguration,
              dataHash: compiled.dataHash, seed: seed, plannedEpochs: compiled.epochs)
          })
      }, analysis: plan.analysis, seedRules: seedRules)
  }

  /// The runs for the scheduler.
  package var scheduledRuns: [ScheduledRun] {
    runs.map {
      ScheduledRun(
        identity: $0.identity, label: $0.variant.variant.label, seed: $0.cell.seed,
        plannedBytes: $0.variant.plannedBytes)
    }
  }

  /// The variant of each run.
  var variantsByRun: [RunIdentity: any PlannedVariant] {
    Dictionary(runs.map { ($0.identity, $0.variant) }, uniquingKeysWith: { first, _ in first })
  }

  /// The multiply-adds of each run.
  package var work: [RunIdentity: Double] { variantsByRun.mapValues(\.runMultiplyAdds) }
}
