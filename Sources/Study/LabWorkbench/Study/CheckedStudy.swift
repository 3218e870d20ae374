import LabCore
import LabData
import LabNN
import LabRecords
import LabStudy
import LabTrain

/// What checking a spec gave, with what had to be built for it.
package struct CheckedStudy {
  /// The plan, or everything that is wrong.
  package let check: SpecCheck
  /// What is trained on in place of what the spec names, in one sentence; nil where nothing is replaced.
  package let note: String?
  /// One a variant of the plan, in its order, where labrun's own engine trains; empty without a plan.
  package let variants: [CheckedVariant]
  /// One a variant of the plan, in its order, where somebody's program trains.
  var programVariants: [ProgramVariant] = []
  let workbench: Workbench

  /// Whether somebody's program trains the runs.
  package var isOfProgram: Bool { !programVariants.isEmpty }
  /// The program that trains; nil where labrun's own engine does.
  package var program: ProgramSpec? { programVariants.first?.program }

  /// Compiles every variant, on all cores.
  ///
  /// - Parameter threads: threads of a run.
  /// - Throws: the first variant's error, in the order of the plan.
  package func compiled(threads: Int) throws -> [any PlannedVariant] {
    guard programVariants.isEmpty else { return programVariants }
    let indexed = variants.enumerated().map { (isKept: $0 < SpecValidator.keptGraphCount, variant: $1) }
    return try Parallel.results(of: indexed) { [workbench] in
      try CompiledVariant($0.variant, in: workbench, threads: threads, keepsGraphs: $0.isKept)
    }.map { try $0.get() }
  }
}

/// A variant in which nothing is wrong, with what had to be built to know that.
package struct CheckedVariant: Sendable {
  /// The variant as the plan has it.
  package let variant: ResolvedVariant
  /// The variant's configuration.
  package let configuration: RunConfiguration
  /// The images.
  package let data: PreparedDataset
  /// The weights to start from by the model's names; empty without any.
  let initialWeights: [NamedTensor]
  /// The graph of the step; nil where it is not kept.
  let step: TrainingGraph?
}
