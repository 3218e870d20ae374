import LabCore
import LabData
import LabNN
import LabTrain
import Testing

@Suite struct TrainerTests {
  @Test func trainingLearns() throws {
    var configuration = try TrainingFixture().configuration
    configuration.epochs = 6
    let observer = RecordingObserver()
    let result = try #require(TrainingFixture().trainer(configuration).run(observer: observer).result)
    #expect(observer.epochs.count == 6)
    #expect(observer.epochs[5].trainLoss < observer.epochs[0].trainLoss)
    #expect(result.test.logits.count == 86 * 43)
    #expect(result.test.labels.count == 86)
    #expect(result.test.confusion.total == 86)
    #expect(observer.epochs[0].images == 215)
    #expect(observer.epochs[0].steps == 7)
  }

  @Test(arguments: ["static", "odconv-4x"])
  func sameSeedGivesTheSameBits(_ conv: String) throws {
    let fixture = try TrainingFixture(conv: conv)
    let first = try #require(fixture.trainer().run(observer: RecordingObserver()).result)
    let second = try #require(fixture.trainer().run(observer: RecordingObserver()).result)
    let other = try #require(fixture.trainer(seed: 2).run(observer: RecordingObserver()).result)
    #expect(first.weightsHash == second.weightsHash)
    #expect(first.test.logits == second.test.logits)
    #expect(first.weightsHash != other.weightsHash)
  }

  @Test func twoThreadsGiveTheSameBitsTwice() throws {
    let fixture = try TrainingFixture()
    let first = try #require(fixture.trainer(threads: 2).run(observer: RecordingObserver()).result)
    let second = try #require(fixture.trainer(threads: 2).run(observer: RecordingObserver()).result)
    #expect(first.weightsHash == second.weightsHash)
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

    #expect(resumed.weightsHash == expected.weightsHash)
    #expect(resumed.test.logits == expected.test.logits)
    #expect(first.losses.prefix(progress.step) + second.losses == whole.losses[...])
    let reports = first.epochs.filter { $0.epoch < progress.epoch } + second.epochs
    #expect(reports.map(\.trainLoss) == whole.epochs.map(\.trainLoss))
    #expect(reports.map(\.trainAccuracy) == whole.epochs.map(\.trainAccuracy))
    #expect(reports.map { $0.test?.loss } == whole.epochs.map { $0.test?.loss })
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
    let accuracies = observer.epochs.compactMap { $0.validation?.metrics.accuracy }
    #expect(accuracies.count == 4)
    let best = try #require(accuracies.max())
    #expect(result.bestEpoch == accuracies.firstIndex(of: best))
    #expect(result.evaluatedEpoch == result.bestEpoch)
    #expect(result.validation?.metrics.accuracy == best)
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
    let best = try #require(result.bestEpoch)
    #expect(result.epochs == min(best + 3, 12))
    #expect(result.evaluatedEpoch == result.epochs - 1, "the last weights were evaluated, not the best")
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
    #expect(result.weightsHash != plain.weightsHash)
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
    #expect(mixed.epochs.allSatisfy { $0.trainAccuracy == nil } && plain.epochs.allSatisfy { $0.trainAccuracy != nil })
  }
}
