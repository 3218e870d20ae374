import Foundation
import LabCore
import LabData
import LabGraph
import LabNN
import LabStudy
import LabTrain

/// What building a variant tells before it is trained.
package struct VariantInspection: Sendable {
  /// The number of trainable parameters.
  package var parameterCount: Int
  /// The multiply-adds of one image's forward pass.
  package var multiplyAdds: Int
  /// Bytes that a run needs.
  package var plannedBytes: Int
  /// The hash of what the variant reads: data and initial weights.
  package var dataHash: ContentHash
  /// Epochs of a run.
  package var epochs: Int
  /// Training images of a run, over all epochs.
  package var trainedImages: Int
  /// Images that a run is evaluated on, over all evaluations.
  package var evaluatedImages: Int
  /// What the temperature of dynamic convolutions does, in one clause; nil without one.
  package var annealing: String?
  /// What the user should know about the variant on this machine.
  package var remark: String?
  /// The name of the backend that trains it.
  package var backend: String
  /// What became of every file of its data; nil where they do not come as image files.
  package var fileAccount: String?
  /// The path of its data as it is stored, where that is another than the spec's.
  package var storedPath: String?

  /// The multiply-adds of a run's steps; a backward pass takes two forward passes.
  package var trainingMultiplyAdds: Double { Double(multiplyAdds) * Double(3 * trainedImages) }
  /// The multiply-adds of a run, evaluations included.
  package var runMultiplyAdds: Double { trainingMultiplyAdds + Double(multiplyAdds) * Double(evaluatedImages) }
}

extension Laboratory {
  /// Builds and compiles every variant, on all cores.
  ///
  /// - Throws: the first variant's error, in the order of the plan.
  package func inspect(_ variants: [ResolvedVariant], threads: Int) throws -> [VariantInspection] {
    try Parallel.results(of: variants) { try inspect($0, threads: threads) }.map { try $0.get() }
  }

  private func inspect(_ variant: ResolvedVariant, threads: Int) throws -> VariantInspection {
    let configuration = try RunConfiguration(variant.configuration)
    let data = try dataset(configuration)
    let model = configuration.model.model(classCount: data.classCount)
    let graph = try EvaluationGraph(model: model, batch: configuration.batch(of: data, size: 1))
    let cost = GraphCost(graph.graph)
    let backend = try backends.named(configuration.backend)
    // Seeds change numbers, not sizes.
    let trainer = try Trainer(
      configuration.training, model: model, dataset: data, seed: 0, backend: backend, threads: threads,
      isPlan: true)
    let initialWeights = try configuration.loadInitialWeights()
    return VariantInspection(
      parameterCount: cost.parameters, multiplyAdds: cost.multiplyAdds, plannedBytes: trainer.plannedBytes,
      dataHash: .ofInput(data: data, initialWeights: initialWeights),
      epochs: configuration.training.epochs,
      trainedImages: data.train.count * configuration.training.epochs,
      evaluatedImages: evaluatedImages(configuration.training, data),
      annealing: configuration.training.annealingSummary(
        scalars: trainer.scalars, stepsPerEpoch: trainer.stepsPerEpoch),
      remark: backend.remark(on: configuration.training.precision), backend: backend.name,
      fileAccount: data.fileAccount.map { "\(configuration.dataset.name): \($0)" },
      storedPath: configuration.dataset.path.map(environment.storable))
  }

  private func evaluatedImages(_ training: TrainingConfiguration, _ data: PreparedDataset) -> Int {
    let (epochs, interval) = (training.epochs, training.evaluationInterval)
    let evaluations = (epochs + interval - 1) / interval
    // Without validation images, the last epoch's test is the final one.
    guard data.validation.count > 0 else { return evaluations * data.test.count }
    return (evaluations + 1) * data.validation.count + data.test.count
  }
}
