import Foundation
import LabCore
import LabStore
import Testing

/// Weights files whose claims do not fit their size: an error in bounded time and memory, never a crash.
@Suite(.timeLimit(.minutes(10))) struct HostileWeightsTests {
  private let folder = TestFolder()

  private func problem(_ data: Data, _ name: String = "weights") throws -> String {
    let path = folder.path(name)
    try data.write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: StoreError.self) { _ = try WeightsFile.read(path) }
    return error?.description ?? ""
  }

  private func checkpoint(_ shape: [Int], _ strides: [Int], offset: Int = 0, claimed: Int = 4) -> HostileCheckpoint {
    HostileCheckpoint(
      tensors: [.init(claimed: claimed, offset: offset, shape: shape, strides: strides)],
      storages: [("0", Data(count: 16))])
  }

  @Test func aSoundCheckpointOfTheSameHandIsRead() throws {
    let path = folder.path("sound.pt")
    try checkpoint([2, 2], [1, 2]).data.write(to: URL(fileURLWithPath: path))
    #expect(try WeightsFile.read(path) == [NamedTensor("weight", [2, 2], [0, 0, 0, 0] as [Float])])
  }

  @Test(arguments: [
    ([0, 1 << 62, 4], [1, 1, 1], "absurd shape"), ([1 << 62, 4, 0], [1, 1, 1], "absurd shape"),
    ([1 << 62, 4], [0, 0], "absurd shape"), ([4, 1 << 62], [1, 1], "absurd shape"),
    ([0, .max], [1, 1], "absurd shape"), ([1 << 40], [0], "reaches beyond"),
    ([2, 2], [Int.max, 1], "absurd strides"), ([3, 2], [Int.max, 1], "absurd strides"),
    ([5], [1], "reaches beyond"), ([2, 2], [3, 1], "reaches beyond"), ([2], [1, 1], "claims"),
    (Array(repeating: 1, count: 65), Array(repeating: 1, count: 65), "at most 64 numbers"),
  ])
  func extentsOfCheckpointsAreBounded(shape: [Int], strides: [Int], expected: String) throws {
    let text = try problem(checkpoint(shape, strides).data)
    #expect(text.contains(expected), "\(text)")
  }

  @Test(arguments: [(5, 4), (Int.max, 4), (0, 5), (0, Int.max)])
  func offsetsAndStoragesOfCheckpointsAreBounded(offset: Int, claimed: Int) throws {
    let text = try problem(checkpoint([2], [1], offset: offset, claimed: claimed).data)
    #expect(text.contains("claims") || text.contains("reaches beyond") || text.contains("absurd"), "\(text)")
  }

  @Test func filesOfAnArchiveCannotShareTheirBytes() throws {
    var checkpoint = HostileCheckpoint(
      tensors: (0..<3).map { .init(name: "t\($0)", storage: "\($0)", claimed: 4, shape: [4], strides: [1]) },
      storages: (0..<3).map { ("\($0)", Data(count: 16)) })
    let sound = folder.path("sound.pt")
    try checkpoint.data.write(to: URL(fileURLWithPath: sound))
    #expect(try WeightsFile.read(sound).count == 3)
    checkpoint.offsets["archive/data/2"] = 0
    #expect(try problem(checkpoint.data).contains("overlaps another file"))
  }

  @Test func tensorsCannotMultiplyTheirElementsWithoutBound() throws {
    // A megabyte of elements, shown by 1,000 tensors, would be a gigabyte.
    let count = 1 << 18
    let checkpoint = HostileCheckpoint(
      tensors: (0..<1000).map { .init(name: "t\($0)", claimed: count, shape: [count], strides: [1]) },
      storages: [("0", Data(count: 4 * count))])
    #expect(try problem(checkpoint.data).contains("reaches beyond"))
  }

  @Test func headersWhoseLengthReadsAsAnotherFormatAreRead() throws {
    // The first byte of a pickle, and the first four of a ZIP archive, as a header's length.
    for length in [0x80, 0x180, 0x1f80, 0x403_4b50] {
      let header = #"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
      var data = withUnsafeBytes(of: UInt64(length).littleEndian) { Data($0) }
      data += Data(header.utf8) + Data(repeating: 0x20, count: length - header.utf8.count) + Data(count: 4)
      let path = folder.path("length-\(length)")
      try data.write(to: URL(fileURLWithPath: path))
      #expect(try WeightsFile.read(path) == [NamedTensor("w", [1], [0] as [Float])])
    }
    #expect(try problem(Data([0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9])).contains("it is a pickle"))
  }

  @Test func headersOfManyTensorsAreReadInLinearTime() throws {
    var header = "{"
    let count = 300_000
    for index in 0..<count {
      header +=
        #"\#(index == 0 ? "" : ",")"t\#(index)":{"dtype":"U8","shape":[1],"data_offsets":[\#(index),\#(index + 1)]}"#
    }
    header += "}"
    var data = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
    data += Data(header.utf8) + Data(count: count)
    let path = folder.path("many.safetensors")
    try data.write(to: URL(fileURLWithPath: path))
    #expect(try WeightsFile.read(path).count == count)
  }

  @Test func filesLargerThanTheyCanBeAreNotReadWhole() throws {
    // Sparse files of 40 GB: what they begin with tells that they are nothing that could be used.
    func sparse(_ head: Data) throws -> String {
      let path = folder.path("sparse")
      try head.write(to: URL(fileURLWithPath: path))
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
      try handle.truncate(atOffset: 40_000_000_000)
      try handle.close()
      let error = #expect(throws: StoreError.self) { _ = try WeightsFile.read(path) }
      return error?.description ?? ""
    }
    #expect(try sparse(Data()).contains("it is no file of weights"))
    #expect(try sparse(Data("PK\u{3}\u{4}".utf8)).contains("directory is missing"))
    #expect(try sparse(Data([0x80, 2])).contains("it is a pickle"))
    #expect(try sparse(Data("labrun-file-1\nlength 4096\n".utf8)).contains("not what was written"))
  }
}
