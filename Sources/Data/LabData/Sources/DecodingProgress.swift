import Foundation

/// Turns the number of decoded images into a sentence now and then; may be told from any thread.
public final class DecodingProgress: @unchecked Sendable {
  // The lock guards the variables; the closure is called within it, so that sentences come in order.
  private let lock = NSLock()
  private var done = 0
  private var tally = ImageTraitTally()
  private var lastReport: ContinuousClock.Instant
  private let what: String
  private let total: Int
  private let interval: Duration
  private let report: DataProgress

  /// Begins to count.
  ///
  /// - Parameters:
  ///   - what: what is being decoded, as the sentence's subject.
  ///   - total: how many there are.
  ///   - interval: the least time between two sentences.
  ///   - report: receives the sentences.
  public init(_ what: String, total: Int, interval: Duration = .seconds(5), report: @escaping DataProgress) {
    self.what = what
    self.total = total
    self.interval = interval
    self.report = report
    lastReport = .now
  }

  /// Reports a sentence of its own.
  public func note(_ sentence: String) { lock.withLock { report(sentence) } }

  /// Notes what an image's file says beside its pixels.
  package func note(_ traits: ImageTraits, of name: String) {
    if !traits.isEmpty { lock.withLock { tally.add(traits, of: name) } }
  }

  /// How many images had which traits so far.
  package var traits: ImageTraitTally { lock.withLock { tally } }

  /// Adds some that are done.
  public func add(_ count: Int) {
    lock.withLock {
      done += count
      guard done < total, .now - lastReport >= interval else { return }
      lastReport = .now
      report("\(what): \(done * 100 / total) % of \(total)")
    }
  }
}
