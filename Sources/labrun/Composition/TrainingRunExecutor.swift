import Foundation
import LabCore
import LabData
import LabNN
import LabStore
import LabStudy
import LabTrain

/// Trains claimed runs in this process: the bridge between studies, which know nothing of training, and the trainer,
/// which knows nothing of stores.
struct TrainingRunExecutor: RunExecutor {
  let laboratory: Laboratory
  let store: StudyStore
  let provenance: ProvenanceCollector
  let checkpointSeconds: Double?

  func execute(_ run: ClaimedRun, context: RunContext) throws -> RunOutcome {
    let configuration = try RunConfiguration(run.run.configuration)
    let data = try laboratory.dataset(configuration)
    let initialWeights = try configuration.training.loadInitialWeights()
    guard ContentHash.ofInput(data: data, initialWeights: initialWeights) == run.run.dataHash else {
      let input = initialWeights.isEmpty ? "the data set has" : "the data set or the initial weights have"
      return .failed(reason: "\(input) changed since the sweep was planned; start the sweep again")
    }
    let folder = try store.heldFolder(for: run.lease)
    let trainer = try Trainer(
      configuration.training, model: configuration.model.model(classCount: data.classCount), dataset: data,
      seed: run.run.seed, backend: laboratory.backend.repeating(try earlierChoices(run, folder.folder)),
      threads: context.threads,
      initialWeights: initialWeights)
    trainer.checkpointSeconds = checkpointSeconds
    try store.record(
      provenance.record(run: run.run, threads: context.threads, convolutionMethods: trainer.choices), lease: run.lease)
    if let matching = trainer.weightMatching, let difference = matching.difference {
      try store.log(
        .warning, "of the initial weights, \(matching.matched.count) were taken: \(difference)", lease: run.lease)
    }
    let start = try startingPoint(run, folder)
    let card = ModelCard(
      model: run.run.configuration["model"] ?? [:], data: data,
      position: StepPosition(
        step: 0, stepsPerEpoch: trainer.stepsPerEpoch,
        totalSteps: trainer.stepsPerEpoch * configuration.training.epochs))
    let recorder = RunRecorder(run: run, context: context, store: store, folder: folder, card: card)
    do {
      switch try trainer.run(from: start?.checkpoint, bestWeights: start?.best, observer: recorder) {
      case .stopped: return .interrupted(reason: "stopped on request")
      case .completed(let result):
        var record = try recorder.keep(result, data: data)
        record.health = try health(of: run, record, result, trainer, data)
        return .completed(record)
      }
    } catch let error as TrainingError {
      if case .diverged = error { return .diverged(reason: "\(error)") }
      throw error
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

  /// The newest whole checkpoint, and the best weights that go with it.
  private func startingPoint(
    _ run: ClaimedRun, _ folder: HeldRunFolder
  ) throws -> (checkpoint: TrainingCheckpoint, best: [TrainingCheckpoint.Tensor]?)? {
    let reading = try folder.folder.readCheckpoint()
    for problem in reading.problems {
      try store.log(.warning, "a checkpoint was passed over: \(problem)", lease: run.lease)
    }
    guard let stored = reading.checkpoint else {
      try store.truncateEpochs(from: 0, lease: run.lease)
      return nil
    }
    let checkpoint = try TrainingCheckpoint(stored)
    // Epochs behind the checkpoint are trained, and recorded, again.
    try store.truncateEpochs(from: checkpoint.progress.epoch, lease: run.lease)
    try store.log(
      .resumed, "from epoch \(checkpoint.progress.epoch + 1), step \(checkpoint.progress.stepInEpoch + 1)",
      lease: run.lease)
    var best: [TrainingCheckpoint.Tensor]?
    if checkpoint.progress.bestEpoch != nil, folder.folder.has(.bestWeights) {
      best = try folder.folder.readWeights(.bestWeights).map { try TrainingCheckpoint.Tensor($0, role: .parameter) }
    }
    return (checkpoint, best)
  }
}

extension TrainingConfiguration {
  /// The weights to start from, of any format that can be read; empty without a file.
  func loadInitialWeights() throws -> [TrainingCheckpoint.Tensor] {
    guard let initialWeights else { return [] }
    return try WeightsFile.read((initialWeights as NSString).expandingTildeInPath)
      .filter { $0.floats != nil }.map { try TrainingCheckpoint.Tensor($0, role: .parameter) }
  }
}
