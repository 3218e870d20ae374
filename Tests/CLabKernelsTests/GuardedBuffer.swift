import LabCore

/// Numbers between margins that no kernel may touch, in memory that is not aligned to vectors unless asked for.
///
/// The memory lives as long as the process: kernels know it by its address only, and an optimised build would free it
/// after the last mention of the buffer, before the kernel that was given the address has run.
final class GuardedBuffer<Element: Numeric> {
  private static var mark: Element { Element(exactly: 12345)! }
  private let margin: Int
  private let storage: UnsafeMutablePointer<Element>
  let count: Int

  /// Creates a buffer of given numbers.
  init(_ values: [Element], isAligned: Bool = false) {
    count = values.count
    margin = isAligned ? 64 : 33
    let stride = MemoryLayout<Element>.stride
    storage = UnsafeMutableRawPointer.allocate(byteCount: (count + 2 * margin) * stride, alignment: 64)
      .bindMemory(to: Element.self, capacity: count + 2 * margin)
    storage.initialize(repeating: Self.mark, count: count + 2 * margin)
    for (index, value) in values.enumerated() { storage[margin + index] = value }
  }

  /// Creates a buffer whose previous contents must not matter.
  convenience init(overwritten count: Int) where Element: BinaryFloatingPoint {
    self.init([Element](repeating: .nan, count: count))
  }

  convenience init(zeros count: Int) { self.init([Element](repeating: 0, count: count)) }

  var pointer: UnsafeMutablePointer<Element> { storage + margin }

  var values: [Element] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

  var isWithinMargins: Bool {
    (0..<margin).allSatisfy { storage[$0] == Self.mark && storage[margin + count + $0] == Self.mark }
  }
}

/// Reproducible random numbers for tests.
struct TestRandom {
  private let stream: RandomStream
  private var index: UInt64 = 0

  init(_ name: String) { stream = RandomStream(seed: 7, name: name) }

  /// Numbers between −1 and 1 times a scale.
  mutating func floats(_ count: Int, scale: Float = 1) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(count + 3)
    while result.count < count {
      let words = stream.words(index)
      index += 1
      for word in [words.x, words.y, words.z, words.w] { result.append((Float(word >> 8) * 0x1p-23 - 1) * scale) }
    }
    return Array(result.prefix(count))
  }
}
