import BackendOneDNN
import LabCore
import LabData
import LabGraph
import LabNN
import LabRecords
import LabTrain
import Testing

/// Running statistics that are measured anew before evaluations.
@Suite struct RecalibrationTests {
  /// Two normalisations of the images themselves, so that their statistics are those of pixels.
  private static let model: ModelFunction = { images, context in
    let once = try BatchNorm()(images, "first", in: context)
    let twice = try BatchNorm()(once, "second", in: context)
    return try Linear(outputFeatures: 43)(GlobalAveragePool()(twice, in: context), "fc", in: context)
  }

  private func configuration(_ images: Recalibration, average: Double? = nil) throws -> TrainingConfiguration {
    var configuration = try TrainingFixture().configuration
    configuration.batchSize = 43
    configuration.recalibration = images
    // Scales and shifts stay where they start.
    configuration.optimization.learningRate = 1e-12
    configuration.optimization.movingAverageDecay = average
    return configuration
  }

  /// Mean and unbiased variance.
  private func moments(_ values: [Double]) -> (mean: Double, variance: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    return (mean, values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1))
  }

  /// A channel's values in each batch of the training images, as they come without augmentation.
  private func batches(_ dataset: PreparedDataset, channel: Int, count: Int) throws -> [[Double]] {
    let loader = try BatchLoader(training: dataset, batchSize: 43, seed: 1)
    let prefetcher = Prefetcher(loader: loader, endEpoch: 1)
    let (plane, image) = (
      dataset.imageShape.height * dataset.imageShape.width, dataset.imageShape.elementCount
    )
    return try (0..<count).map { _ in
      try #require(
        prefetcher.withNextBatch { batch in
          (0..<batch.count).flatMap { sample in
            (0..<plane).map { Double(batch.images[sample * image + channel * plane + $0]) }
          }
        })
    }
  }

  /// All five batches, and the two that hold 50 images; of the weights and of their averages.
  @Test(arguments: [(Recalibration.on, 5), (.images(215), 5), (.images(50), 2)], [nil, 0.9])
  func statisticsAreThoseOfTheImages(_ images: (Recalibration, Int), average: Double?) throws {
    let fixture = try TrainingFixture()
    let configuration = try configuration(images.0, average: average)
    let trainer = try Trainer(
      configuration, model: Self.model, dataset: fixture.dataset, seed: 1, backend: OneDNNBackend())
    let result = try #require(trainer.run(observer: RecordingObserver()).result)
    func values(_ name: String) throws -> [Float] { try #require(result.weights.first { $0.name == name }?.floats) }
    for channel in 0..<3 {
      let batches = try batches(fixture.dataset, channel: channel, count: images.1)
      let first = moments(batches.flatMap(\.self))
      #expect(abs(try Double(values("first.running_mean")[channel]) - first.mean) < 1e-5)
      #expect(abs(try Double(values("first.running_var")[channel]) / first.variance - 1) < 1e-5)
      // The second one sees batches that the first has normalised by their own biased variance.
      let normalized = batches.map { batch in
        let (mean, variance) = moments(batch)
        let deviation = (variance * Double(batch.count - 1) / Double(batch.count) + 1e-5).squareRoot()
        return batch.map { ($0 - mean) / deviation }
      }
      let second = moments(normalized.flatMap(\.self))
      #expect(abs(try Double(values("second.running_mean")[channel]) - second.mean) < 1e-5)
      #expect(abs(try Double(values("second.running_var")[channel]) / second.variance - 1) < 1e-5)
    }
    #expect(result.weights == result.lastWeights)
  }

  /// Weights are trained as without the option; only the statistics that are evaluated with are others.
  @Test func nothingButStatisticsChanges() throws {
    let fixture = try TrainingFixture(conv: "odconv-1x")
    var configuration = fixture.configuration
    let plain = RecordingObserver()
    let before = try #require(fixture.trainer(configuration).run(observer: plain).result)
    configuration.recalibration = .images(100)
    let measured = RecordingObserver()
    let after = try #require(fixture.trainer(configuration).run(observer: measured).result)
    #expect(plain.losses == measured.losses)
    let changed = zip(before.weights, after.weights).filter { $0 != $1 }.map(\.0.name)
    #expect(changed.allSatisfy { $0.hasSuffix(".running_mean") || $0.hasSuffix(".running_var") })
    #expect(
      Set(changed) == Set(before.weights.map(\.name).filter { $0.contains(".running_") }),
      "\(changed.count) statistics changed")
    #expect(before.record.weightsHash != after.record.weightsHash)
    #expect(
      measured.epochs.last?.metrics["test_loss"] == after.record.metrics["test_loss"],
      "an epoch is evaluated with the same statistics as the end")
  }

  @Test(arguments: [1, 7, 10, 13]) func resumedTrainingIsTheUninterruptedOne(_ stop: Int) throws {
    let fixture = try TrainingFixture(conv: "odconv-1x")
    var configuration = fixture.configuration
    configuration.recalibration = .images(64)
    configuration.optimization.movingAverageDecay = 0.9
    let expected = try #require(fixture.trainer(configuration).run(observer: RecordingObserver()).result)
    let first = RecordingObserver(stoppingAfter: stop)
    #expect(try fixture.trainer(configuration).run(observer: first).result == nil)
    let checkpoint = try #require(first.checkpoints.last)
    let resumed = try #require(
      fixture.trainer(configuration).run(from: checkpoint, observer: RecordingObserver()).result)
    #expect(resumed.record.weightsHash == expected.record.weightsHash)
    #expect(resumed.weights == expected.weights)
    #expect(resumed.predictions.logits == expected.predictions.logits)
  }

  @Test func bestWeightsHaveTheStatisticsThatTheyWereChosenWith() throws {
    let fixture = try TrainingFixture(validation: .fraction(0.2))
    var configuration = fixture.configuration
    configuration.finalWeights = .best
    configuration.recalibration = .on
    let observer = RecordingObserver()
    let result = try #require(fixture.trainer(configuration).run(observer: observer).result)
    #expect(observer.best.last == result.weights)
    let accuracies = observer.epochs.compactMap { $0.metrics["validation_accuracy"] }
    #expect(result.record.metrics["validation_accuracy"] == accuracies.max())
  }

  @Test func withoutRunningStatisticsItIsAnError() throws {
    let fixture = try TrainingFixture()
    var configuration = fixture.configuration
    configuration.recalibration = .on
    configuration.optimization.frozenStatistics = ["*"]
    #expect {
      try fixture.trainer(configuration)
    } throws: { error in
      "\(error)".hasPrefix("training.recalibrate_statistics: the network has no running statistics")
    }
    configuration.optimization.frozenStatistics = ["bn1.*"]
    let result = try #require(fixture.trainer(configuration).run(observer: RecordingObserver()).result)
    #expect(result.weights.first { $0.name == "bn1.running_mean" }?.floats?.allSatisfy { $0 == 0 } == true)
    #expect(result.weights.first { $0.name == "bn1.running_var" }?.floats?.allSatisfy { $0 == 1 } == true)
  }

  @Test func theKeyTakesTrueFalseAndNumbers() throws {
    func read(_ value: JSONValue) throws -> Recalibration {
      let configuration: TrainingConfiguration = try TrainingConfiguration.schema
        .resolved(["recalibrate_statistics": value]).decode()
      #expect(try JSONValue(encoding: configuration)["recalibrate_statistics"] == value)
      return configuration.recalibration
    }
    #expect(try read(true) == .on && read(false) == .off && read(500) == .images(500))
    #expect(throws: ConfigurationError.self) { try read(0) }
    let schema = TrainingConfiguration.schema
    #expect(schema.identityConfiguration(of: try schema.resolved(["recalibrate_statistics": false])) == [:])
    #expect(schema.identityConfiguration(of: try schema.resolved(["recalibrate_statistics": true])) != [:])
  }
}
