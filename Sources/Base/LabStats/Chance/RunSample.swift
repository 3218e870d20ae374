import LabCore

/// Runs that were tested on the same images, to be evaluated on resamples of them.
struct RunSample: Sendable {
  let runs: [ImagePredictions]
  let labels: [Int32]
  let classCount: Int

  /// The label of each unit and what every run predicts for it.
  private func patterns(_ count: Int, _ stream: RandomStream) -> (ImageResampling, [Int32]) {
    let (resampling, keys) = ImageResampling.grouped(
      by: labels.indices.map { image in [labels[image]] + runs.map { $0.classes[image] } }, count: count, stream: stream
    )
    return (resampling, Array(keys.joined()))
  }

  /// The mean F1 score of each run, for the images and a row for every resample.
  ///
  /// As ``ConfusionMatrix/macroAverage`` has it, from the counts that the F1 scores need.
  func macroF1(
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

  /// The expected calibration error of each run, for the images and a row for every resample.
  func calibrationErrors(
    _ estimator: CalibrationEstimator, _ count: Int, _ stream: RandomStream, _ progress: @Sendable (Int) -> Void
  ) -> (observed: [Double], draws: [Double]) {
    // An image stays in its bin: what is resampled are images, not the edges of bins.
    let bins = runs.map { estimator.bins(of: $0.confidences) }
    let isCorrect = runs.map { run in zip(run.classes, labels).map { $0 == $1 } }
    let resampling = ImageResampling(count: count, stream: stream, imageCount: labels.count)
    if case .debiased = estimator {
      return debiasedErrors(estimator, resampling, bins: bins, isCorrect: isCorrect, progress)
    }
    // Of each image and run: the place of the run's bin, and confidence less correctness, of which each bin has a sum.
    let (runCount, imageCount, binCount) = (runs.count, labels.count, estimator.binCount)
    var places = [Int32](repeating: 0, count: imageCount * runCount)
    var gaps = [Double](repeating: 0, count: imageCount * runCount)
    for run in 0..<runCount {
      for image in 0..<imageCount {
        places[image * runCount + run] = Int32(run * binCount) + bins[run][image]
        gaps[image * runCount + run] = runs[run].confidences[image] - (isCorrect[run][image] ? 1 : 0)
      }
    }
    let (ofImages, distances) = (places, gaps)
    return resampling.values(runCount, progress: progress) { weights, values in
      var sums = [Double](repeating: 0, count: runCount * binCount)
      sums.withUnsafeMutableBufferPointer { sums in
        ofImages.withUnsafeBufferPointer { places in
          distances.withUnsafeBufferPointer { gaps in
            for image in weights.indices where weights[image] > 0 {
              let weight = Double(weights[image])
              for index in (image * runCount)..<((image + 1) * runCount) {
                sums[Int(places[index])] += weight * gaps[index]
              }
            }
          }
        }
        for run in 0..<runCount {
          values[run] = sums[(run * binCount)..<((run + 1) * binCount)].reduce(0) { $0 + abs($1) } / Double(imageCount)
        }
      }
    }
  }

  /// The same for bins whose chance is taken off, which takes all that they add up to.
  private func debiasedErrors(
    _ estimator: CalibrationEstimator, _ resampling: ImageResampling, bins: [[Int32]], isCorrect: [[Bool]],
    _ progress: @Sendable (Int) -> Void
  ) -> (observed: [Double], draws: [Double]) {
    let (runs, imageCount, binCount) = (runs, labels.count, estimator.binCount)
    return resampling.values(runs.count, progress: progress) { weights, values in
      var sums = [CalibrationEstimator.BinSums](repeating: .init(), count: binCount)
      for run in runs.indices {
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
