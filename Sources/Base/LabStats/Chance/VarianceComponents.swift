/// How the chance of a difference divides between the seeds, the test images, and what is of one seed and image alone.
///
/// The difference of seed s on image i is taken as μ + αₛ + βᵢ + γₛᵢ, with all three of them random. The components are
/// those of the analysis of variance (method of moments), cut off at zero. Where a model of more variants knows the spread
/// over seeds, it takes the place of that of the two variants' own differences.
///
/// - Source: Searle, Casella and McCulloch, "Variance components", Wiley 1992, chapter 4.
public struct VarianceComponents: Sendable, Hashable {
  /// The variance of α: training with another seed.
  public let seeds: Double
  /// The variance of β: images that are easier for one variant, whatever the seed.
  public let images: Double
  /// The variance of γ: what a seed does to one image.
  public let residual: Double
  /// The number of seeds.
  public let seedCount: Int
  /// The number of images.
  public let imageCount: Int

  /// The part of the mean difference's variance that each has, in the order seeds, images, residual.
  public var ofMean: (seeds: Double, images: Double, residual: Double) {
    (
      seeds / Double(seedCount), images / Double(imageCount),
      residual / (Double(seedCount) * Double(imageCount))
    )
  }

  /// The shares of the mean difference's variance, which add up to 1; nil where there is no variance.
  public var shares: (seeds: Double, images: Double, residual: Double)? {
    let part = ofMean
    let total = part.seeds + part.images + part.residual
    return total > 0 ? (part.seeds / total, part.images / total, part.residual / total) : nil
  }
}

/// The covariances of the seeds' differences over other draws of the test images.
struct ImageCovariance: Sendable, Hashable {
  /// The mean over the seeds of a seed's variance.
  let ofOneSeed: Double
  /// The mean over the pairs of seeds of their covariance: what all seeds have in common; nil for one seed.
  let ofTwoSeeds: Double?
  /// The variance of the mean over the seeds.
  let ofMean: Double

  /// Estimates covariances from the values of each seed: of every image, or of every resample.
  ///
  /// - Parameters:
  ///   - rows: the number of images, or of resamples.
  ///   - value: a value by row and seed.
  ///   - scale: what a covariance over the rows is multiplied by.
  init(rows: Int, seeds: Int, scale: Double, value: (_ row: Int, _ seed: Int) -> Double) {
    let means = (0..<seeds).map { seed in
      var sum = CompensatedSum()
      for row in 0..<rows { sum.add(value(row, seed)) }
      return sum.value / Double(rows)
    }
    var own = CompensatedSum()
    var ofSums = CompensatedSum()
    for row in 0..<rows {
      var sum = 0.0
      for seed in 0..<seeds {
        let deviation = value(row, seed) - means[seed]
        own.add(deviation * deviation)
        sum += deviation
      }
      ofSums.add(sum * sum)
    }
    self.init(own: own.value, ofSums: ofSums.value, rows: rows, seeds: seeds, scale: scale)
  }

  /// - Parameters:
  ///   - own: the squared deviations of all values from their seeds' means.
  ///   - ofSums: the squared deviations of the rows' sums over the seeds.
  init(own: Double, ofSums: Double, rows: Int, seeds: Int, scale: Double) {
    let unit = scale / Double(max(rows - 1, 1))
    let count = Double(seeds)
    ofOneSeed = own * unit / count
    ofMean = ofSums * unit / (count * count)
    ofTwoSeeds = seeds > 1 ? (ofSums - own) * unit / (count * (count - 1)) : nil
  }
}
