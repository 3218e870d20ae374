import LabCore
import LabData
import Testing

@Suite struct SyntheticSignsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func prepare(
    _ options: [String: JSONValue] = [:], imageSize: Int? = 16, channels: Int? = nil
  ) throws -> PreparedDataset {
    var configuration = DatasetConfiguration(
      name: "synthetic-signs", options: ["train_count": 86, "test_count": 43].merging(options) { $1 })
    configuration.imageSize = imageSize
    configuration.channels = channels
    return try PreparedDataset(configuration, environment: folder.environment)
  }

  @Test func hasFortyThreeDistinctClasses() throws {
    let dataset = try prepare()
    #expect(dataset.classCount == 43)
    #expect(Set(dataset.classNames).count == 43)
    #expect(dataset.imageShape == ImageShape(channels: 3, height: 16, width: 16))
    #expect(dataset.classCounts == Array(repeating: 2, count: 43))
    #expect(dataset.raw.manifest.trainGroups == nil)
  }

  @Test func imagesAreAFunctionOfTheSeed() throws {
    let first = try prepare()
    let other = try TemporaryFolder()
    let again = try PreparedDataset(first.configuration, environment: other.environment)
    #expect(first.raw.contentHash == again.raw.contentHash)
    #expect(try prepare(["seed": 1]).raw.contentHash != first.raw.contentHash)
    // Training and test images differ.
    let images = Set((0..<86).map { first.raw.pixels(at: $0, of: .train) })
    #expect(images.count == 86)
    #expect((0..<43).allSatisfy { !images.contains(first.raw.pixels(at: $0, of: .test)) })
  }

  /// Without any variation only the class decides: equal classes look equal and different ones do not.
  @Test func classesDifferInWhatTheyShow() throws {
    let dataset = try prepare(
      [
        "lighting": 0, "blur": 0, "noise": 0, "clutter": 0, "low_resolution": 0, "min_scale": 0.95, "max_scale": 0.95,
        "train_count": 172,
      ], imageSize: 24)
    // The mean image of each class; tilt and fading remain.
    var means = [[Double]](repeating: Array(repeating: 0, count: 1728), count: 43)
    for (index, label) in dataset.train.labels.enumerated() {
      for (element, value) in dataset.raw.pixels(at: index, of: .train).enumerated() {
        means[Int(label)][element] += Double(value) / 4
      }
    }
    var nearest = Double.infinity
    for first in 0..<43 {
      for second in 0..<first {
        let distance = zip(means[first], means[second]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        nearest = min(nearest, (distance / 1728).squareRoot())
      }
    }
    // Root mean square difference in levels of 255; the closest pairs are the numbers on speed limits.
    #expect(nearest > 8, "nearest \(nearest)")
  }

  @Test func optionsChangeTheImages() throws {
    let reference = try prepare().raw.contentHash
    let changes: [[String: JSONValue]] = [
      ["lighting": 0], ["blur": 0], ["noise": 0], ["clutter": 0], ["min_scale": 0.2], ["max_scale": 0.8],
      ["low_resolution": 1], ["low_resolution": 1, "min_resolution": 4], ["imbalance": 10], ["track_length": 2],
    ]
    var hashes = Set([reference])
    for change in changes { hashes.insert(try prepare(change).raw.contentHash) }
    #expect(hashes.count == changes.count + 1)
  }

  @Test func noiseAndBlurActOnDetail() throws {
    /// The mean absolute difference between neighbours in a row.
    func roughness(_ options: [String: JSONValue]) throws -> Double {
      let plain: [String: JSONValue] = ["noise": 0, "blur": 0, "lighting": 0, "low_resolution": 0]
      let dataset = try prepare(plain.merging(options) { $1 }, imageSize: 20)
      var sum = 0.0
      for image in 0..<86 {
        let pixels = dataset.raw.pixels(at: image, of: .train)
        for element in 0..<1197 where element % 60 < 57 {
          sum += abs(Double(pixels[element]) - Double(pixels[element + 3]))
        }
      }
      return sum / Double(86 * 20 * 57)
    }
    let plain = try roughness([:])
    #expect(try roughness(["noise": 0.2]) > plain * 1.3)
    #expect(try roughness(["blur": 4]) < plain * 0.8)
    #expect(try roughness(["low_resolution": 1, "min_resolution": 6]) < plain * 0.9)
  }

  @Test func imbalanceIsTheRatioOfTheExtremes() throws {
    let dataset = try prepare(["imbalance": 10, "train_count": 1720], imageSize: 8)
    let (least, most) = (dataset.classCounts.min() ?? 0, dataset.classCounts.max() ?? 0)
    #expect(dataset.train.count == 1720)
    #expect(abs(Double(most) / Double(least) - 10) < 1)
    // The test images are even.
    #expect(Set(dataset.test.labels).count == 43)
  }

  @Test func tracksAreGroupsOfOneClass() throws {
    let dataset = try prepare(["track_length": 5, "train_count": 430], imageSize: 8)
    let groups = try #require(dataset.raw.manifest.trainGroups)
    var labels = [Int32: Set<Int32>]()
    var sizes = [Int32: Int]()
    for (group, label) in zip(groups, dataset.raw.manifest.trainLabels) {
      labels[group, default: []].insert(label)
      sizes[group, default: 0] += 1
    }
    #expect(labels.values.allSatisfy { $0.count == 1 })
    #expect(sizes.values.allSatisfy { $0 == 5 })
    #expect(labels.count == 86)
  }

  @Test func contradictingOptionsAreRejected() {
    #expect(throws: DataError.self) { try prepare(["min_scale": 0.9, "max_scale": 0.5]) }
    #expect(throws: DataError.self) { try prepare(imageSize: 4) }
    #expect(throws: DataError.self) { try prepare(["train_count": 42]) }
  }

  @Test func canBeGray() throws {
    let color = try prepare()
    let gray = try prepare(channels: 1)
    #expect(gray.imageShape == ImageShape(channels: 1, height: 16, width: 16))
    let source = color.raw.pixels(at: 3, of: .train)
    for (pixel, value) in gray.raw.pixels(at: 3, of: .train).enumerated() {
      let (red, green, blue) = (Double(source[3 * pixel]), Double(source[3 * pixel + 1]), Double(source[3 * pixel + 2]))
      let luminance = 0.299 * red + 0.587 * green + 0.114 * blue
      #expect(abs(Double(value) - luminance) <= 0.51)
    }
  }
}
