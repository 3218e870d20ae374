import Foundation
import LabCore
import LabStore
import Testing

@Suite struct SafetensorsTests {
  private let folder = TestFolder()
  private let tensors = [
    NamedTensor("a.weight", [2, 3], [0, 1, -2, 3.5, .infinity, .leastNonzeroMagnitude] as [Float]),
    NamedTensor("b.count", Shape([]), [Int64.max]),
    NamedTensor("c.\"quoted\"", [0], [Float]()),
    NamedTensor("d", [2], .uint8([7, 255])),
  ]

  private func write(_ data: Data) throws -> String {
    let path = folder.path("file.safetensors")
    try data.write(to: URL(fileURLWithPath: path))
    return path
  }

  /// A file of a header's text and so many bytes of elements.
  private func file(header: String, bytes: Int, length: UInt64? = nil) -> Data {
    let text = Data(header.utf8)
    return withUnsafeBytes(of: (length ?? UInt64(text.count)).littleEndian) { Data($0) } + text
      + Data(repeating: 0, count: bytes)
  }

  @Test func tensorsComeBack() throws {
    let path = folder.path("tensors.safetensors")
    try SafetensorsFile.write(tensors, to: path, metadata: ["format": "pt"])
    #expect(try SafetensorsFile.read(path) == tensors)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let length = bytes.prefix(8).withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
    #expect(length % 8 == 0, "elements are aligned")
    #expect(String(decoding: bytes[8..<8 + Int(length)], as: UTF8.self).contains(#""__metadata__":{"format":"pt"}"#))
  }

  @Test func doublePrecisionIsRounded() throws {
    let path = folder.path("double.safetensors")
    try SafetensorsFile.write([NamedTensor("x", [1], .float64([0.1]))], to: path)
    #expect(try SafetensorsFile.read(path) == [NamedTensor("x", [1], [0.1 as Float])])
  }

  @Test func reservedAndRepeatedNamesAreRefused() {
    let path = folder.path("refused.safetensors")
    for name in ["__metadata__", "twice"] {
      let tensor = NamedTensor(name, [1], [0 as Float])
      #expect(throws: StoreError.self) { try SafetensorsFile.write([tensor, tensor], to: path) }
    }
  }

  @Test(arguments: [
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 7, "cannot lie"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4, "cannot lie"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#, 8, "cannot lie"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8, "cannot lie"),
    (#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, 8, "absurd shape"),
    (#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#, 0, "absurd shape"),
    (#"{"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}}"#, 0, "absurd shape"),
    (#"{"a":{"dtype":"F32","shape":[0,4611686018427387904,4],"data_offsets":[0,0]}}"#, 8, "absurd shape"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#, 8, "lacks a type"),
    (#"{"a":{"dtype":"F32","data_offsets":[0,4]}}"#, 4, "lacks a type"),
    (#"{"a":{"dtype":"Q7","shape":[1],"data_offsets":[0,4]}}"#, 4, "type Q7, expected one of"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "leave a hole at byte 0"),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}"#,
      8, "overlap"
    ),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 8, "4 bytes belong to no tensor"),
    (#"[1, 2]"#, 0, "not a JSON object"), (#"{"a":"#, 0, "not a JSON object"), ("", 0, "not a JSON object"),
  ])
  func hostileHeadersAreRefused(header: String, bytes: Int, problem: String) throws {
    let path = try write(file(header: header, bytes: bytes))
    let error = #expect(throws: StoreError.self) { _ = try SafetensorsFile.read(path) }
    #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
    #expect(error?.description.contains(path) == true)
  }

  @Test(arguments: [0, 7, 8, 1000, UInt64(Int64.max), UInt64.max, UInt64.max - 7])
  func headersThatClaimAnotherLengthAreRefused(length: UInt64) throws {
    let path = try write(file(header: #"{"__metadata__":{}}"#, bytes: 0, length: length))
    #expect(throws: StoreError.self) { _ = try SafetensorsFile.read(path) }
  }

  @Test func everyTornFileIsRefused() throws {
    let path = folder.path("whole.safetensors")
    try SafetensorsFile.write(tensors, to: path)
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    for length in 0..<whole.count {
      let torn = try write(whole.prefix(length))
      #expect(throws: StoreError.self) { _ = try SafetensorsFile.read(torn) }
    }
  }

  @Test func arbitraryBytesAreRefusedOrReadButNeverFollowedOutOfBounds() throws {
    let path = folder.path("whole.safetensors")
    try SafetensorsFile.write(tensors, to: path)
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    let stream = RandomStream(seed: 0, name: "safetensors")
    for trial in 0..<500 {
      var bytes = whole
      for change in 0..<3 {
        let position = stream.integer(below: bytes.count, UInt64(trial), UInt64(change * 2))
        bytes[position] = UInt8(stream.integer(below: 256, UInt64(trial), UInt64(change * 2 + 1)))
      }
      let changed = try write(bytes)
      do {
        let read = try SafetensorsFile.read(changed)
        #expect(read.allSatisfy { $0.values.count == $0.shape.elementCount })
      } catch is StoreError {
        continue
      }
    }
  }
}
