import Dispatch
import Foundation

/// Prepares batches ahead of their use, in order, on a queue of its own.
///
/// Used by one thread at a time. It may start at any batch of any epoch, and gives exactly what the loader gives.
public final class Prefetcher: @unchecked Sendable {
  private let ring: Ring
  private let refill: DispatchWorkItem
  private let queue = DispatchQueue(label: "labrun.prefetch", qos: .userInitiated)
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
    // One item, submitted again for each batch, so that nothing is allocated in the training loop.
    refill = DispatchWorkItem { ring.prepareNext() }
    for _ in 0..<depth { queue.async(execute: refill) }
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
    defer {
      ring.release()
      queue.async(execute: refill)
    }
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

  // The filling side; used on the prefetcher's serial queue only.
  private var epoch: Int
  private var batch: Int
  private var filled = 0

  // Both sides, guarded by the condition.
  private let condition = NSCondition()
  private var waiting: [Batch?]
  private var hasEnded = false
  private var isCancelled = false

  // The emptying side; used by the caller's thread only.
  private var emptied = 0

  init(loader: BatchLoader, epoch: Int, batch: Int, endEpoch: Int, depth: Int) {
    self.loader = loader
    self.endEpoch = endEpoch
    self.epoch = epoch
    self.batch = batch
    buffers = (0..<depth).map { _ in BatchBuffer(for: loader) }
    waiting = Array(repeating: nil, count: depth)
  }

  /// Fills the next buffer, which is free: it is called once for each buffer and once for each that was released.
  func prepareNext() {
    if batch == loader.plan.batchesPerEpoch {
      epoch += 1
      batch = 0
    }
    guard !condition.withLock({ isCancelled }) else { return }
    guard epoch < endEpoch else {
      condition.withLock {
        hasEnded = true
        condition.signal()
      }
      return
    }
    let slot = filled % buffers.count
    let prepared = loader.load(epoch: epoch, batch: batch, into: buffers[slot])
    batch += 1
    filled += 1
    condition.withLock {
      waiting[slot] = prepared
      condition.signal()
    }
  }

  /// The next batch, once it is there; nil where there is none.
  func next() -> Batch? {
    condition.withLock {
      let slot = emptied % buffers.count
      // Buffers are filled in order, so an empty one after the end stays empty.
      while waiting[slot] == nil && !hasEnded && !isCancelled { condition.wait() }
      return isCancelled ? nil : waiting[slot]
    }
  }

  /// Gives back the buffer of the batch that `next` returned.
  func release() {
    condition.withLock { waiting[emptied % buffers.count] = nil }
    emptied += 1
  }

  func cancel() {
    condition.withLock {
      isCancelled = true
      condition.broadcast()
    }
  }
}
