import Foundation
import LabCore
import LabData
import Testing

@Suite struct CacheTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Sentences received from any thread.
  private final class Messages: @unchecked Sendable {
    private let lock = NSLock()
    private var texts: [String] = []
    func add(_ text: String) { lock.withLock { texts.append(text) } }
    func drain() -> [String] {
      lock.withLock {
        defer { texts = [] }
        return texts
      }
    }
  }

  private let messages = Messages()

  private func prepare(_ path: String? = nil, imageSize: Int? = nil) throws -> PreparedDataset {
    var configuration = DatasetConfiguration(name: "idx", path: try path ?? fixture("idx"))
    configuration.imageSize = imageSize
    return try PreparedDataset(configuration, environment: folder.environment, progress: messages.add)
  }

  private func files() throws -> [String] {
    let cache = folder.path + "/cache/datasets"
    return try FileManager.default.contentsOfDirectory(atPath: cache).filter { $0.hasSuffix(".labdata") }
      .map { cache + "/" + $0 }
  }

  @Test func decodesOnceAndSaysSo() throws {
    let first = try prepare()
    let texts = messages.drain()
    #expect(texts.first?.hasSuffix("12 training and 6 test images of 1×5×4") == true)
    #expect(texts.last?.hasPrefix("prepared idx in") == true)
    let second = try prepare()
    #expect(messages.drain().isEmpty)
    #expect(second.contentHash == first.contentHash)
    #expect(second.raw.pixels(at: 7, of: .train) == first.raw.pixels(at: 7, of: .train))
    #expect(try files().count == 1)
  }

  /// Every kind of damage: cut off, emptied, and one byte changed in the header, the images and the description.
  @Test(arguments: ["cut", "emptied", "version", "image", "description", "extended"])
  func damagedCacheIsDetectedAndRebuilt(damage: String) throws {
    let whole = try prepare()
    let path = try #require(try files().first)
    var data = try Data(contentsOf: URL(fileURLWithPath: path))
    switch damage {
    case "cut": data = data.prefix(data.count / 2)
    case "emptied": data = Data()
    case "version": data[8] ^= 1
    case "image": data[100] ^= 1
    case "description": data[data.count - 10] ^= 1
    default: data.append(0)
    }
    // Written as another file, since the mapping of the first must stay whole.
    try FileManager.default.removeItem(atPath: path)
    try data.write(to: URL(fileURLWithPath: path))
    _ = messages.drain()
    let rebuilt = try prepare()
    #expect(messages.drain().first == "the decoded copy of idx is damaged or of another version; decoding it again")
    #expect(rebuilt.contentHash == whole.contentHash)
    #expect(rebuilt.raw.pixels(at: 7, of: .train) == (0..<20).map { UInt8(140 + $0) })
    _ = try prepare()
    #expect(messages.drain().isEmpty)
  }

  @Test func changedSourceIsDecodedAgain() throws {
    let copy = try folder.copyOfIDXFixture()
    let before = try prepare(copy)
    let path = copy + "/train-labels-idx1-ubyte"
    var data = try Data(contentsOf: URL(fileURLWithPath: path))
    data[8] = 2
    try data.write(to: URL(fileURLWithPath: path))
    try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1e9)], ofItemAtPath: path)
    let after = try prepare(copy)
    #expect(before.train.labels[0] == 0)
    #expect(after.train.labels[0] == 2)
    #expect(before.contentHash != after.contentHash)
  }

  @Test func concurrentPreparationDecodesOnce() async throws {
    let path = try fixture("idx")
    let (environment, messages) = (folder.environment, messages)
    let hashes = try await withThrowingTaskGroup(of: ContentHash.self) { group in
      for _ in 0..<8 {
        group.addTask {
          try PreparedDataset(
            DatasetConfiguration(name: "idx", path: path), environment: environment, progress: messages.add
          ).contentHash
        }
      }
      return try await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(hashes.count == 1)
    #expect(messages.drain().filter { $0.hasPrefix("preparing") }.count == 1)
  }

  @Test func leftoversOfAKilledProcessAreRemoved() throws {
    _ = try prepare()
    let path = try #require(try files().first)
    let leftover = path + ".tmp-1-1"
    try Data("half".utf8).write(to: URL(fileURLWithPath: leftover))
    try FileManager.default.removeItem(atPath: path)
    _ = try prepare()
    #expect(!FileManager.default.fileExists(atPath: leftover))
  }

  @Test func unusableCacheFolderIsNamed() throws {
    let blocked = folder.path + "/file"
    try Data().write(to: URL(fileURLWithPath: blocked))
    let error = #expect(throws: DataError.self) {
      try PreparedDataset(
        DatasetConfiguration(name: "idx", path: fixture("idx")), environment: DataEnvironment(cacheFolder: blocked))
    }
    #expect(error?.description.contains("set LABRUN_CACHE to a folder that can be written") == true)
    #expect(error?.description.contains(blocked) == true)
  }

  @Test func convertedImagesAreKeptApart() throws {
    let native = try prepare()
    let enlarged = try prepare(imageSize: 8)
    #expect(native.imageShape.height == 5)
    #expect(enlarged.imageShape == ImageShape(channels: 1, height: 8, width: 8))
    #expect(try files().count == 2)
    #expect(try prepare(imageSize: 8).contentHash == enlarged.contentHash)
    #expect(enlarged.contentHash != native.contentHash)
  }
}
