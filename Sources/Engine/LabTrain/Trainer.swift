import LabCore
import LabData
import LabGraph
import LabNN
import LabRecords
import LabStats

/// Trains one model on one data set: a pure function of its configuration, data and seed.
///
/// A trainer that continues from a checkpoint gives the bits of one that was never interrupted, on the same machine and
/// with as many threads.
public final class Trainer {
  /// How a training ended.
  public enum Outcome: Sendable {
    /// At its end, with the test split's metrics and the weights that they are those of.
    case completed(TrainingResult)
    /// On request.
    case stopped
  }

  /// How it trains.
  public let configuration: TrainingConfiguration
  /// The seed of weights, order, augmentation and dropout.
  public let seed: UInt64
  /// Seconds between checkpoints within an epoch; nil writes them at the ends of epochs only.
  public var checkpointSeconds: Double?

  private let dataset: PreparedDataset
  /// What it computes with, in which another run of the variant can be trained when this one has ended.
  public let programs: TrainingPrograms
  private let loader: BatchLoader
  private let initialWeights: [NamedTensor]
  /// How the weights to start from compare with the model's; nil without any.
  public let weightMatching: WeightMatching?
  private let clock = ContinuousClock()

  /// Builds and compiles the graphs; nothing large is allocated yet.
  ///
  /// - Parameters:
  ///   - configuration: how to train.
  ///   - model: builds the model.
  ///   - dataset: the images.
  ///   - seed: the seed of weights, order, augmentation and dropout.
  ///   - backend: what executes the graphs.
  ///   - threads: the threads of a step.
  ///   - initialWeights: weights that replace drawn ones, by state_dict name.
  ///   - isPlan: whether the trainer only tells what a run would need, and is given no memory to train in.
  /// - Throws: ``TrainingError``, ``LabGraph/GraphError`` or ``LabNN/ModelError`` where something does not fit.
  public convenience init(
    _ configuration: TrainingConfiguration, model: ModelFunction, dataset: PreparedDataset, seed: UInt64,
    backend: any Backend, threads: Int = 1, initialWeights: [NamedTensor] = [],
    isPlan: Bool = false
  ) throws {
    let graphs = try TrainingGraphs(configuration, model: model, dataset: dataset)
    try self.init(
      configuration, graphs: graphs, dataset: dataset, seed: seed, backend: backend, threads: threads,
      initialWeights: initialWeights, isPlan: isPlan)
  }

  /// Compiles graphs that were built for the configuration and the data; nothing large is allocated yet.
  ///
  /// - Parameters:
  ///   - configuration: how to train.
  ///   - graphs: the graphs, which all runs of a variant share.
  ///   - dataset: the images.
  ///   - seed: the seed of weights, order, augmentation and dropout.
  ///   - backend: what executes the graphs.
  ///   - threads: the threads of a step.
  ///   - initialWeights: weights that replace drawn ones, by state_dict name.
  ///   - isPlan: whether the trainer only tells what a run would need, and is given no memory to train in.
  ///   - programs: what an ended run of the same graphs, backend and threads has computed with; taken instead of compiling
  ///     them once more where they serve the seed.
  /// - Throws: ``TrainingError`` or ``LabGraph/GraphError`` where something does not fit.
  public init(
    _ configuration: TrainingConfiguration, graphs: TrainingGraphs, dataset: PreparedDataset, seed: UInt64,
    backend: any Backend, threads: Int = 1, initialWeights: [NamedTensor] = [], isPlan: Bool = false,
    programs: TrainingPrograms? = nil
  ) throws {
    self.configuration = configuration
    self.dataset = dataset
    self.seed = seed
    self.initialWeights = initialWeights
    let needsValidation = configuration.earlyStoppingEvaluations != nil || configuration.finalWeights == .best
    guard !needsValidation || dataset.validation.count > 0 else {
      throw TrainingError.configuration(
        key: configuration.earlyStoppingEvaluations != nil ? "early_stopping" : "final_weights",
        problem: "needs a validation split, which dataset.validation sets aside")
    }
    loader = try BatchLoader(
      training: dataset, batchSize: min(configuration.batchSize, dataset.train.count), seed: seed,
      augmentation: configuration.augmentation, shuffle: configuration.shuffle,
      dropLast: configuration.dropsLastBatch)
    if let programs, programs.serve(seed: seed) {
      self.programs = programs
    } else {
      self.programs = try TrainingPrograms(
        graphs, evaluationBatchSize: loader.plan.batchSize, seed: seed, backend: backend,
        options: SessionOptions(
          threads: threads, algorithms: configuration.algorithms, precision: configuration.precision,
          recomputation: configuration.recomputation, isPlan: isPlan))
    }
    // A trainer that only plans a run, to know its memory, is given no weights.
    weightMatching =
      initialWeights.isEmpty
      ? nil
      : try WeightMatching(
        declarations: graphs.step.declarations, weights: initialWeights, excluding: configuration.initialExclusions)
    try weightMatching?.check(configuration.initialMatch)
  }

  /// Bytes that the run needs, known before they are allocated.
  public var plannedBytes: Int { programs.plannedBytes }

  /// What the backend chose where it had a choice: the method of each convolution's passes.
  public var choices: [String: String] { programs.session.choices }

  /// Steps of one epoch.
  public var stepsPerEpoch: Int { loader.plan.batchesPerEpoch }

  /// What a step's graph is fed with beside its batch, such as a learning rate.
  public var scalars: [any RuntimeScalar] { programs.scalars }

  /// Trains from the start, or on from a checkpoint.
  ///
  /// - Parameters:
  ///   - checkpoint: where to go on from; nil starts anew.
  ///   - bestWeights: the weights of the best epoch so far, where an earlier attempt kept them.
  ///   - observer: what is told of epochs and checkpoints, and may stop the training.
  /// - Throws: ``TrainingError/diverged(epoch:step:loss:)``, and whatever the observer throws.
  public func run(
    from checkpoint: Checkpoint? = nil, bestWeights: [NamedTensor]? = nil,
    observer: any TrainingObserver
  ) throws -> Outcome {
    var progress = try checkpoint.map { try TrainingProgress($0) } ?? TrainingProgress()
    if let checkpoint {
      try programs.restore(checkpoint.tensors)
    } else {
      try programs.initialize(seed: seed, weights: initialWeights, matched: weightMatching?.matched ?? [])
    }
    var best = bestWeights
    let prefetcher = Prefetcher(
      loader: loader, epoch: progress.epoch, batch: progress.stepInEpoch, endEpoch: configuration.epochs)
    defer { prefetcher.cancel() }
    var lastTest: Evaluation?
    while progress.epoch < configuration.epochs, !hasStoppedEarly(progress) {
      guard try trainEpoch(&progress, prefetcher, observer) else { return .stopped }
      guard try finishEpoch(&progress, &best, &lastTest, observer) else { return .stopped }
    }
    return try finish(progress, best, lastTest, observer)
  }

  // MARK: Steps

  private func position(_ step: Int) -> StepPosition {
    StepPosition(step: step, stepsPerEpoch: stepsPerEpoch, totalSteps: stepsPerEpoch * configuration.epochs)
  }

  /// Trains the rest of an epoch.
  ///
  /// - Returns: false where the observer asked for a stop.
  private func trainEpoch(
    _ progress: inout TrainingProgress, _ prefetcher: Prefetcher, _ observer: any TrainingObserver
  ) throws -> Bool {
    var lastCheckpoint = clock.now
    var rate = ThroughputMeter()
    while progress.stepInEpoch < stepsPerEpoch {
      let start = ActiveClock.seconds
      let count = try step(at: progress.step, prefetcher)
      let loss = try record(count, &progress)
      progress.step += 1
      progress.stepInEpoch += 1
      let seconds = max(0, ActiveClock.seconds - start)
      progress.epochSeconds += seconds
      rate.add(images: count.images, seconds: seconds)
      try observer.didStep(
        RunProgress(
          epoch: progress.epoch, epochs: configuration.epochs, step: progress.stepInEpoch,
          stepsPerEpoch: stepsPerEpoch, loss: loss, imagesPerSecond: rate.imagesPerSecond))
      switch observer.stopRequest {
      case .none: break
      case .now: return false
      case .afterStep:
        try observer.didReachCheckpoint(makeCheckpoint(progress))
        return false
      }
      if let interval = checkpointSeconds, (clock.now - lastCheckpoint).seconds >= interval,
        progress.stepInEpoch < stepsPerEpoch
      {
        try observer.didReachCheckpoint(makeCheckpoint(progress))
        lastCheckpoint = clock.now
      }
    }
    return true
  }

  private struct StepCount {
    var images: Int
    var program: any Executable
  }

  private func step(at step: Int, _ prefetcher: Prefetcher) throws -> StepCount {
    let imageElements = dataset.imageShape.elementCount
    let fullSize = loader.plan.batchSize
    let done = try prefetcher.withNextBatch { batch -> StepCount in
      let program = batch.count == fullSize ? programs.step : (programs.tailStep ?? programs.step)
      try program.floatInput(ClassifierTensor.images).baseAddress!.update(
        from: batch.images, count: batch.count * imageElements)
      try program.integerInput(ClassifierTensor.labels).baseAddress!.update(from: batch.labels, count: batch.count)
      if configuration.augmentation.mixup > 0 {
        try program.integerInput(ClassifierTensor.secondLabels).baseAddress!.update(
          from: batch.secondLabels, count: batch.count)
        try program.floatInput(ClassifierTensor.labelShares).baseAddress!.update(
          from: batch.labelShares, count: batch.count)
      }
      return StepCount(images: batch.count, program: program)
    }
    guard let done else { throw TrainingError.configuration(key: "epochs", problem: "batches ended too early") }
    try done.program.fill(programs.scalars, at: position(step))
    try done.program.run()
    return done
  }

  /// Adds a step's loss and correct predictions to the epoch's sums.
  private func record(_ done: StepCount, _ progress: inout TrainingProgress) throws -> Double {
    let losses = try done.program.read(ClassifierTensor.lossPerSample)
    var sum = 0.0
    for loss in losses { sum += Double(loss) }
    guard sum.isFinite else {
      throw TrainingError.diverged(
        epoch: progress.epoch, step: progress.stepInEpoch, loss: losses.first { !$0.isFinite } ?? .infinity)
    }
    let logits = try done.program.read(ClassifierTensor.logits)
    let labels = try done.program.integerInput(ClassifierTensor.labels)
    progress.correctCount += logits.prefix(done.images * dataset.classCount).withUnsafeBufferPointer {
      ClassificationAccumulator.correctCount(
        logits: $0, labels: UnsafeBufferPointer(rebasing: labels.prefix(done.images)), classCount: dataset.classCount)
    }
    progress.lossSum += sum
    progress.imageCount += done.images
    return sum / Double(done.images)
  }

  private func makeCheckpoint(_ progress: TrainingProgress) throws -> Checkpoint {
    try programs.checkpoint(progress: try JSONValue(encoding: progress))
  }

  // MARK: Epochs

  private func hasStoppedEarly(_ progress: TrainingProgress) -> Bool {
    guard let patience = configuration.earlyStoppingEvaluations else { return false }
    return progress.evaluationsSinceBest >= patience
  }

  /// Evaluates, reports and checkpoints a complete epoch.
  ///
  /// - Parameter lastTest: set to what the last planned epoch's weights reach on the test images, where these are evaluated.
  /// - Returns: false where the observer asked for a stop; the epoch's evaluation is then repeated by the next attempt.
  private func finishEpoch(
    _ progress: inout TrainingProgress, _ best: inout [NamedTensor]?, _ lastTest: inout Evaluation?,
    _ observer: any TrainingObserver
  ) throws -> Bool {
    let start = ActiveClock.seconds
    let isLast = progress.epoch + 1 == configuration.epochs
    let isEvaluated = isLast || (progress.epoch + 1) % configuration.evaluationInterval == 0
    var evaluation: Evaluation?
    if isEvaluated {
      let evaluator = Evaluator(programs: programs, dataset: dataset)
      let split: SplitName = dataset.validation.count > 0 ? .validation : .test
      let isFinal = isLast && split == .test
      let place = position(progress.step)
      if try recalibrate(at: place, observer) {
        evaluation = try evaluator.evaluate(
          split, at: place, for: isFinal ? .finalEvaluation : .everyEvaluation
        ) { stopsHere(observer) == false }
      }
      guard let evaluation else {
        if observer.stopRequest == .afterStep { try observer.didReachCheckpoint(makeCheckpoint(progress)) }
        return false
      }
      if isFinal { lastTest = evaluation }
    }
    var next = progress
    if let evaluation, evaluation.split == .validation { try noteValidation(evaluation, &next, &best, observer) }
    try observer.didFinishEpoch(
      record(of: progress, evaluation, evaluationSeconds: max(0, ActiveClock.seconds - start)))
    next.epoch += 1
    next.stepInEpoch = 0
    next.lossSum = 0
    next.correctCount = 0
    next.imageCount = 0
    next.trainSeconds += next.epochSeconds
    next.epochSeconds = 0
    progress = next
    // Where nothing is left to evaluate, the final weights follow at once and take a checkpoint's place.
    let goesOn = observer.stopRequest == .none
    let endsHere = goesOn && lastTest != nil && configuration.finalWeights == .last
    if !endsHere { try observer.didReachCheckpoint(makeCheckpoint(progress)) }
    return goesOn
  }

  /// The record of a complete epoch.
  private func record(
    of progress: TrainingProgress, _ evaluation: Evaluation?, evaluationSeconds: Double
  ) throws -> EpochRecord {
    let images = Double(progress.imageCount)
    var metrics: Metrics = [.train("loss"): progress.lossSum / images]
    // Where labels are mixed, no class is the right one.
    if configuration.augmentation.mixup == 0 { metrics[.train("accuracy")] = Double(progress.correctCount) / images }
    metrics["learning_rate"] = try configuration.optimization.learningRateScalar().value(
      at: position(progress.step - 1))
    if let evaluation { metrics.merge(evaluation.metrics(for: .everyEvaluation)) }
    let seconds = progress.epochSeconds
    return EpochRecord(
      epoch: progress.epoch, metrics: metrics,
      timing: .init(
        trainSeconds: seconds, evaluationSeconds: evaluationSeconds,
        imagesPerSecond: seconds > 0 ? images / seconds : 0,
        meanStepMilliseconds: seconds / Double(max(progress.stepInEpoch, 1)) * 1e3, plannedMemoryBytes: plannedBytes))
  }

  /// Measures running statistics anew, where the configuration asks for it.
  ///
  /// - Returns: false where the observer asked for a stop, and nothing has been measured.
  private func recalibrate(at place: StepPosition, _ observer: any TrainingObserver) throws -> Bool {
    guard
      let calibrator = try StatisticsCalibrator(
        programs: programs, dataset: dataset, images: configuration.recalibration, seed: seed)
    else { return true }
    return try calibrator.recalibrate(at: place) { !stopsHere(observer) }
  }

  private func stopsHere(_ observer: any TrainingObserver) -> Bool {
    observer.stopRequest != .none
  }

  private func noteValidation(
    _ evaluation: Evaluation, _ progress: inout TrainingProgress, _ best: inout [NamedTensor]?,
    _ observer: any TrainingObserver
  ) throws {
    let accuracy = evaluation.predictions.confusion.accuracy
    if accuracy > progress.bestAccuracy ?? -1 {
      progress.bestAccuracy = accuracy
      progress.bestEpoch = progress.epoch
      progress.evaluationsSinceBest = 0
      let weights = try programs.evaluatedTensors()
      best = weights
      try observer.didImprove(weights, epoch: progress.epoch)
    } else {
      progress.evaluationsSinceBest += 1
    }
  }

  // MARK: The end

  private func finish(
    _ progress: TrainingProgress, _ best: [NamedTensor]?, _ lastTest: Evaluation?,
    _ observer: any TrainingObserver
  ) throws -> Outcome {
    let last = try programs.evaluatedTensors()
    var evaluated = last
    if configuration.finalWeights == .best {
      guard let best else {
        throw TrainingError.weights(
          name: "best weights",
          problem: "are missing, though epoch "
            + "\((progress.bestEpoch ?? 0) + 1) had some")
      }
      try programs.writeEvaluated(best)
      evaluated = best
    }
    let evaluator = Evaluator(programs: programs, dataset: dataset)
    // Weights are evaluated with the scalars (a temperature) of the step after which they were taken.
    let bestStep = progress.bestEpoch.map { ($0 + 1) * stepsPerEpoch } ?? progress.step
    let step = configuration.finalWeights == .best ? bestStep : progress.step
    let evaluatedEpoch = (configuration.finalWeights == .best ? progress.bestEpoch : nil) ?? progress.epoch - 1
    func evaluate(_ split: SplitName, for occasion: Metric.Occasion) throws -> Evaluation? {
      try evaluator.evaluate(split, at: position(step), for: occasion) { observer.stopRequest == .none }
    }
    let known = configuration.finalWeights == .last ? lastTest : nil
    guard let test = try known ?? evaluate(.test, for: .finalEvaluation) else { return .stopped }
    var metrics = test.metrics(for: .finalEvaluation)
    if dataset.validation.count > 0 {
      guard let validation = try evaluate(.validation, for: .everyEvaluation) else { return .stopped }
      metrics.merge(validation.metrics(for: .everyEvaluation))
    }
    metrics["train_seconds"] = progress.trainSeconds
    metrics["planned_memory_bytes"] = Double(plannedBytes)
    return .completed(
      TrainingResult(
        record: FinalRecord(
          metrics: metrics, bestEpoch: progress.bestEpoch, evaluatedEpoch: evaluatedEpoch,
          classNames: dataset.classNames, confusion: test.predictions.confusion, weightsHash: last.weightsHash),
        predictions: test.predictions, weights: evaluated, lastWeights: last, epochs: progress.epoch))
  }
}
