import Foundation
import LabCore
import LabData
import Testing

@Suite struct PreparedDatasetTests {
  @Test func normalizationComesFromTheTrainingSplitOnly() throws {
    let shape = ImageShape(channels: 3, height: 3, width: 2)
    let raw = try randomDataset(labels: (0..<40).map { Int32($0 % 4) }, shape: shape)
    let dataset = try PreparedDataset(
      configuration {
        $0.validation = .fraction(0.25)
        $0.trainLimit = 20
      }, raw: raw)
    for channel in 0..<3 {
      let values: [Double] = dataset.train.indices.flatMap { (index: Int32) -> [Double] in
        let pixels = raw.pixels(at: Int(index), of: .train)
        return stride(from: channel, to: 18, by: 3).map { Double(pixels[$0]) / 255 }
      }
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      #expect(abs(dataset.statistics.mean[channel] - mean) < 1e-12)
      #expect(abs(dataset.statistics.standardDeviation[channel] - variance.squareRoot()) < 1e-12)
    }
    // Loaded as they are, the training images then have mean 0 and deviation 1.
    let loader = try BatchLoader(training: dataset, batchSize: 20, seed: 0)
    let images = loader.loaded(epoch: 0, batch: 0).images
    for channel in 0..<3 {
      let values: [Double] = (0..<20).flatMap { (image: Int) -> [Double] in
        let first = image * 18 + channel * 6
        return images[first..<first + 6].map { Double($0) }
      }
      let mean = values.reduce(0, +) / 120
      let variance = values.reduce(0) { $0 + $1 * $1 } / 120
      #expect(abs(mean) < 1e-6)
      #expect(abs(variance - 1) < 1e-5)
    }
  }

  @Test func withoutNormalizationValuesAreBetweenZeroAndOne() throws {
    let raw = try randomDataset(labels: [0, 1, 0, 1])
    let dataset = try PreparedDataset(configuration { $0.normalize = false }, raw: raw)
    let loaded = try BatchLoader(evaluating: .train, of: dataset, batchSize: 4).loaded(epoch: 0, batch: 0)
    let expected = (0..<4).flatMap { raw.pixels(at: $0, of: .train).map { Float(Double($0) / 255) } }
    #expect(loaded.images == expected)
  }

  @Test func imagesAreNormalizedByGivenNumbers() throws {
    let shape = ImageShape(channels: 3, height: 2, width: 1)
    let raw = try randomDataset(labels: [0, 1, 0, 1], shape: shape)
    // The numbers that torchvision's pages print.
    let (mean, deviation) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    let named = try PreparedDataset(configuration { $0.normalize = .imagenet }, raw: raw)
    let loaded = try BatchLoader(evaluating: .train, of: named, batchSize: 4).loaded(epoch: 0, batch: 0).images
    for (image, channel, pixel) in [(0, 0, 0), (1, 2, 1), (3, 1, 0)] {
      let value = Double(raw.pixels(at: image, of: .train)[pixel * 3 + channel]) / 255
      #expect(loaded[image * 6 + channel * 2 + pixel] == Float((value - mean[channel]) / deviation[channel]))
    }
    let given = try PreparedDataset(
      configuration { $0.normalize = .given(ChannelStatistics(mean: mean, standardDeviation: deviation)) }, raw: raw)
    #expect(given.contentHash == named.contentHash)
    #expect(Preprocessing(of: given) == Preprocessing(of: named))
    #expect(Preprocessing(of: named).statistics?.mean == mean)
    #expect(named.statistics.mean != mean)
    let gray = try randomDataset(labels: [0, 1], shape: ImageShape(channels: 1, height: 2, width: 1))
    let error = #expect(throws: DataError.self) {
      try PreparedDataset(configuration { $0.normalize = .imagenet }, raw: gray)
    }
    #expect(
      error?.description
        == #"option "normalize" is 3 means and 3 deviations for images of 1 channel; expected one for each channel"#)
  }

  @Test func constantChannelIsOnlyShifted() throws {
    let manifest = DatasetManifest(
      imageShape: ImageShape(channels: 1, height: 1, width: 2), classNames: ["a"], trainLabels: [0], testLabels: [0])
    let raw = try RawDataset(manifest: manifest, trainImages: [51, 51], testImages: [51, 102])
    let dataset = try PreparedDataset(configuration(), raw: raw)
    let loaded = try BatchLoader(evaluating: .test, of: dataset, batchSize: 1).loaded(epoch: 0, batch: 0)
    #expect(abs(loaded.images[0]) < 1e-7)
    #expect(abs(loaded.images[1] - 0.2) < 1e-6)
  }

  @Test func contentHashDependsOnEverythingARunSees() throws {
    let labels = (0..<60).map { Int32($0 % 2 + $0 % 3 / 2) }
    let raw = try randomDataset(labels: labels)
    func hash(_ raw: RawDataset, _ change: (inout DatasetConfiguration) -> Void = { _ in }) throws -> ContentHash {
      try PreparedDataset(configuration(change), raw: raw).contentHash
    }
    var manifest = raw.manifest
    manifest.classNames[0] = "renamed"
    let train = (0..<60).flatMap { raw.pixels(at: $0, of: .train) }
    let test = raw.manifest.testLabels.indices.flatMap { raw.pixels(at: $0, of: .test) }
    var otherTest = test
    otherTest[0] ^= 1
    let hashes = try [
      hash(raw), hash(raw) { $0.trainLimit = 30 }, hash(raw) { $0.testLimit = 3 },
      hash(raw) { $0.validation = .count(6) },
      hash(raw) { $0.balance = .downsample }, hash(raw) { $0.balance = .oversample },
      hash(raw) { $0.normalize = false },
      hash(raw) {
        $0.trainLimit = 30; $0.subsetSeed = 1
      }, hash(randomDataset(labels: labels, seed: 2)),
      hash(RawDataset(manifest: manifest, trainImages: train, testImages: test)),
      hash(RawDataset(manifest: raw.manifest, trainImages: train, testImages: otherTest)),
    ]
    #expect(Set(hashes).count == hashes.count)
    // The same content gives the same hash, however it is spelt.
    #expect(
      try hash(raw)
        == hash(raw) {
          $0.trainLimit = 60; $0.path = "elsewhere"
        })
    #expect(try hash(raw) == hash(RawDataset(manifest: raw.manifest, trainImages: train, testImages: test)))
  }

  @Test func contentHashIsIndependentOfThePath() throws {
    let folder = try TemporaryFolder()
    let copy = try folder.copyOfIDXFixture()
    let hashes = try [fixture("idx"), copy].map {
      try PreparedDataset(DatasetConfiguration(name: "idx", path: $0), environment: folder.environment).contentHash
    }
    #expect(hashes[0] == hashes[1])
  }

  @Test func givenImagesMustFitTheirManifest() {
    let manifest = DatasetManifest(
      imageShape: ImageShape(channels: 1, height: 1, width: 2), classNames: ["a"], trainLabels: [0], testLabels: [0])
    #expect(throws: DataError.self) { try RawDataset(manifest: manifest, trainImages: [1], testImages: [1, 2]) }
    var mislabeled = manifest
    mislabeled.testLabels = [1]
    #expect(throws: DataError.self) { try RawDataset(manifest: mislabeled, trainImages: [1, 2], testImages: [1, 2]) }
    var misgrouped = manifest
    misgrouped.trainGroups = []
    #expect(throws: DataError.self) { try RawDataset(manifest: misgrouped, trainImages: [1, 2], testImages: [1, 2]) }
  }

  @Test func libraryPreparesEachDatasetOnce() async throws {
    let folder = try TemporaryFolder()
    let library = DatasetLibrary(environment: folder.environment)
    let configuration = DatasetConfiguration(name: "idx", path: try fixture("idx"))
    let datasets = try await withThrowingTaskGroup(of: PreparedDataset.self) { group in
      for _ in 0..<6 { group.addTask { try library.dataset(configuration) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(datasets.allSatisfy { $0 === datasets[0] })
    #expect(throws: DataError.self) { try library.dataset(DatasetConfiguration(name: "none")) }
  }
}
