/// How many samples go through a segment's kernels together.
package enum ChunkSize {
  /// Bytes of one tensor of a chunk that still leave room for its neighbours in a core's second-level cache.
  private static let cachedTensorBytes = 256 * 1024
  /// Bytes of one tensor of a chunk at most.
  private static let mostTensorBytes = 2 * 1024 * 1024

  /// Samples of a chunk whose largest tensor has so many bytes a sample.
  ///
  /// Every chunk reads the segment's weights again, so that large weights ask for large chunks.
  package static func samples(bytesPerSample: Int, weightBytes: Int, of samples: Int) -> Int {
    let bytes = min(max(cachedTensorBytes, weightBytes / 4), mostTensorBytes)
    return min(max(bytes / max(bytesPerSample, 1), 1), samples)
  }

  /// The samples of a segment's chunks for each worker's share.
  package static func samples(of segment: Segment, _ slots: [Slot], samples: Int, workers: Int) -> Int {
    var bytesPerSample = 1
    var weightBytes = 0
    for slot in segment.kernels.flatMap({ $0.reads + $0.writes }).map({ slots[$0.index] }) {
      if slot.samples == samples, samples > 1 {
        bytesPerSample = max(bytesPerSample, slot.bytesPerSample)
      } else {
        weightBytes = max(weightBytes, slot.byteCount)
      }
    }
    let share = (samples + workers - 1) / workers
    let wanted = ChunkSize.samples(bytesPerSample: bytesPerSample, weightBytes: weightBytes, of: share)
    // Equal chunks need one primitive a layer instead of two.
    return (share + (share + wanted - 1) / wanted - 1) / ((share + wanted - 1) / wanted)
  }
}
