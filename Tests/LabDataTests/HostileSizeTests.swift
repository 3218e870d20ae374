import CZlib
import Foundation
import LabCore
import LabData
import Testing

/// Files that claim, or are, more than any memory holds.
@Suite(.timeLimit(.minutes(10))) struct HostileSizeTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A file of 40 GB that takes no room on the disk.
  private func sparse(_ name: String, _ head: Data) throws -> String {
    let path = folder.path + "/" + name
    try head.write(to: URL(fileURLWithPath: path))
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try handle.truncate(atOffset: 40_000_000_000)
    try handle.close()
    return path
  }

  @Test func hugeImagesAndTablesAreNotRead() throws {
    for head in ["", "P6 4 4 255\n", "BM", "\u{89}PNG"] {
      let path = try sparse("huge.png", Data(head.utf8))
      let error = #expect(throws: DataError.self) { _ = try ImageDecoder.decode(path: path) }
      #expect(error?.description == "\(path) is larger than such a file can be; expected at most 1024 MiB")
    }
    let path = try sparse("huge.csv", Data("path,label\n".utf8))
    #expect(throws: DataError.self) { _ = try CSVFile(path: path) }
  }

  @Test(arguments: ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte"])
  func extentsAreComparedWithTheFile(name: String) throws {
    let copy = try folder.copyOfIDXFixture()
    let path = FileManager.default.fileExists(atPath: "\(copy)/\(name)") ? "\(copy)/\(name)" : "\(copy)/\(name).gz"
    // Some terabytes, less than the format's own limit.
    let rank = name.contains("idx3") ? 3 : 1
    var bytes: [UInt8] = [0, 0, 8, UInt8(rank)]
    bytes += rank == 3 ? [0, 16, 0, 0, 0, 0, 2, 0, 0, 0, 1, 0] : [255, 255, 255, 255]
    if path.hasSuffix(".gz") {
      let file = gzopen(path, "wb")
      gzwrite(file, bytes, UInt32(bytes.count))
      gzclose(file)
    } else {
      try Data(bytes).write(to: URL(fileURLWithPath: path))
    }
    let error = #expect(throws: DataError.self) {
      _ = try PreparedDataset(DatasetConfiguration(name: "idx", path: copy), environment: folder.environment)
    }
    #expect(error?.description.contains("bytes at most; expected") == true, "\(String(describing: error))")
  }

  @Test func imagesCannotClaimMoreThanTheirBytesHold() throws {
    // The header of a PNG of 10,000 × 10,000 pixels, and nothing else.
    let header: [UInt8] = [
      0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0x27, 0x10, 0, 0, 0x27,
      0x10, 8, 2, 0, 0, 0,
    ]
    let crc = UInt32(truncatingIfNeeded: crc32_z(0, Array(header[12...]), header.count - 12))
    let image = Data(header + withUnsafeBytes(of: crc.bigEndian) { Array($0) } + [0, 0, 0, 0, 0x49, 0x44, 0x41, 0x54])
    let error = #expect(throws: ImageProblem.self) { _ = try ImageDecoder.decode(image) }
    #expect(error?.actual == "declares 10000×10000 pixels in 41 bytes")
  }
}
