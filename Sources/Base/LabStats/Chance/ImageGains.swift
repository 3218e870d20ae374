/// Which test images one variant has right and another wrong, from the seeds that both have.
public struct ImageGains: Sendable, Hashable {
  /// The number of images.
  public let imageCount: Int
  /// The images of each seed that the treatment has right and the reference wrong.
  public let gained: [Int]
  /// The images of each seed that the treatment has wrong and the reference right.
  public let lost: [Int]
  /// How many images there are of each sum over the seeds of 1 for a gain and −1 for a loss.
  let counts: [Int: Int]

  /// The number of seeds.
  public var seedCount: Int { gained.count }

  /// Counts images.
  ///
  /// - Parameter pairs: whether each image is right, a pair of variants a seed.
  /// - Returns: nil without seeds or images, and where runs differ in the number of their images.
  public init?(_ pairs: [(treatment: [Bool], reference: [Bool])]) {
    guard let images = pairs.first?.treatment.count, images > 0,
      pairs.allSatisfy({ $0.treatment.count == images && $0.reference.count == images })
    else { return nil }
    var sums = [Int32](repeating: 0, count: images)
    var (gained, lost) = ([Int](), [Int]())
    for pair in pairs {
      var (gains, losses) = (0, 0)
      for image in 0..<images where pair.treatment[image] != pair.reference[image] {
        if pair.treatment[image] {
          gains += 1
          sums[image] += 1
        } else {
          losses += 1
          sums[image] -= 1
        }
      }
      gained.append(gains)
      lost.append(losses)
    }
    imageCount = images
    self.gained = gained
    self.lost = lost
    // A sum is at most as large as the number of seeds.
    var tally = [Int](repeating: 0, count: 2 * pairs.count + 1)
    for sum in sums { tally[Int(sum) + pairs.count] += 1 }
    counts = Dictionary(
      uniqueKeysWithValues: tally.enumerated().filter { $0.element > 0 }.map { ($0.offset - pairs.count, $0.element) })
  }

  /// Counts images by the classes that were predicted.
  init(_ predictions: MatchedPredictions) {
    let labels = predictions.labels
    func isRight(_ run: ImagePredictions) -> [Bool] { zip(run.classes, labels).map { $0 == $1 } }
    // Matched predictions have at least one seed and image.
    self.init(predictions.pairs.map { (isRight($0.treatment), isRight($0.reference)) })!
  }

  /// The covariances of the seeds' differences over other draws of the images.
  var covariance: ImageCovariance {
    let images = Double(imageCount)
    func squares(_ total: Int, _ sum: Int) -> Double { Double(total) - Double(sum) * Double(sum) / images }
    let own = zip(gained, lost).reduce(0.0) { $0 + squares($1.0 + $1.1, $1.0 - $1.1) }
    let total = counts.reduce(0) { $0 + $1.key * $1.key * $1.value }
    return ImageCovariance(
      own: own, ofSums: squares(total, counts.reduce(0) { $0 + $1.key * $1.value }), rows: imageCount,
      seeds: seedCount, scale: 1 / images)
  }
}
