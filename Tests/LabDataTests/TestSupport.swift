import Foundation
import LabCore
import LabData
import Testing

/// A folder that is removed with the object.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/labdata-tests-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// An environment that knows no data and caches here.
  var environment: DataEnvironment { DataEnvironment(cacheFolder: path + "/cache") }

  /// Copies the fixture folder of IDX files, so that a test may damage them.
  func copyOfIDXFixture() throws -> String {
    let copy = path + "/idx"
    try FileManager.default.copyItem(atPath: fixture("idx"), toPath: copy)
    return copy
  }
}

/// The path of a fixture.
func fixture(_ name: String) throws -> String {
  let folder = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
  return folder.appendingPathComponent(name).path
}

/// Decodes a JSON fixture.
func jsonFixture<T: Decodable>(_ name: String, as type: T.Type = T.self) throws -> T {
  try JSONDecoder().decode(type, from: Data(contentsOf: URL(fileURLWithPath: fixture(name))))
}

/// A data set of random pixels with given training labels; two test images of each class.
func randomDataset(
  labels: [Int32], groups: [Int32]? = nil, shape: ImageShape = ImageShape(channels: 1, height: 4, width: 5),
  classCount: Int? = nil, seed: UInt64 = 1
) throws -> RawDataset {
  let classCount = classCount ?? Int(labels.max() ?? 0) + 1
  let stream = RandomStream(seed: seed, name: "pixels")
  func bytes(_ count: Int, _ part: UInt64) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: stream.words(UInt64($0), part).x) }
  }
  let testLabels = (0..<2 * classCount).map { Int32($0 % classCount) }
  return try RawDataset(
    manifest: DatasetManifest(
      imageShape: shape, classNames: (0..<classCount).map { "class \($0)" }, trainLabels: labels,
      trainGroups: groups, testLabels: testLabels),
    trainImages: bytes(labels.count * shape.elementCount, 0),
    testImages: bytes(testLabels.count * shape.elementCount, 1))
}

/// A configuration for data that are given, not found by name.
func configuration(_ change: (inout DatasetConfiguration) -> Void = { _ in }) -> DatasetConfiguration {
  var configuration = DatasetConfiguration(name: "idx")
  change(&configuration)
  return configuration
}

/// A loaded batch, copied.
struct LoadedBatch: Equatable {
  var images: [Float]
  var labels: [Int32]
  var secondLabels: [Int32]
  var labelShares: [Float]

  init(_ batch: Batch, shape: ImageShape) {
    images = Array(UnsafeBufferPointer(start: batch.images, count: batch.count * shape.elementCount))
    labels = Array(UnsafeBufferPointer(start: batch.labels, count: batch.count))
    secondLabels = Array(UnsafeBufferPointer(start: batch.secondLabels, count: batch.count))
    labelShares = Array(UnsafeBufferPointer(start: batch.labelShares, count: batch.count))
  }
}

extension BatchLoader {
  /// Loads one batch into memory of its own.
  func loaded(epoch: Int, batch: Int) -> LoadedBatch {
    let buffer = BatchBuffer(for: self)
    return withExtendedLifetime(buffer) {
      LoadedBatch(load(epoch: epoch, batch: batch, into: buffer), shape: dataset.imageShape)
    }
  }

  /// All images of an epoch by their index in the data set.
  func imagesBySample(epoch: Int, order: [Int]) -> [Int32: [Float]] {
    let size = dataset.imageShape.elementCount
    var images = [Int32: [Float]]()
    for batch in 0..<plan.batchesPerEpoch {
      let loaded = loaded(epoch: epoch, batch: batch)
      for place in loaded.labels.indices {
        let sample = dataset.train.indices[order[batch * plan.batchSize + place]]
        images[sample] = Array(loaded.images[place * size..<(place + 1) * size])
      }
    }
    return images
  }
}

extension PreparedDataset {
  /// The numbers of training, validation and test images.
  var partCounts: [Int] { [train.count, validation.count, test.count] }
}
