import Foundation

/// Applies a function to many elements on all cores.
enum ParallelMap {
  /// The result, or the error, of each element in their order.
  ///
  /// - Parameters:
  ///   - elements: what to work on.
  ///   - progress: is told how many are done.
  ///   - transform: called from several threads at the same time.
  static func results<Element: Sendable, Result: Sendable>(
    of elements: [Element], progress: DecodingProgress? = nil,
    _ transform: @Sendable (Element) throws -> Result
  ) -> [Swift.Result<Result, any Error>] {
    let chunk = 16
    let box = Box<[Swift.Result<Result, any Error>]>(count: (elements.count + chunk - 1) / chunk)
    DispatchQueue.concurrentPerform(iterations: box.count) { index in
      let range = index * chunk..<min(elements.count, (index + 1) * chunk)
      box.store(elements[range].map { element in Swift.Result { try transform(element) } }, at: index)
      progress?.add(range.count)
    }
    return box.values.flatMap(\.self)
  }

  /// A result for each chunk, stored from any thread.
  private final class Box<Value>: @unchecked Sendable {
    // Every access is within the lock.
    private let lock = NSLock()
    private var stored: [Value?]
    let count: Int

    init(count: Int) {
      self.count = count
      stored = Array(repeating: nil, count: count)
    }

    func store(_ value: Value, at index: Int) { lock.withLock { stored[index] = value } }

    var values: [Value] { lock.withLock { stored.compactMap(\.self) } }
  }
}
