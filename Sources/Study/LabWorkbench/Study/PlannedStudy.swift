import Foundation
import LabCore
import LabRecords
import LabReport
import LabScheduler
import LabStudy

/// A plan with everything that building its variants told.
package struct PlannedStudy {
  package let source: SpecSource
  package let specHash: ContentHash
  package let plan: Plan
  /// One a variant, in the order of the plan.
  package let inspections: [VariantInspection]
  /// The cells that are asked for.
  package let cells: [PlanCell]

  package init(
    source: SpecSource, specHash: ContentHash, plan: Plan, inspections: [VariantInspection], cells: [PlanCell]
  ) {
    self.source = source
    self.specHash = specHash
    self.plan = plan
    self.inspections = inspections
    self.cells = cells
  }

  /// The run of a cell.
  package func identity(of cell: PlanCell) -> RunIdentity {
    cell.identity(dataHash: inspections[cell.variantIndex].dataHash)
  }

  /// Refuses a plan with a variant that could never be admitted.
  ///
  /// - Throws: ``WorkbenchError`` with every such variant.
  package func checkMemory(budget: Int) throws {
    let large = Set(cells.map(\.variantIndex)).sorted().filter { inspections[$0].plannedBytes > budget }
    guard !large.isEmpty else { return }
    let list = large.map { "\(plan.variants[$0].label) (\(NumberText.bytes(inspections[$0].plannedBytes)))" }
    throw WorkbenchError(
      "\(source.path): a run does not fit into the memory budget of \(NumberText.bytes(budget)): "
        + list.joined(separator: ", ")
        + "; lower training.batch_size or the model's width, set training.precision to bf16, or raise "
        + "execution.memory_budget_gigabytes",
      kind: .badData)
  }

  /// The memory in bytes that the runs share, which is that of the smallest of their backends.
  package func memoryBytes(of backends: OpenBackends) throws -> Int {
    let own = try Set(cells.map { inspections[$0.variantIndex].backend }).compactMap {
      try backends.named($0).memoryBytes
    }
    return own.min() ?? Machine.memoryBytes
  }

  /// What the user should know about the cells on this machine, each thing once.
  package var remarks: [String] {
    Set(cells.compactMap { inspections[$0.variantIndex].remark }).sorted()
  }

  /// What became of the files of the cells' data, each data set once.
  package var fileAccounts: [String] {
    Set(cells.compactMap { inspections[$0.variantIndex].fileAccount }).sorted()
  }

  /// The configuration of a variant as it is stored: its data are found again without the spec.
  private func storedConfiguration(_ variant: ResolvedVariant, _ inspection: VariantInspection) -> JSONValue {
    guard let path = inspection.storedPath, case .object(var members) = variant.configuration,
      case .object(var dataset)? = members["dataset"], dataset["path"] != .string(path)
    else { return variant.configuration }
    dataset["path"] = .string(path)
    members["dataset"] = .object(dataset)
    return .object(members)
  }

  /// What the store is told.
  package var registration: SweepRegistration {
    SweepRegistration(
      name: plan.name, specText: source.text, specHash: specHash, factors: plan.factors, seeds: plan.seeds,
      variants: zip(plan.variants.indices, plan.variants).map { index, variant in
        let inspection = inspections[index]
        return .init(
          label: variant.label, levels: variant.levels, isBaseline: variant.isBaseline,
          parameterCount: inspection.parameterCount, multiplyAdds: inspection.multiplyAdds,
          runs: plan.seeds.map { seed in
            let cell = PlanCell(variant: variant, variantIndex: index, seed: seed)
            return .init(
              identity: identity(of: cell), configuration: storedConfiguration(variant, inspection),
              dataHash: inspection.dataHash, seed: seed, plannedEpochs: inspection.epochs)
          })
      })
  }

  /// The runs of the cells, for the scheduler.
  package var scheduledRuns: [ScheduledRun] {
    cells.map {
      ScheduledRun(
        identity: identity(of: $0), label: $0.variant.label, seed: $0.seed,
        plannedBytes: inspections[$0.variantIndex].plannedBytes)
    }
  }

  /// The multiply-adds of each run.
  package var work: [RunIdentity: Double] {
    Dictionary(
      cells.map { (identity(of: $0), inspections[$0.variantIndex].runMultiplyAdds) },
      uniquingKeysWith: { first, _ in first })
  }
}
