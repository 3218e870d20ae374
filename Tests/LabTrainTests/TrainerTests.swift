import LabCore
import LabData
import LabNN
import LabRecords
import LabTrain
import Testing

@Suite struct TrainerTests {
  @Test func trainingLearns() throws {
    var configuration = try TrainingFixture().configuration
    configuration.epochs = 6
    let observer = RecordingObserver()
    let result = try #require(TrainingFixture().trainer(configuration).run(observer: observer).result)
    #expect(observer.epochs.count == 6)
    let losses = observer.epochs.compactMap { $0.metrics["train_loss"] }
    #expect(losses.count == 6 && losses[5] < losses[0])
    #expect(result.predictions.logits.count == 86 * 43)
    #expect(result.predictions.labels.count == 86)
    #expect(result.record.confusion?.total == 86)
    #expect(result.record.confusion?.classCount == result.record.classNames.count)
    let timing = observer.epochs[0].timing
    #expect(abs(timing.imagesPerSecond * timing.trainSeconds - 215) < 1e-6)
    #expect(abs(timing.meanStepMilliseconds * 7 - timing.trainSeconds * 1e3) < 1e-6)
  }

  /// Epochs have what is computed every time, the record all there is, and where both are of the same weights they agree.
  @Test func metricsAreThoseOfTheCatalog() throws {
    let fixture = try TrainingFixture()
    let observer = RecordingObserver()
    let result = try #require(fixture.trainer().run(observer: observer).result)
    let last = try #require(observer.epochs.last?.metrics)
    let every = MetricCatalog.registry.entries.filter { $0.occasion == .everyEvaluation }.map { "test_\($0.name)" }
    #expect(
      Set(last.names.map(\.key)) == Set(every + ["test_loss", "train_loss", "train_accuracy", "learning_rate"]))
    let final = result.record.metrics
    #expect(last.only(split: "test").allSatisfy { final[$0.name] == $0.value })
    let all = MetricCatalog.registry.entries.filter { $0.occasion != nil }.map { "test_\($0.name)" }
    #expect(
      Set(final.names.map(\.key)) == Set(all + ["test_loss", "train_seconds", "planned_memory_bytes"]))
    #expect(final["test_accuracy"] == result.predictions.confusion.accuracy)
  }

  @Test(arguments: ["static", "odconv-4x"])
  func sameSeedGivesTheSameBits(_ conv: String) throws {
    let fixture = try TrainingFixture(conv: conv)
    let first = try #require(fixture.trainer().run(observer: RecordingObserver()).result)
    let second = try #require(fixture.trainer().run(observer: RecordingObserver()).result)
    let other = try #require(fixture.trainer(seed: 2).run(observer: RecordingObserver()).result)
    #expect(first.record.weightsHash == second.record.weightsHash)
    #expect(first.predictions.logits == second.predictions.logits)
    #expect(first.record.weightsHash != other.record.weightsHash)
  }

  @Test func twoThreadsGiveTheSameBitsTwice() throws {
    let fixture = try TrainingFixture()
    let first = try #require(fixture.trainer(threads: 2).run(observer: RecordingObserver()).result)
    let second = try #require(fixture.trainer(threads: 2).run(observer: RecordingObserver()).result)
    #expect(first.record.weightsHash == second.record.weightsHash)
  }

  /// Wherever training is interrupted, within an epoch or at its end, it goes on as if it had not been.
  @Test(arguments: ["static", "odconv-1x"], [1, 6, 7, 8, 13])
  func resumedTrainingIsTheUninterruptedOne(_ conv: String, stop: Int) throws {
    let fixture = try TrainingFixture(conv: conv)
    let whole = RecordingObserver()
    let expected = try #require(fixture.trainer().run(observer: whole).result)

    let first = RecordingObserver(stoppingAfter: stop)
    #expect(try fixture.trainer().run(observer: first).result == nil)
    let checkpoint = try #require(first.checkpoints.last)
    let progress = try TrainingProgress(checkpoint)
    let second = RecordingObserver()
    let resumed = try #require(fixture.trainer().run(from: checkpoint, observer: second).result)

    #expect(resumed.record.weightsHash == expected.record.weightsHash)
    #expect(resumed.predictions.logits == expected.predictions.logits)
    #expect(first.losses.prefix(progress.step) + second.losses == whole.losses[...])
    let reports = first.epochs.filter { $0.epoch < progress.epoch } + second.epochs
    #expect(reports.map(\.metrics) == whole.epochs.map(\.metrics))
    #expect(resumed.record.metrics.only(split: "test") == expected.record.metrics.only(split: "test"))
  }

  /// A checkpoint that nothing would be left to do from is not taken, unless the training ends there on request.
  @Test func finalWeightsTakeThePlaceOfTheLastCheckpoint() throws {
    let fixture = try TrainingFixture()
    let whole = RecordingObserver()
    let expected = try #require(fixture.trainer().run(observer: whole).result)
    #expect(try whole.checkpoints.map { try TrainingProgress($0).epoch } == [1])

    let stopped = RecordingObserver(epochs: 2)
    #expect(try fixture.trainer().run(observer: stopped).result == nil)
    #expect(try stopped.checkpoints.map { try TrainingProgress($0).epoch } == [1, 2])
    let second = RecordingObserver()
    let resumed = try #require(fixture.trainer().run(from: stopped.checkpoints.last, observer: second).result)
    #expect(resumed.record.weightsHash == expected.record.weightsHash)
    #expect(resumed.predictions.logits == expected.predictions.logits)
    #expect(second.losses.isEmpty)

    // Here the test images are left to evaluate, which a process may not live to see.
    let validated = RecordingObserver()
    _ = try TrainingFixture(validation: .fraction(0.2)).trainer().run(observer: validated)
    #expect(try validated.checkpoints.map { try TrainingProgress($0).epoch } == [1, 2])
  }

  @Test func stoppingAtOnceWritesNoCheckpoint() throws {
    let observer = RecordingObserver(stoppingAfter: 3, request: .now)
    #expect(try TrainingFixture().trainer().run(observer: observer).result == nil)
    #expect(observer.losses.count == 3)
    #expect(observer.checkpoints.isEmpty)
  }

  @Test func divergenceIsAnErrorWithItsPlace() throws {
    var configuration = try TrainingFixture().configuration
    configuration.optimization.learningRate = 1e12
    #expect {
      try TrainingFixture().trainer(configuration).run(observer: RecordingObserver())
    } throws: { error in
      guard case .diverged(let epoch, let step, _)? = error as? TrainingError else { return false }
      return epoch == 0 && step > 0
    }
  }

  @Test func bestWeightsAreThoseOfTheBestValidation() throws {
    let fixture = try TrainingFixture(validation: .fraction(0.2))
    var configuration = fixture.configuration
    configuration.epochs = 4
    configuration.finalWeights = .best
    let observer = RecordingObserver()
    let result = try #require(fixture.trainer(configuration).run(observer: observer).result)
    let accuracies = observer.epochs.compactMap { $0.metrics["validation_accuracy"] }
    #expect(accuracies.count == 4)
    let best = try #require(accuracies.max())
    #expect(result.record.bestEpoch == accuracies.firstIndex(of: best))
    #expect(result.record.evaluatedEpoch == result.record.bestEpoch)
    #expect(result.record.metrics["validation_accuracy"] == best)
    #expect(observer.best.last == result.weights)
  }

  @Test func earlyStoppingWaitsAsLongAsItIsTold() throws {
    let fixture = try TrainingFixture(validation: .fraction(0.2))
    var configuration = fixture.configuration
    configuration.epochs = 12
    configuration.optimization.learningRate = 1e-9
    configuration.earlyStoppingEvaluations = 2
    let observer = RecordingObserver()
    let result = try #require(fixture.trainer(configuration).run(observer: observer).result)
    let best = try #require(result.record.bestEpoch)
    #expect(result.epochs == min(best + 3, 12))
    #expect(result.record.evaluatedEpoch == result.epochs - 1, "the last weights were evaluated, not the best")
  }

  @Test func earlyStoppingNeedsAValidationSplit() throws {
    var configuration = try TrainingFixture().configuration
    configuration.earlyStoppingEvaluations = 2
    #expect(throws: TrainingError.self) { try TrainingFixture().trainer(configuration) }
  }

  @Test func foreignCheckpointsAreRefusedByName() throws {
    let observer = RecordingObserver(stoppingAfter: 1)
    _ = try TrainingFixture().trainer().run(observer: observer)
    let checkpoint = try #require(observer.checkpoints.last)
    #expect(throws: TrainingError.self) {
      try TrainingFixture(conv: "odconv-1x").trainer().run(from: checkpoint, observer: RecordingObserver())
    }
  }

  @Test func movingAverageIsWhatIsEvaluatedAndKept() throws {
    let fixture = try TrainingFixture()
    var configuration = fixture.configuration
    configuration.optimization.movingAverageDecay = 0.9
    let result = try #require(fixture.trainer(configuration).run(observer: RecordingObserver()).result)
    let plain = try #require(fixture.trainer().run(observer: RecordingObserver()).result)
    #expect(result.record.weightsHash != plain.record.weightsHash)
    #expect(Set(result.weights.map(\.name)) == Set(plain.weights.map(\.name)))
  }

  @Test func mixupTrainsOnTwoLabels() throws {
    let fixture = try TrainingFixture()
    var configuration = fixture.configuration
    configuration.augmentation.mixup = 0.4
    let mixed = RecordingObserver()
    _ = try fixture.trainer(configuration).run(observer: mixed)
    let plain = RecordingObserver()
    _ = try fixture.trainer().run(observer: plain)
    #expect(mixed.losses.allSatisfy { $0.isFinite })
    #expect(mixed.losses != plain.losses)
    #expect(
      mixed.epochs.allSatisfy { $0.metrics["train_accuracy"] == nil }
        && plain.epochs.allSatisfy { $0.metrics["train_accuracy"] != nil })
  }
}
