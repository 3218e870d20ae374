import Dispatch
import Foundation

/// Prepares batches ahead of their use, in order, on a thread of its own.
///
/// Used by one thread at a time. It may start at any batch of any epoch, and gives exactly what the loader gives.
public final class Prefetcher: @unchecked Sendable {
  private let ring: Ring
  private let clock = ContinuousClock()
  /// How long the caller has waited for batches: near zero where loading keeps up with training.
  public private(set) var waited = Duration.zero

  /// Creates a prefetcher and begins to prepare.
  ///
  /// - Parameters:
  ///   - loader: where the batches come from.
  ///   - epoch: the epoch of the first batch.
  ///   - batch: the number of the first batch within that epoch.
  ///   - endEpoch: the epoch after the last one.
  ///   - depth: how many batches are held, of which the caller uses one; at least 2.
  public init(loader: BatchLoader, epoch: Int = 0, batch: Int = 0, endEpoch: Int, depth: Int = 3) {
    precondition(depth >= 2 && epoch >= 0 && (0...loader.plan.batchesPerEpoch).contains(batch), "no such batch")
    let ring = Ring(loader: loader, epoch: epoch, batch: batch, endEpoch: endEpoch, depth: depth)
    self.ring = ring
    // One item for all batches: an item for each would be allocated in the training loop, and an item that is submitted
    // while it runs can release its queue too often.
    DispatchQueue(label: "labrun.prefetch", qos: .userInitiated).async { ring.fill() }
  }

  deinit { ring.cancel() }

  /// Lends the next batch; its memory is used again once `body` has returned.
  ///
  /// - Returns: what `body` returns, or nil after the last batch or once cancelled.
  public func withNextBatch<R>(_ body: (Batch) throws -> R) rethrows -> R? {
    let start = clock.now
    let batch = ring.next()
    waited += clock.now - start
    guard let batch else { return nil }
    defer { ring.release() }
    return try body(batch)
  }

  /// Stops preparing; batches that are waiting are dropped.
  public func cancel() { ring.cancel() }
}

/// Buffers that one thread fills and another empties, in turn.
private final class Ring: @unchecked Sendable {
  private let loader: BatchLoader
  private let buffers: [BatchBuffer]
  private let endEpoch: Int

  // The filling side's.
  private var epoch: Int
  private var batch: Int

  // Both sides', guarded by the condition.
  private let condition = NSCondition()
  private var waiting: [Batch?]
  private var filled = 0
  private var emptied = 0
  private var hasEnded = false
  private var isCancelled = false

  init(loader: BatchLoader, epoch: Int, batch: Int, endEpoch: Int, depth: Int) {
    self.loader = loader
    self.endEpoch = endEpoch
    self.epoch = epoch
    self.batch = batch
    buffers = (0..<depth).map { _ in BatchBuffer(for: loader) }
    waiting = Array(repeating: nil, count: depth)
  }

  /// Fills buffers as they become free, until the last batch or until cancelled.
  func fill() {
    while let slot = freeSlot() {
      if batch == loader.plan.batchesPerEpoch {
        epoch += 1
        batch = 0
      }
      let prepared = epoch < endEpoch ? loader.load(epoch: epoch, batch: batch, into: buffers[slot]) : nil
      batch += 1
      condition.withLock {
        waiting[slot] = prepared
        filled += 1
        hasEnded = prepared == nil
        condition.broadcast()
      }
    }
  }

  /// The next buffer to fill, once it is free; nil where there is nothing left to fill.
  private func freeSlot() -> Int? {
    condition.withLock {
      while filled - emptied == buffers.count && !isCancelled { condition.wait() }
      return isCancelled || hasEnded ? nil : filled % buffers.count
    }
  }

  /// The next batch, once it is there; nil where there is none.
  func next() -> Batch? {
    condition.withLock {
      while filled == emptied && !isCancelled { condition.wait() }
      // After the last batch comes a buffer that was left empty, and stays.
      return isCancelled ? nil : waiting[emptied % buffers.count]
    }
  }

  /// Gives back the buffer of the batch that `next` returned.
  func release() {
    condition.withLock {
      waiting[emptied % buffers.count] = nil
      emptied += 1
      condition.broadcast()
    }
  }

  func cancel() {
    condition.withLock {
      isCancelled = true
      condition.broadcast()
    }
  }
}
