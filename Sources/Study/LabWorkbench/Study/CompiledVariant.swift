import Foundation
import LabCore
import LabData
import LabGraph
import LabNN
import LabRecords
import LabStudy
import LabTrain

/// A variant with everything that does not depend on the seed: data, weights to start from, graphs, and what they tell of its
/// runs.
///
/// It is made once, of what the check of the spec has built already, and handed to the plan, to the dry run and to the
/// executor. Memory to compute in belongs to a run, and is not kept here.
package final class CompiledVariant: PlannedVariant {
  /// The variant as the plan has it.
  package let variant: ResolvedVariant
  /// What trains its runs.
  package let trainable: TrainableVariant
  private let cost: (parameters: Int, multiplyAdds: Int)
  /// Bytes that a run needs.
  package let plannedBytes: Int
  /// What the temperature of dynamic convolutions does, in one clause; nil without one.
  package let annealing: String?
  /// What the user should know about the variant on this machine.
  package let remark: String?
  /// What became of every file of its data; nil where they do not come as image files.
  package let fileAccount: String?
  /// The path of its data as it is stored, where that is another than the spec's.
  private let storedPath: String?

  /// Builds what the check has not, and compiles it to know its memory, in which nothing is computed yet.
  ///
  /// - Parameter keepsGraphs: whether the graphs are kept for the runs, which build them again otherwise.
  /// - Throws: an error of the graphs or of the machine.
  init(_ checked: CheckedVariant, in workbench: Workbench, threads: Int, keepsGraphs: Bool) throws {
    variant = checked.variant
    let (configuration, data) = (checked.configuration, checked.data)
    let backend = try workbench.backends.named(configuration.backend)
    let model = configuration.model.model(classCount: data.classCount)
    let graphs = try TrainingGraphs(configuration.training, model: model, dataset: data, step: checked.step)
    trainable = TrainableVariant(
      configuration, data: data, initialWeights: checked.initialWeights, backend: backend,
      graphs: keepsGraphs ? graphs : nil)
    let image = GraphCost(try EvaluationGraph(model: model, batch: ClassificationBatch(of: data, size: 1)).graph)
    cost = (image.parameters, image.multiplyAdds)
    // Seeds change numbers, not sizes.
    let trainer = try Trainer(
      configuration.training, graphs: graphs, dataset: data, seed: 0, backend: backend, threads: threads,
      isPlan: true)
    plannedBytes = trainer.plannedBytes
    annealing = configuration.training.annealingSummary(
      scalars: trainer.scalars, stepsPerEpoch: trainer.stepsPerEpoch)
    remark = backend.remark(on: configuration.training.precision)
    let name = configuration.dataset.name
    fileAccount = data.fileAccount.map { "\(name): \($0)" }
    storedPath = configuration.dataset.path.map(workbench.environment.storable)
  }

  /// The variant's configuration.
  package var configuration: RunConfiguration { trainable.configuration }
  /// The images.
  package var data: PreparedDataset { trainable.data }
  /// The weights to start from by the model's names; empty without any.
  package var initialWeights: [NamedTensor] { trainable.initialWeights }
  /// The hash of what the variant reads: data and initial weights.
  package var dataHash: ContentHash { trainable.dataHash }
  package var backend: (any Backend)? { trainable.backend }
  package var parameterCount: Int? { cost.parameters }
  package var multiplyAdds: Int? { cost.multiplyAdds }

  /// The configuration as it is stored: its data are found again without the spec.
  package var storedConfiguration: JSONValue {
    guard let path = storedPath, case .object(var members) = variant.configuration,
      case .object(var dataset)? = members["dataset"], dataset["path"] != .string(path)
    else { return variant.configuration }
    dataset["path"] = .string(path)
    members["dataset"] = .object(dataset)
    return .object(members)
  }

  // MARK: Work

  /// Epochs of a run.
  package var epochs: Int { trainable.epochs }

  /// The multiply-adds of a run's steps; a backward pass takes two forward passes.
  package var trainingMultiplyAdds: Double { Double(cost.multiplyAdds) * Double(3 * data.train.count * epochs) }

  /// The multiply-adds of a run, evaluations included.
  package var runMultiplyAdds: Double { trainingMultiplyAdds + Double(cost.multiplyAdds) * Double(evaluatedImages) }

  /// Images that a run is evaluated on, over all evaluations, and those that running statistics are measured over.
  private var evaluatedImages: Int {
    let interval = configuration.training.evaluationInterval
    let evaluations = (epochs + interval - 1) / interval
    let measured = evaluations * min(configuration.training.recalibration.imageCount ?? 0, data.train.count)
    // Without validation images, the last epoch's test is the final one.
    guard data.validation.count > 0 else { return measured + evaluations * data.test.count }
    return measured + (evaluations + 1) * data.validation.count + data.test.count
  }
}
