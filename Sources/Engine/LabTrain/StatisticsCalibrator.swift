import LabData
import LabGraph
import LabNN

/// Measures running statistics anew over training images, of weights that stand still (precise batch normalization).
///
/// The images go through the network in batches of the training's size, of an order that depends on the seed, without
/// augmentation and dropout, each layer normalising with its batch's statistics. Means are averaged; a variance is that of
/// all values together, `E[σ² + μ²] − E[μ]²`, unbiased.
///
/// - Source: Wu, Johnson, "Rethinking 'batch' in BatchNorm", 2021, arXiv 2105.07576.
struct StatisticsCalibrator {
  private let programs: TrainingPrograms
  private let program: any Executable
  private let graph: StatisticsGraph
  private let loader: BatchLoader
  private let batchCount: Int
  private let imageElements: Int

  /// - Parameters:
  ///   - programs: what the run computes with.
  ///   - dataset: the images, of which those for training are taken.
  ///   - images: how many, in whole batches, at least one and at most all.
  ///   - seed: the run's seed, on which their order depends.
  /// - Returns: nil where nothing is to be measured.
  init?(programs: TrainingPrograms, dataset: PreparedDataset, images: Recalibration, seed: UInt64) throws {
    guard let count = images.imageCount, let (program, graph) = programs.statistics else { return nil }
    self.programs = programs
    self.program = program
    self.graph = graph
    let batchSize = programs.evaluationBatchSize
    loader = try BatchLoader(training: dataset, batchSize: batchSize, seed: seed, dropLast: true)
    batchCount = min((count + batchSize - 1) / batchSize, loader.plan.batchesPerEpoch)
    imageElements = dataset.imageShape.elementCount
  }

  /// Sets the running statistics that evaluation uses.
  ///
  /// - Parameters:
  ///   - position: the last training step, for scalars such as a temperature.
  ///   - shouldContinue: asked before every batch.
  /// - Returns: false where `shouldContinue` said no, and nothing has been set.
  func recalibrate(at position: StepPosition, shouldContinue: () -> Bool) throws -> Bool {
    let prefetcher = Prefetcher(loader: loader, endEpoch: 1)
    defer { prefetcher.cancel() }
    let images = try program.floatInput(ClassifierTensor.images)
    try program.fill(graph.scalars, at: position)
    var sums = graph.statistics.map { _ in Sums() }
    for _ in 0..<batchCount {
      guard shouldContinue() else { return false }
      let count: Int? = prefetcher.withNextBatch { batch in
        images.baseAddress!.update(from: batch.images, count: batch.count * imageElements)
        return batch.count
      }
      guard count == loader.plan.batchSize else {
        throw TrainingError.configuration(
          key: TrainingConfiguration.CodingKeys.recalibration.rawValue, problem: "batches ended too early")
      }
      try program.run()
      for (index, statistics) in graph.statistics.enumerated() {
        sums[index].add(mean: try program.read(statistics.mean), variance: try program.read(statistics.variance))
      }
    }
    var values: [String: [Float]] = [:]
    for (statistics, sums) in zip(graph.statistics, sums) {
      let total = sums.statistics(batches: batchCount, count: statistics.count)
      values[statistics.mean] = total.mean
      values[statistics.variance] = total.variance
    }
    try programs.writeEvaluated(values)
    return true
  }

  /// The sums over batches of equal size of a layer's statistics, in double precision.
  private struct Sums {
    var means: [Double] = []
    var squares: [Double] = []
    var variances: [Double] = []

    mutating func add(mean: [Float], variance: [Float]) {
      if means.isEmpty {
        means = [Double](repeating: 0, count: mean.count)
        (squares, variances) = (means, means)
      }
      for channel in mean.indices {
        means[channel] += Double(mean[channel])
        squares[channel] += Double(mean[channel]) * Double(mean[channel])
        variances[channel] += Double(variance[channel])
      }
    }

    /// The mean and the unbiased variance of all values.
    ///
    /// - Parameter count: the values of a batch.
    func statistics(batches: Int, count: Int) -> (mean: [Float], variance: [Float]) {
      let number = Double(batches)
      let values = number * Double(count)
      let variance = means.indices.map { channel -> Float in
        let mean = means[channel] / number
        let within = variances[channel] / number * Double(count - 1) / Double(count)
        let between = max(0, squares[channel] / number - mean * mean)
        return Float((within + between) * values / (values - 1))
      }
      return (means.map { Float($0 / number) }, variance)
    }
  }
}
