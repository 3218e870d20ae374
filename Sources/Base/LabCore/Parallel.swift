import Foundation

/// Work that is done on all cores at the same time.
public enum Parallel {
  /// The result, or the error, of each element in their order.
  ///
  /// - Parameters:
  ///   - elements: what to work on.
  ///   - chunkSize: how many elements one thread takes at once; many where each is little work.
  ///   - done: is told, from any thread, how many more are done.
  ///   - transform: called from several threads at the same time.
  public static func results<Element: Sendable, Output: Sendable>(
    of elements: [Element], chunkSize: Int = 1, done: @Sendable (_ count: Int) -> Void = { _ in },
    _ transform: @Sendable (Element) throws -> Output
  ) -> [Result<Output, any Error>] {
    let collected = Collected<Result<Output, any Error>>()
    forEachChunk(of: elements.count, size: chunkSize) { range in
      collected.add(elements[range].map { element in Result { try transform(element) } }, at: range.lowerBound)
      done(range.count)
    }
    return collected.inOrder
  }

  /// Calls `body` with consecutive ranges that make up `0..<count`, on several threads at the same time.
  ///
  /// - Parameters:
  ///   - count: how many indices there are.
  ///   - size: the length of each range but the last, which may be shorter.
  ///   - body: what is done with a range.
  public static func forEachChunk(of count: Int, size: Int, _ body: @Sendable (Range<Int>) -> Void) {
    guard count > 0 else { return }
    DispatchQueue.concurrentPerform(iterations: (count + size - 1) / size) { index in
      body(index * size..<min(count, (index + 1) * size))
    }
  }

  /// Values that come from any thread.
  private final class Collected<Value>: @unchecked Sendable {
    // Every access is within the lock.
    private let lock = NSLock()
    private var parts: [(start: Int, values: [Value])] = []

    func add(_ values: [Value], at start: Int) { lock.withLock { parts.append((start, values)) } }

    var inOrder: [Value] { lock.withLock { parts.sorted { $0.start < $1.start }.flatMap(\.values) } }
  }
}
