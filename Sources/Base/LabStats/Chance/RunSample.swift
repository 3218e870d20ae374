import LabCore

/// Runs that were tested on the same images, to be evaluated on resamples of them.
struct RunSample: Sendable {
  let runs: [ImagePredictions]
  let labels: [Int32]
  let classCount: Int

  /// A statistic of each run, for the images and for every resample.
  ///
  /// - Returns: the value of each run, and a row of them a resample.
  func values(
    of statistic: CrossedBootstrap.Statistic, count: Int, stream: RandomStream, progress: @Sendable (Int) -> Void
  ) -> (observed: [Double], draws: [Double]) {
    switch statistic {
    case .accuracy: accuracies(count, stream, progress)
    case .macroF1: macroF1(count, stream, progress)
    case .calibrationError(let estimator): calibrationErrors(estimator, count, stream, progress)
    }
  }

  /// The label of each unit and what every run predicts for it.
  private func patterns(_ count: Int, _ stream: RandomStream) -> (ImageResampling, [Int32]) {
    let (resampling, keys) = ImageResampling.grouped(
      by: labels.indices.map { image in [labels[image]] + runs.map { $0.classes[image] } }, count: count, stream: stream
    )
    return (resampling, Array(keys.joined()))
  }

  private func accuracies(
    _ count: Int, _ stream: RandomStream, _ progress: @Sendable (Int) -> Void
  ) -> (observed: [Double], draws: [Double]) {
    let (resampling, patterns) = patterns(count, stream)
    let (runCount, imageCount) = (runs.count, Double(labels.count))
    return resampling.values(runCount, progress: progress) { weights, values in
      values.update(repeating: 0)
      for unit in weights.indices {
        let first = unit * (runCount + 1)
        for run in 0..<runCount where patterns[first + 1 + run] == patterns[first] {
          values[run] += Double(weights[unit])
        }
      }
      for run in 0..<runCount { values[run] /= imageCount }
    }
  }

  /// As ``ConfusionMatrix/macroAverage`` has it, from the counts that the F1 scores need.
  private func macroF1(
    _ count: Int, _ stream: RandomStream, _ progress: @Sendable (Int) -> Void
  ) -> (observed: [Double], draws: [Double]) {
    let (resampling, patterns) = patterns(count, stream)
    let (runCount, classCount) = (runs.count, classCount)
    return resampling.values(runCount, progress: progress) { weights, values in
      var support = [Int32](repeating: 0, count: classCount)
      // Of each run and class: correct predictions, and all of them.
      var correct = [Int32](repeating: 0, count: runCount * classCount)
      var predicted = correct
      patterns.withUnsafeBufferPointer { patterns in
        for unit in weights.indices where weights[unit] > 0 {
          let weight = weights[unit]
          let first = unit * (runCount + 1)
          let label = patterns[first]
          support[Int(label)] += weight
          for run in 0..<runCount {
            let prediction = patterns[first + 1 + run]
            predicted[run * classCount + Int(prediction)] += weight
            if prediction == label { correct[run * classCount + Int(label)] += weight }
          }
        }
      }
      for run in 0..<runCount {
        var (sum, present) = (0.0, 0.0)
        for index in 0..<classCount {
          let total = support[index] + predicted[run * classCount + index]
          guard total > 0 else { continue }
          sum += 2 * Double(correct[run * classCount + index]) / Double(total)
          present += 1
        }
        values[run] = sum / present
      }
    }
  }

  private func calibrationErrors(
    _ estimator: CalibrationEstimator, _ count: Int, _ stream: RandomStream, _ progress: @Sendable (Int) -> Void
  ) -> (observed: [Double], draws: [Double]) {
    let (runCount, imageCount, binCount) = (runs.count, labels.count, estimator.binCount)
    // An image stays in its bin: what is resampled are images, not the edges of bins.
    let bins = runs.map { estimator.bins(of: $0.confidences) }
    let isCorrect = runs.map { run in zip(run.classes, labels).map { $0 == $1 } }
    let runs = runs
    let resampling = ImageResampling(count: count, stream: stream, imageCount: imageCount)
    return resampling.values(runCount, progress: progress) { weights, values in
      var sums = [CalibrationEstimator.BinSums](repeating: .init(), count: binCount)
      for run in 0..<runCount {
        for bin in sums.indices { sums[bin] = .init() }
        let (bins, isCorrect, confidences) = (bins[run], isCorrect[run], runs[run].confidences)
        for image in 0..<imageCount where weights[image] > 0 {
          let bin = Int(bins[image])
          let weight = Double(weights[image])
          sums[bin].count += weight
          sums[bin].confidence += weight * confidences[image]
          if isCorrect[image] { sums[bin].correct += weight }
        }
        values[run] = estimator.value(sums)
      }
    }
  }
}
