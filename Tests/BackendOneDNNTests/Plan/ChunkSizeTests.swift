import BackendOneDNN
import Testing

@Suite struct ChunkSizeTests {
  private static let kibibyte = 1024

  @Test func aChunkLeavesRoomForItsNeighborsInTheCache() {
    #expect(ChunkSize.samples(bytesPerSample: 64 * Self.kibibyte, weightBytes: 0, of: 64) == 4)
    #expect(ChunkSize.samples(bytesPerSample: 128 * Self.kibibyte, weightBytes: 0, of: 64) == 2)
  }

  @Test func aChunkHasOneSampleAtLeastAndAllAtMost() {
    #expect(ChunkSize.samples(bytesPerSample: 9 << 20, weightBytes: 0, of: 64) == 1)
    #expect(ChunkSize.samples(bytesPerSample: 16, weightBytes: 0, of: 64) == 64)
    #expect(ChunkSize.samples(bytesPerSample: 0, weightBytes: 0, of: 5) == 5)
  }

  /// Each chunk reads the weights again.
  @Test func largeWeightsAskForLargeChunksUpToALimit() {
    let bytes = 64 * Self.kibibyte
    #expect(ChunkSize.samples(bytesPerSample: bytes, weightBytes: 4 << 20, of: 64) == 16)
    #expect(ChunkSize.samples(bytesPerSample: bytes, weightBytes: 64 << 20, of: 64) == 32)
  }

  /// A share of 50 samples in chunks of at most 16 is cut into four of 13, 13, 13 and 11.
  @Test func aSegmentsChunksAreAboutEqual() {
    var sketch = ProgramSketch()
    let (x, y, small) = (
      sketch.tensor(samples: 50, floats: 4096), sketch.tensor(samples: 50, floats: 1),
      sketch.tensor(samples: 1, floats: 8)
    )
    sketch.batched("kernel", [x, small], [y], samples: 50)
    let segment = Schedule.segments(of: sketch.kernels, sketch.slots)[0]
    #expect(ChunkSize.samples(of: segment, sketch.slots, samples: 50, workers: 1) == 13)
    // Of 17 samples each, 9 and 8.
    #expect(ChunkSize.samples(of: segment, sketch.slots, samples: 50, workers: 3) == 9)
  }
}
