import BackendOneDNN
import CLabKernels
import Testing

@Suite struct BFloat16StorageTests {
  /// An image that one segment computes and another reads, after a sum over the batch.
  private struct Network {
    var sketch = ProgramSketch()
    let image: SlotID
    let result: SlotID

    init(isImage: Bool = true, readsBFloat16: Bool = false, readersAreWhole: Bool = false, isWrittenTwice: Bool = false)
    {
      let x = sketch.tensor()
      image = sketch.tensor(holdsImage: isImage)
      let (sum, result, other) = (sketch.tensor(samples: 1), sketch.tensor(), sketch.tensor())
      self.result = result
      sketch.batched("convolution", [x], [image])
      sketch.sum("statistics", [image], sum)
      if readersAreWhole {
        sketch.whole("reader", [image, sum], [result])
      } else {
        sketch.batched("reader", readsBFloat16 ? [sum] : [image, sum], [result], sources: readsBFloat16 ? [image] : [])
        sketch.batched("another", [image, sum], [other])
      }
      if isWrittenTwice { sketch.batched("writer", [result], [image]) }
    }

    /// The slots and each segment's kernels, where `→` narrows and `←` widens.
    func rewritten(kept: Set<SlotID> = []) -> (slots: [Slot], segments: [[String]]) {
      var (slots, segments) = (sketch.slots, Schedule.segments(of: sketch.kernels, sketch.slots))
      let known = Set(sketch.kernels.map(ObjectIdentifier.init))
      BFloat16Storage.apply(to: &segments, &slots, kept: kept, table: labKernels().pointee)
      return (
        slots,
        segments.map { segment in
          segment.kernels.map { kernel in
            if known.contains(ObjectIdentifier(kernel)) { return kernel.path }
            return kernel.reads.contains { $0.index >= sketch.slots.count } ? "←" : "→"
          }
        }
      )
    }
  }

  @Test func imagesAreNarrowedByTheirWritersSegmentAndWidenedOnceByOthers() {
    let network = Network()
    let (slots, segments) = network.rewritten()
    #expect(segments == [["convolution", "→", "statistics"], ["←", "reader", "another"]])
    #expect(slots[network.image.index].storage == .perSegment)
    #expect(slots.count == network.sketch.slots.count + 1)
    #expect(slots.last!.byteCount * 2 == slots[network.image.index].byteCount)
  }

  /// The second reader takes it in single precision, so that it is widened for that one.
  @Test func kernelsThatReadBFloat16NeedNoWidening() {
    let network = Network(readsBFloat16: true)
    let (slots, segments) = network.rewritten()
    #expect(segments == [["convolution", "→", "statistics"], ["reader", "←", "another"]])
    let reader = network.sketch.kernels.first { $0.path == "reader" }!
    #expect(reader.reads.contains(SlotID(index: slots.count - 1)) && !reader.reads.contains(network.image))
  }

  @Test(arguments: 0..<3)
  func otherTensorsStayInSinglePrecision(index: Int) {
    let network = [Network(isImage: false), Network(readersAreWhole: true), Network(isWrittenTwice: true)][index]
    let (slots, segments) = network.rewritten()
    #expect(slots.count == network.sketch.slots.count)
    #expect(!segments.joined().contains { $0 == "←" || $0 == "→" })
  }

  @Test func imagesThatAreReadAfterTheStepStayInSinglePrecision() {
    let network = Network()
    #expect(network.rewritten(kept: [network.image]).slots.count == network.sketch.slots.count)
  }

  @Test func imagesThatOneSegmentUsesStayInTheCache() {
    var sketch = ProgramSketch()
    let (x, image, y) = (sketch.tensor(), sketch.tensor(holdsImage: true), sketch.tensor())
    sketch.batched("first", [x], [image])
    sketch.batched("second", [image], [y])
    var (slots, segments) = (sketch.slots, Schedule.segments(of: sketch.kernels, sketch.slots))
    BFloat16Storage.apply(to: &segments, &slots, kept: [], table: labKernels().pointee)
    #expect(slots[image.index].storage == .unassigned && slots.count == 3)
  }
}
