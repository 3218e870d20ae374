import BackendOneDNN
import Testing

@Suite struct ScheduleTests {
  @Test func batchedKernelsThatFollowEachOtherShareASegment() {
    var sketch = ProgramSketch()
    let tensors = (0..<4).map { _ in sketch.tensor() }
    for index in 0..<3 { sketch.batched("\(index)", [tensors[index]], [tensors[index + 1]]) }
    #expect(sketch.segments == [["0", "1", "2"]])
  }

  @Test func sumsOverTheBatchEndASegment() {
    var sketch = ProgramSketch()
    let (x, y, z, sum) = (sketch.tensor(), sketch.tensor(), sketch.tensor(), sketch.tensor(samples: 1))
    sketch.batched("convolution", [x], [y])
    sketch.sum("statistics", [y], sum)
    sketch.batched("normalize", [y, sum], [z])
    #expect(sketch.segments == [["convolution", "statistics"], ["normalize"]])
  }

  @Test func wholeKernelsStandAloneAndWaitForAllSamples() {
    var sketch = ProgramSketch()
    let (x, y, z, w) = (sketch.tensor(), sketch.tensor(), sketch.tensor(), sketch.tensor())
    sketch.batched("before", [x], [y])
    sketch.whole("product", [y], [z])
    sketch.batched("after", [z], [w])
    #expect(sketch.segments == [["before"], ["product"], ["after"]])
  }

  /// They release others, and nobody gains by their waiting.
  @Test func wholeKernelsComeAsEarlyAsTheyCan() {
    var sketch = ProgramSketch()
    let (x, y, weights, rounded) = (
      sketch.tensor(), sketch.tensor(), sketch.tensor(samples: 1), sketch.tensor(samples: 1)
    )
    sketch.batched("unrelated", [x], [y])
    sketch.whole("rounding", [weights], [rounded])
    #expect(sketch.segments == [["rounding"], ["unrelated"]])
  }

  @Test func batchesOfOtherSizesAreOtherSegments() {
    var sketch = ProgramSketch()
    let (x, y, pairs, z) = (sketch.tensor(), sketch.tensor(), sketch.tensor(samples: 16), sketch.tensor(samples: 16))
    sketch.batched("eight", [x], [y])
    sketch.batched("sixteen", [pairs], [z], samples: 16)
    #expect(sketch.segments == [["eight"], ["sixteen"]])
  }

  @Test func updatesWaitForEveryReaderOfWhatTheyWrite() throws {
    var sketch = ProgramSketch()
    let memory = try AlignedMemory(byteCount: 64)
    let variable = sketch.external(memory, samples: 1)
    let (x, y, z) = (sketch.tensor(), sketch.tensor(), sketch.tensor())
    sketch.batched("first reader", [x, variable], [y])
    sketch.batched("second reader", [y, variable], [z])
    sketch.whole("update", [], [variable])
    #expect(sketch.segments == [["first reader", "second reader"], ["update"]])
  }

  /// The normalized image is written once, where the backward pass needs it, and not kept in between.
  @Test func resultsThatAreNeededLaterAreComputedThereIfTheirOperandsLiveThatLong() {
    var sketch = ProgramSketch()
    let (x, y, used, sum, late) = (
      sketch.tensor(), sketch.tensor(), sketch.tensor(), sketch.tensor(samples: 1), sketch.tensor()
    )
    sketch.batched("cheap", [x], [y])
    sketch.sum("sum", [x], sum)
    sketch.batched("gradient", [x, y, sum], [late])
    sketch.batched("other", [late], [used])
    #expect(sketch.segments == [["sum"], ["cheap", "gradient", "other"]])
  }

  @Test func resultsStayWhereTheirOperandsWouldHaveToBeKept() {
    var sketch = ProgramSketch()
    let (x, y, sum, late) = (sketch.tensor(), sketch.tensor(), sketch.tensor(samples: 1), sketch.tensor())
    sketch.batched("only reader", [x], [y])
    sketch.sum("sum", [y], sum)
    sketch.batched("gradient", [y, sum], [late])
    #expect(sketch.segments == [["only reader", "sum"], ["gradient"]])
  }

  @Test func everyWorkerButTheFirstMayBeWithoutSamples() {
    var segment = Segment(kernels: [], samples: 3)
    segment.chunkSize = 2
    for workers in 1...5 {
      let shares = segment.shares(of: 3, among: workers)
      #expect(shares.count == workers && shares.flatMap { Array($0) } == [0, 1, 2])
      #expect(!shares[0].isEmpty)
    }
    #expect(segment.chunks(of: 0..<3) == [0..<2, 2..<3])
    #expect(segment.chunkSizes(workers: 1) == [1, 2])
  }
}
