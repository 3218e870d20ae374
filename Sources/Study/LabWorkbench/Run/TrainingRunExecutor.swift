import Foundation
import LabCore
import LabData
import LabNN
import LabRecords
import LabScheduler
import LabStore
import LabTrain

/// Trains claimed runs in this process: the bridge between studies, which know nothing of training, and the trainer,
/// which knows nothing of stores.
package struct TrainingRunExecutor: RunExecutor {
  package let laboratory: Laboratory
  package let store: StudyStore
  package let provenance: ProvenanceCollector
  package let checkpointSeconds: Double?

  package func execute(_ run: ClaimedRun, context: RunContext) throws -> RunOutcome {
    let configuration = try RunConfiguration(run.run.configuration)
    let data = try laboratory.dataset(configuration)
    guard let initialWeights = try configuration.loadInitialWeights(data: data, input: run.run.dataHash) else {
      let input =
        configuration.training.initialWeights == nil ? "the data set has" : "the data set or the initial weights have"
      return .failed(reason: "\(input) changed since the sweep was planned; start the sweep again")
    }
    let folder = try store.heldFolder(for: run.lease)
    let backend = try laboratory.backends.named(configuration.backend)
    let trainer = try Trainer(
      configuration.training, model: configuration.model.model(classCount: data.classCount), dataset: data,
      seed: run.run.seed, backend: backend.repeating(try earlierChoices(run, folder.folder)),
      threads: context.threads,
      initialWeights: initialWeights)
    trainer.checkpointSeconds = checkpointSeconds
    try store.record(
      provenance.record(
        run: run.run, backend: backend, threads: context.threads, convolutionMethods: trainer.choices),
      lease: run.lease)
    if let matching = trainer.weightMatching, let difference = matching.difference {
      let remark = ([difference] + [matching.prefixRemedy].compactMap(\.self)).joined(separator: "; ")
      try store.log(
        .warning, "of the initial weights, \(matching.matched.count) were taken: \(remark)", lease: run.lease)
    }
    let start = try startingPoint(run, folder, context)
    let card = ModelCard(
      model: run.run.configuration["model"] ?? [:], data: data,
      position: StepPosition(
        step: 0, stepsPerEpoch: trainer.stepsPerEpoch,
        totalSteps: trainer.stepsPerEpoch * configuration.training.epochs))
    let recorder = RunRecorder(
      run: run, context: context, store: store, folder: folder, card: card, bestWeightsHash: start.bestWeightsHash)
    do {
      switch try trainer.run(from: start.checkpoint, bestWeights: start.best, observer: recorder) {
      case .stopped: return .interrupted(reason: "stopped on request")
      case .completed(let result):
        var record = try recorder.keep(result, data: data)
        record.health = try health(of: run, record, result, trainer, data)
        return .completed(record)
      }
    } catch let error as TrainingError {
      if case .diverged = error { return .diverged(reason: "\(error)") }
      // The next attempt finds that they do not fit with the checkpoint, and goes on from one that they fit with.
      if case .weights("best weights", _) = error { return .failed(reason: "\(error)", isRetriable: true) }
      throw error
    } catch let error as StoreError {
      guard case .misfit = error else { throw error }
      // The next attempt sets aside what does not fit.
      return .failed(reason: "\(error)", isRetriable: true)
    }
  }

  /// What is odd about the course of a training that has reached its end.
  private func health(
    of run: ClaimedRun, _ record: FinalRecord, _ result: TrainingResult, _ trainer: Trainer, _ data: PreparedDataset
  ) throws -> [HealthNote] {
    let (training, steps) = (trainer.configuration, trainer.stepsPerEpoch)
    return HealthChecks.notes(
      on: RunCourse(
        epochs: try store.epochs(of: run.run.identity), final: record, plannedEpochs: training.epochs,
        evaluationImages: data.validation.count > 0 ? data.validation.count : data.test.count,
        annealing: training.annealingRemark(
          scalars: trainer.scalars, stepsPerEpoch: steps, trainedSteps: steps * result.epochs),
        schedule: try training.scheduleRemark(stepsPerEpoch: steps, trainedEpochs: result.epochs)))
  }

  /// What the attempt chose whose checkpoint this one goes on from: another choice would give other bits.
  private func earlierChoices(_ run: ClaimedRun, _ folder: RunFolder) throws -> [String: String] {
    guard folder.has(.checkpoint) || folder.has(.previousCheckpoint) else { return [:] }
    return try store.convolutionMethods(of: run.run.identity)
  }

  /// Where an attempt begins.
  private struct StartingPoint {
    var checkpoint: Checkpoint?
    var best: [NamedTensor]?
    var bestWeightsHash: ContentHash?
  }

  /// The newest checkpoint that belongs to the database, with the best weights that go with it.
  private func startingPoint(
    _ run: ClaimedRun, _ folder: HeldRunFolder, _ context: RunContext
  ) throws -> StartingPoint {
    let found = try folder.resumption()
    for remark in found.remarks {
      try store.log(.warning, remark, lease: run.lease)
      context.warn(remark)
    }
    let progress = try found.checkpoint.map { try TrainingProgress($0) }
    // Epochs behind the checkpoint are trained, and recorded, again.
    try store.truncateEpochs(from: progress?.epoch ?? 0, lease: run.lease)
    try store.recordStart(step: progress?.step ?? 0, lease: run.lease)
    if let progress {
      try store.log(.resumed, "from epoch \(progress.epoch + 1), step \(progress.stepInEpoch + 1)", lease: run.lease)
    }
    return StartingPoint(
      checkpoint: found.checkpoint, best: found.bestWeights, bestWeightsHash: found.bestWeightsHash)
  }
}
