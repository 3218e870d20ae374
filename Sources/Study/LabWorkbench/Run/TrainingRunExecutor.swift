import Foundation
import LabCore
import LabData
import LabNN
import LabRecords
import LabScheduler
import LabTrain

/// Trains claimed runs in this process, whatever store they are claimed from.
package struct TrainingRunExecutor: BlockingRunExecutor {
  /// The executor as it is registered.
  package static let definition = ExecutorDefinition(
    "thread", "Trains runs in this process, each on a thread of its own."
  ) {
    $0.training
  }

  /// The variant of each run.
  let variants: [RunIdentity: TrainableVariant]
  package let provenance: ProvenanceCollector
  package let checkpointSeconds: Double?
  let pool: ProgramPool

  package func execute(_ run: ClaimedRun, context: RunContext) throws -> RunOutcome {
    guard let variant = variants[run.run.identity] else {
      return .failed(reason: "the run is none of this study's", isRetriable: true)
    }
    let data = variant.data
    let store = context.store
    let files = try store.files(of: run.lease)
    // Another choice than that of the attempt whose checkpoint this one goes on from would give other bits.
    let choices = files.hasCheckpoint ? try store.convolutionMethods(of: run.run.identity) : [:]
    // What another run has compiled chose for itself.
    let programs = choices.isEmpty ? pool.take(for: variant) : nil
    let trainer = try variant.trainer(
      seed: run.run.seed, choices: choices, threads: context.threads, programs: programs)
    trainer.checkpointSeconds = checkpointSeconds
    let provenance = provenance.record(
      run: run.run, backend: variant.backend, threads: context.threads, convolutionMethods: trainer.choices)
    let start = try resumption(of: run, with: provenance, files, context)
    if let matching = trainer.weightMatching, let difference = matching.difference {
      let remark = ([difference] + [matching.prefixRemedy].compactMap(\.self)).joined(separator: "; ")
      try store.log(
        .warning, "of the initial weights, \(matching.matched.count) were taken: \(remark)", lease: run.lease)
    }
    let card = ModelCard(
      model: run.run.configuration["model"] ?? [:], data: data,
      position: StepPosition(
        step: 0, stepsPerEpoch: trainer.stepsPerEpoch,
        totalSteps: trainer.stepsPerEpoch * variant.epochs))
    let recorder = RunRecorder(
      run: run, context: context, files: files, card: card, bestWeightsHash: start.bestWeightsHash)
    do {
      switch try trainer.run(from: start.checkpoint, bestWeights: start.bestWeights, observer: recorder) {
      case .stopped: return .interrupted(reason: "stopped on request")
      case .completed(let result):
        var record = try recorder.keep(result, data: data)
        record.health = try health(record, result, trainer, data, epochs: store.epochs(of: run.run.identity))
        pool.keep(trainer.programs, for: variant, afterSeconds: record.metrics["train_seconds"])
        return .completed(record)
      }
    } catch let error as TrainingError {
      if case .diverged = error { return .diverged(reason: "\(error)") }
      // The next attempt finds that they do not fit with the checkpoint, and goes on from one that they fit with.
      if case .weights("best weights", _) = error { return .failed(reason: "\(error)", isRetriable: true) }
      throw error
    }
  }

  /// What is odd about the course of a training that has reached its end.
  private func health(
    _ record: FinalRecord, _ result: TrainingResult, _ trainer: Trainer, _ data: PreparedDataset, epochs: [EpochRecord]
  ) throws -> [HealthNote] {
    let (training, steps) = (trainer.configuration, trainer.stepsPerEpoch)
    return HealthChecks.notes(
      on: RunCourse(
        epochs: epochs, final: record, plannedEpochs: training.epochs,
        evaluationImages: data.validation.count > 0 ? data.validation.count : data.test.count,
        annealing: training.annealingRemark(
          scalars: trainer.scalars, stepsPerEpoch: steps, trainedSteps: steps * result.epochs),
        schedule: try training.scheduleRemark(stepsPerEpoch: steps, trainedEpochs: result.epochs)))
  }

  /// Finds the newest checkpoint that belongs to the store, with the best weights that go with it, and records that the
  /// attempt trains from there.
  private func resumption(
    of run: ClaimedRun, with provenance: RunProvenance, _ files: any RunFiles, _ context: RunContext
  ) throws -> RunResumption {
    let (store, found) = (context.store, try files.resumption())
    for remark in found.remarks {
      try store.log(.warning, remark, lease: run.lease)
      context.warn(remark)
    }
    let progress = try found.checkpoint.map { try TrainingProgress($0) }
    // Epochs behind the checkpoint are trained, and recorded, again.
    try store.recordStart(provenance, epoch: progress?.epoch ?? 0, step: progress?.step ?? 0, lease: run.lease)
    if let progress {
      try store.log(.resumed, "from epoch \(progress.epoch + 1), step \(progress.stepInEpoch + 1)", lease: run.lease)
    }
    return found
  }
}
