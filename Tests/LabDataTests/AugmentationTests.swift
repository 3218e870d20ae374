import Foundation
import LabCore
import LabData
import Testing

@Suite struct AugmentationTests {
  private let shape = ImageShape(channels: 2, height: 5, width: 7)
  /// Pixel values that are all different.
  private let image: [UInt8] = (0..<70).map { UInt8($0 * 3 + 10) }
  /// Each byte becomes itself, plus 1000 in the second channel.
  private let table: [Float] = (0..<512).map { Float($0 % 256 + $0 / 256 * 1000) }
  private let fill: [Float] = [-1, -2]

  private func sample(_ change: (inout SampleTransform) -> Void = { _ in }) -> [Float] {
    var transform = SampleTransform()
    change(&transform)
    var output = [Float](repeating: .nan, count: shape.elementCount)
    image.withUnsafeBufferPointer { image in
      ImageSampler(shape: shape).sample(image.baseAddress!, transform, table: table, fill: fill, into: &output)
    }
    return output
  }

  /// What a pixel of the image becomes, or the fill outside it.
  private func value(_ channel: Int, _ row: Int, _ column: Int) -> Float {
    guard (0..<5).contains(row), (0..<7).contains(column) else { return fill[channel] }
    return Float(image[(row * 7 + column) * 2 + channel]) + Float(channel * 1000)
  }

  /// The output in which each pixel comes from where `source` says.
  private func expected(_ source: (_ row: Int, _ column: Int) -> (Int, Int)) -> [Float] {
    (0..<2).flatMap { channel in
      (0..<5).flatMap { row in
        (0..<7).map { column in
          let (sourceRow, sourceColumn) = source(row, column)
          return value(channel, sourceRow, sourceColumn)
        }
      }
    }
  }

  @Test func unchangedImagesBecomePlanes() {
    #expect(sample() == expected { ($0, $1) })
  }

  @Test func flipMirrorsAndTwiceIsTheIdentity() {
    let flipped = sample { $0.isFlipped = true }
    #expect(flipped == expected { ($0, 6 - $1) })
    let twice = (0..<10).flatMap { flipped[$0 * 7..<$0 * 7 + 7].reversed() }
    #expect(twice == sample())
  }

  @Test(arguments: [(0, 0), (2, 1), (-3, 2), (4, -5), (-7, 0), (0, 5), (9, -9)], [false, true])
  func cropTakesThePaddedImageAtItsOffset(offset: (x: Int, y: Int), isFlipped: Bool) {
    let output = sample {
      $0.offsetX = offset.x
      $0.offsetY = offset.y
      $0.isFlipped = isFlipped
    }
    #expect(output == expected { ($0 + offset.y, (isFlipped ? 6 - $1 : $1) + offset.x) })
  }

  @Test func neutralAffineMapIsTheIdentity() {
    let output = sample {
      $0.setAffine(radians: 0, scale: 1, translation: SIMD2(0, 0), height: 5, width: 7)
    }
    #expect(output == sample())
  }

  @Test(arguments: [(1.0, 0.0), (-2, 3), (6, -4), (7, 0)], [false, true])
  func affineTranslationByWholePixelsIsExact(translation: (x: Double, y: Double), isFlipped: Bool) {
    let output = sample {
      $0.offsetX = 1
      $0.offsetY = -1
      $0.isFlipped = isFlipped
      $0.setAffine(
        radians: 0, scale: 1, translation: SIMD2(translation.x, translation.y), height: 5, width: 7)
    }
    #expect(
      output == expected { ($0 - 1 - Int(translation.y), (isFlipped ? 6 - $1 : $1) + 1 - Int(translation.x)) })
  }

  @Test func cutoutBlanksItsSquareOnly() {
    let output = sample {
      $0.cutoutColumns = 2..<4
      $0.cutoutRows = 1..<5
    }
    #expect(output == expected { (2..<4).contains($1) && (1..<5).contains($0) ? (-1, -1) : ($0, $1) })
  }

  // MARK: Against other implementations

  private struct AffineFixture: Decodable {
    struct Case: Decodable {
      var degrees, scale, right, down: Double
      var offset_x, offset_y: Int
      var flipped: Bool
      var output: [Float]
    }
    var height, width, channels: Int
    var image: [UInt8]
    var cases: [Case]
  }

  @Test func affineSamplingAgreesWithGridSample() throws {
    let fixture = try jsonFixture("affine.json", as: AffineFixture.self)
    let shape = ImageShape(channels: fixture.channels, height: fixture.height, width: fixture.width)
    let plain = (0..<512).map { Float($0 % 256) }
    for (number, reference) in fixture.cases.enumerated() {
      var transform = SampleTransform()
      transform.offsetX = reference.offset_x
      transform.offsetY = reference.offset_y
      transform.isFlipped = reference.flipped
      transform.setAffine(
        radians: reference.degrees * .pi / 180, scale: reference.scale,
        translation: SIMD2(reference.right, reference.down), height: fixture.height, width: fixture.width)
      var output = [Float](repeating: .nan, count: shape.elementCount)
      fixture.image.withUnsafeBufferPointer { image in
        ImageSampler(shape: shape)
          .sample(image.baseAddress!, transform, table: plain, fill: [0, 0], into: &output)
      }
      let error = zip(output, reference.output).map { abs($0 - $1) }.max() ?? .infinity
      #expect(error < 2e-3, "case \(number)")
      #expect(output.count == reference.output.count)
    }
  }

  @Test func brightnessAndContrastFollowTheirDefinition() throws {
    let shape = ImageShape(channels: 3, height: 4, width: 4)
    let raw = try randomDataset(labels: [0, 1, 0, 1, 0, 1], shape: shape)
    let dataset = try PreparedDataset(configuration(), raw: raw)
    var augmentation = AugmentationConfiguration()
    augmentation.brightness = 0.5
    augmentation.contrast = 0.5
    let loader = try BatchLoader(training: dataset, batchSize: 6, seed: 5, augmentation: augmentation, shuffle: false)
    let loaded = loader.loaded(epoch: 2, batch: 0)
    let draw = TransformDraw(augmentation, shape: shape, seed: 5)
    for sample in 0..<6 {
      let transform = draw.transform(at: SampleCoordinate(sample: Int32(sample), epoch: 2))
      let bright = raw.pixels(at: sample, of: .train).map { min(1, Double($0) / 255 * Double(transform.brightness)) }
      var mean = 0.0
      for pixel in 0..<16 {
        for (channel, weight) in [0.299, 0.587, 0.114].enumerated() {
          mean += weight * bright[3 * pixel + channel] / 16
        }
      }
      for channel in 0..<3 {
        for pixel in 0..<16 {
          let changed = mean + (bright[3 * pixel + channel] - mean) * Double(transform.contrast)
          let centered = min(1, max(0, changed)) - dataset.statistics.mean[channel]
          let wanted = centered / dataset.statistics.standardDeviation[channel]
          let actual = Double(loaded.images[(sample * 3 + channel) * 16 + pixel])
          #expect(abs(actual - wanted) < 1e-5)
        }
      }
    }
  }

  // MARK: Random choices

  private func transforms(
    _ augmentation: AugmentationConfiguration, seed: UInt64 = 1, epoch: Int = 0, count: Int = 4000
  ) -> [SampleTransform] {
    let draw = TransformDraw(augmentation, shape: shape, seed: seed)
    return (0..<count).map { draw.transform(at: SampleCoordinate(sample: Int32($0), epoch: epoch)) }
  }

  @Test func choicesCoverTheirRangesEvenly() {
    var augmentation = AugmentationConfiguration()
    augmentation.cropPadding = 2
    augmentation.horizontalFlip = true
    augmentation.brightness = 0.3
    augmentation.contrast = 0.2
    augmentation.cutout = 3
    let all = transforms(augmentation)
    for offset in -2...2 {
      #expect(abs(Double(all.filter { $0.offsetX == offset }.count) / 4000 - 0.2) < 0.03)
      #expect(abs(Double(all.filter { $0.offsetY == offset }.count) / 4000 - 0.2) < 0.03)
    }
    #expect(all.allSatisfy { abs($0.offsetX) <= 2 && abs($0.offsetY) <= 2 })
    #expect(abs(Double(all.filter(\.isFlipped).count) / 4000 - 0.5) < 0.03)
    #expect(all.allSatisfy { (0.7...1.3).contains($0.brightness) && (0.8...1.2).contains($0.contrast) })
    #expect(all.contains { $0.brightness < 0.72 } && all.contains { $0.brightness > 1.28 })
    #expect(all.allSatisfy { (1...3).contains($0.cutoutColumns.count) && (1...3).contains($0.cutoutRows.count) })
    #expect(all.allSatisfy { $0.cutoutColumns.lowerBound >= 0 && $0.cutoutColumns.upperBound <= 7 })
  }

  @Test func choicesDependOnSeedEpochSampleAndRepetition() {
    var augmentation = AugmentationConfiguration()
    augmentation.brightness = 0.5
    let reference = transforms(augmentation, count: 50)
    #expect(transforms(augmentation, count: 50) == reference)
    #expect(zip(transforms(augmentation, seed: 2, count: 50), reference).allSatisfy { $0 != $1 })
    #expect(zip(transforms(augmentation, epoch: 1, count: 50), reference).allSatisfy { $0 != $1 })
    let draw = TransformDraw(augmentation, shape: shape, seed: 1)
    #expect(draw.transform(at: SampleCoordinate(sample: 0, repetition: 1, epoch: 0)) != reference[0])
  }

  @Test func switchingOneKindOnLeavesTheOthers() {
    var augmentation = AugmentationConfiguration()
    augmentation.cropPadding = 3
    let cropOnly = transforms(augmentation, count: 50)
    augmentation.horizontalFlip = true
    augmentation.cutout = 2
    augmentation.brightness = 0.1
    let more = transforms(augmentation, count: 50)
    #expect(zip(cropOnly, more).allSatisfy { $0.offsetX == $1.offsetX && $0.offsetY == $1.offsetY })
  }

  // MARK: Mixup

  private struct BetaFixture: Decodable {
    var alpha: Double
    var shares, quantiles: [Double]
  }

  @Test func mixupSharesFollowTheBetaDistribution() throws {
    for reference in try jsonFixture("beta.json", as: [BetaFixture].self) {
      let draw = MixupDraw(alpha: reference.alpha, seed: 9)
      let shares = (0..<20_000).map { draw.share(of: SampleCoordinate(sample: $0, epoch: 0)) }
      #expect(shares.allSatisfy { (0...1).contains($0) })
      for (share, quantile) in zip(reference.shares, reference.quantiles) {
        let below = Double(shares.filter { Double($0) <= quantile }.count) / 20_000
        // Five standard errors of a share of 20,000.
        #expect(abs(below - share) < 5 * (share * (1 - share) / 20_000).squareRoot(), "α = \(reference.alpha)")
      }
    }
  }

  @Test func mixupPartnersAreUniform() {
    let draw = MixupDraw(alpha: 1, seed: 9)
    var counts = [Int](repeating: 0, count: 10)
    for sample in 0..<10_000 {
      counts[draw.partner(of: SampleCoordinate(sample: Int32(sample), epoch: 3), among: 10)] += 1
    }
    #expect(counts.allSatisfy { abs($0 - 1000) < 150 })
  }
}
