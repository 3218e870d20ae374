/// Where a loader writes a batch: memory that the caller owns.
public struct BatchDestination {
  /// Room for `batchSize × channels × height × width` values.
  public var images: UnsafeMutablePointer<Float>
  /// Room for `batchSize` labels.
  public var labels: UnsafeMutablePointer<Int32>
  /// Room for `batchSize` labels of mixed-in images; needed with mixup only.
  public var secondLabels: UnsafeMutablePointer<Int32>?
  /// Room for `batchSize` shares of `labels`, the rest being the share of `secondLabels`; needed with mixup only.
  public var labelShares: UnsafeMutablePointer<Float>?

  /// Names the memory of a batch.
  public init(
    images: UnsafeMutablePointer<Float>, labels: UnsafeMutablePointer<Int32>,
    secondLabels: UnsafeMutablePointer<Int32>? = nil, labelShares: UnsafeMutablePointer<Float>? = nil
  ) {
    self.images = images
    self.labels = labels
    self.secondLabels = secondLabels
    self.labelShares = labelShares
  }
}

/// One batch in memory that somebody else owns; valid as long as that one says.
///
/// ## Shapes
/// `images` is `[count, channels, height, width]`; the others are `[count]`.
public struct Batch {
  /// The epoch, from 0.
  public let epoch: Int
  /// The number of the batch within its epoch, from 0.
  public let index: Int
  /// The number of images.
  public let count: Int
  /// The normalised images.
  public let images: UnsafePointer<Float>
  /// The label of each image.
  public let labels: UnsafePointer<Int32>
  /// The label of what is mixed into each image; equal to `labels` without mixup.
  public let secondLabels: UnsafePointer<Int32>
  /// The share of `labels`, from 0 to 1; 1 without mixup.
  public let labelShares: UnsafePointer<Float>
}

/// Memory for one batch, aligned for vector loads.
public final class BatchBuffer: @unchecked Sendable {
  // Handed from one thread to the next, never used by two at the same time; the owner sees to that.
  private let memory: UnsafeMutableRawBufferPointer
  private let images: UnsafeMutablePointer<Float>
  private let labels: UnsafeMutablePointer<Int32>
  private let secondLabels: UnsafeMutablePointer<Int32>
  private let labelShares: UnsafeMutablePointer<Float>

  /// Reserves memory for the batches of a loader.
  public init(for loader: BatchLoader) {
    func aligned(_ byteCount: Int) -> Int { (byteCount + 63) / 64 * 64 }
    let batchSize = loader.plan.batchSize
    let imageByteCount = aligned(batchSize * loader.dataset.imageShape.elementCount * MemoryLayout<Float>.stride)
    let columnByteCount = aligned(batchSize * MemoryLayout<Int32>.stride)
    memory = .allocate(byteCount: imageByteCount + 3 * columnByteCount, alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0)
    let base = memory.baseAddress!
    images = base.assumingMemoryBound(to: Float.self)
    labels = (base + imageByteCount).assumingMemoryBound(to: Int32.self)
    secondLabels = (base + imageByteCount + columnByteCount).assumingMemoryBound(to: Int32.self)
    labelShares = (base + imageByteCount + 2 * columnByteCount).assumingMemoryBound(to: Float.self)
  }

  deinit { memory.deallocate() }

  /// Where the parts of a batch are.
  public var destination: BatchDestination {
    BatchDestination(images: images, labels: labels, secondLabels: secondLabels, labelShares: labelShares)
  }

  /// Describes what has been loaded; valid until the next load and as long as the buffer lives.
  func batch(epoch: Int, index: Int, count: Int) -> Batch {
    Batch(
      epoch: epoch, index: index, count: count, images: images, labels: labels, secondLabels: secondLabels,
      labelShares: labelShares)
  }
}
