import LabCore

/// Which images each batch of each epoch has; a pure function of a seed.
public struct BatchPlan: Hashable, Sendable {
  /// The number of images in an epoch, before any is dropped.
  public let sampleCount: Int
  /// The number of images in a batch.
  public let batchSize: Int
  /// The seed of the order.
  public let seed: UInt64
  /// Whether each epoch has an order of its own; else all images come in the data set's order.
  public let shuffle: Bool
  /// Whether a last batch with fewer images is left out.
  public let dropLast: Bool

  /// Creates a plan.
  public init(sampleCount: Int, batchSize: Int, seed: UInt64, shuffle: Bool, dropLast: Bool = false) {
    precondition(batchSize > 0 && sampleCount >= 0, "a batch must have images")
    self.sampleCount = sampleCount
    self.batchSize = batchSize
    self.seed = seed
    self.shuffle = shuffle
    self.dropLast = dropLast
  }

  /// The number of batches in an epoch.
  public var batchesPerEpoch: Int {
    dropLast ? sampleCount / batchSize : (sampleCount + batchSize - 1) / batchSize
  }

  /// The number of images in a batch: fewer in the last than in the others, unless it is left out.
  public func size(ofBatch batch: Int) -> Int { min(batchSize, sampleCount - batch * batchSize) }

  /// The position within the split of each image of an epoch, in order.
  public func order(epoch: Int) -> [Int] {
    guard shuffle else { return Array(0..<sampleCount) }
    return RandomStream(seed: seed, name: "order").permutation(count: sampleCount, UInt64(epoch))
  }
}
