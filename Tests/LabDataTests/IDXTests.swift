import Foundation
import LabCore
import LabData
import Testing

@Suite struct IDXTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func prepare(_ path: String) throws -> PreparedDataset {
    try PreparedDataset(DatasetConfiguration(name: "idx", path: path), environment: folder.environment)
  }

  /// The error of preparing a copy of the fixture after a change.
  private func errorAfter(
    _ change: (_ folder: String) throws -> Void, _ location: SourceLocation = #_sourceLocation
  ) throws -> String {
    let copy = try folder.copyOfIDXFixture()
    try change(copy)
    let error = #expect(throws: DataError.self, sourceLocation: location) { try prepare(copy) }
    // The folder's own name would make the expected texts unreadable.
    return (error?.description ?? "").replacingOccurrences(of: copy + "/", with: "")
  }

  private func edit(_ path: String, _ change: (inout Data) -> Void) throws {
    var data = try Data(contentsOf: URL(fileURLWithPath: path))
    change(&data)
    try data.write(to: URL(fileURLWithPath: path))
  }

  @Test func readsPlainAndGzippedFiles() throws {
    let dataset = try prepare(fixture("idx"))
    #expect(dataset.imageShape == ImageShape(channels: 1, height: 5, width: 4))
    #expect(dataset.train.labels == (0..<12).map { Int32($0 % 3) })
    #expect(dataset.test.count == 6)
    #expect(dataset.classNames == ["0", "1", "2"])
    #expect(dataset.raw.pixels(at: 7, of: .train) == (0..<20).map { UInt8(140 + $0) })
    #expect(dataset.raw.pixels(at: 5, of: .test) == (0..<20).map { UInt8(100 + $0) })
  }

  @Test func takesClassNames() throws {
    var configuration = DatasetConfiguration(name: "idx", path: try fixture("idx"))
    configuration.options = ["class_names": ["a", "b", "c"]]
    #expect(try PreparedDataset(configuration, environment: folder.environment).classNames == ["a", "b", "c"])
    configuration.options = ["class_names": ["a", "b"]]
    #expect(throws: DataError.self) { try PreparedDataset(configuration, environment: folder.environment) }
  }

  @Test func fashionMNISTIsFoundInItsFolders() throws {
    var environment = folder.environment
    environment.dataFolder = folder.path + "/data"
    environment.systemFolders = [folder.path + "/system"]
    let configuration = DatasetConfiguration(name: "fashion-mnist")
    let error = #expect(throws: DataError.self) {
      try configuration.origin(in: environment)
    }
    #expect(error?.description.contains("apt install dataset-fashion-mnist") == true)
    for place in ["system", "data"] {
      let target = "\(folder.path)/\(place)/fashion-mnist"
      try FileManager.default.createDirectory(
        atPath: "\(folder.path)/\(place)", withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: fixture("idx"), toPath: target)
      #expect(try configuration.origin(in: environment) == target)
    }
    let prepared = try PreparedDataset(configuration, environment: environment)
    #expect(prepared.classNames[1] == "Trouser")
    #expect(prepared.classCount == 10)
  }

  @Test func relativePathsAreLookedUpInTheDataFolder() throws {
    var environment = folder.environment
    environment.dataFolder = (try fixture("idx") as NSString).deletingLastPathComponent
    let configuration = DatasetConfiguration(name: "idx", path: "idx")
    #expect(try configuration.origin(in: environment) == fixture("idx"))
  }

  @Test func missingPathsAreNamed() {
    let error = #expect(throws: DataError.self) { try prepare(folder.path + "/nowhere") }
    #expect(error?.description.contains("/nowhere: set \"path\" to the folder") == true)
    #expect(throws: DataError.self) {
      try PreparedDataset(DatasetConfiguration(name: "idx"), environment: folder.environment)
    }
  }

  @Test func truncatedPlainFileIsNamed() throws {
    let text = try errorAfter { try edit($0 + "/train-labels-idx1-ubyte") { $0.removeLast(2) } }
    #expect(
      text == "train-labels-idx1-ubyte ends after 10 bytes; expected 12 bytes after the header, as its extents [12] say"
    )
  }

  @Test func truncatedGzipFileIsNamed() throws {
    let text = try errorAfter { try edit($0 + "/train-images-idx3-ubyte.gz") { $0.removeLast(20) } }
    #expect(
      text
        == "train-images-idx3-ubyte.gz ends within its compressed data; expected a complete gzip file; fetch it again")
  }

  @Test func damagedGzipFileIsNamed() throws {
    let text = try errorAfter {
      try edit($0 + "/train-images-idx3-ubyte.gz") { $0[$0.count - 7] ^= 0xff }
    }
    #expect(text.hasPrefix("train-images-idx3-ubyte.gz has damaged compressed data"))
  }

  @Test func surplusBytesAreNamed() throws {
    let text = try errorAfter { try edit($0 + "/t10k-labels-idx1-ubyte") { $0.append(0) } }
    #expect(text.hasPrefix("t10k-labels-idx1-ubyte goes on after its last element"))
  }

  @Test func wrongMagicNumberIsNamed() throws {
    let text = try errorAfter { try edit($0 + "/t10k-labels-idx1-ubyte") { $0[2] = 0x0d } }
    #expect(text.hasPrefix("t10k-labels-idx1-ubyte begins with 0x00000d01; expected an IDX file of unsigned bytes"))
  }

  @Test func headerThatEndsEarlyIsNamed() throws {
    let text = try errorAfter { try edit($0 + "/t10k-labels-idx1-ubyte") { $0 = $0.prefix(6) } }
    #expect(text.hasPrefix("t10k-labels-idx1-ubyte ends within its header"))
  }

  @Test func differentNumbersOfLabelsAndImagesAreNamed() throws {
    let text = try errorAfter {
      try edit($0 + "/train-labels-idx1-ubyte") {
        $0[7] = 11
        $0.removeLast()
      }
    }
    #expect(
      text == "train-labels-idx1-ubyte has 11 labels; expected 12, one for each image of train-images-idx3-ubyte.gz")
  }

  @Test func absurdExtentsAreNamed() throws {
    let text = try errorAfter {
      try edit($0 + "/train-labels-idx1-ubyte") { $0.replaceSubrange(4..<8, with: [0, 0, 0, 0]) }
    }
    #expect(text.contains("declares the extents [0]"))
  }
}
