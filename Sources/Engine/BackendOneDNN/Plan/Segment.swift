/// Kernels that go through the batch together, chunk by chunk; or one whole kernel.
package struct Segment {
  /// In the order of execution.
  package var kernels: [Kernel]
  /// The number of samples, or nil for a whole kernel.
  package var samples: Int?
  /// The number of samples a chunk.
  package var chunkSize = 1
  /// Where in each worker's scratch the tensors lie whose places differ from segment to segment.
  package var places: [(slot: SlotID, offset: Int)] = []

  package init(kernels: [Kernel], samples: Int? = nil) {
    self.kernels = kernels
    self.samples = samples
  }

  /// The sizes of the chunks that workers meet.
  package func chunkSizes(workers: Int) -> [Int] {
    guard let samples else { return [1] }
    return Set(shares(of: samples, among: workers).flatMap { chunks(of: $0).map(\.count) }).sorted()
  }

  /// Each worker's samples.
  package func shares(of samples: Int, among workers: Int) -> [Range<Int>] {
    // Rounded up, so that the first worker, in whose memory sums begin, always has a share.
    let bounds = (0...workers).map { (samples * $0 + workers - 1) / workers }
    return zip(bounds, bounds.dropFirst()).map { $0..<$1 }
  }

  /// A worker's samples in chunks.
  package func chunks(of share: Range<Int>) -> [Range<Int>] {
    stride(from: share.lowerBound, to: share.upperBound, by: chunkSize).map {
      $0..<min($0 + chunkSize, share.upperBound)
    }
  }
}
