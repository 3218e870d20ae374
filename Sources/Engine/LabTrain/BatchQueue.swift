import Foundation

/// Hands out batches of a number of images in their order, to any thread.
final class BatchQueue: @unchecked Sendable {
  // The position is guarded by the lock.
  private let lock = NSLock()
  private var position = 0
  private let count: Int
  private let batchSize: Int

  init(count: Int, batchSize: Int) {
    self.count = count
    self.batchSize = batchSize
  }

  /// Gives no more batches.
  func end() { lock.withLock { position = count } }

  func next() -> Range<Int>? {
    lock.withLock {
      guard position < count else { return nil }
      let range = position..<min(count, position + batchSize)
      position = range.upperBound
      return range
    }
  }
}
