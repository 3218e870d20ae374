import Foundation
import LabCore
import LabData
import Testing

/// Parts of random area and proportions: which they are, and their pixels.
@Suite struct RandomResizedCropTests {
  private func draw(_ crop: RandomResizedCrop, height: Int, width: Int, seed: UInt64 = 3) -> CropDraw {
    CropDraw(crop, shape: ImageShape(channels: 3, height: height, width: width), seed: seed)
  }

  /// The rule of torchvision's `RandomResizedCrop.get_params`, with random numbers of another kind.
  private func reference(
    _ crop: RandomResizedCrop, height: Int, width: Int, _ next: () -> Double
  ) -> (left: Int, top: Int, width: Int, height: Int) {
    for _ in 0..<10 {
      let area =
        Double(height * width) * (crop.scale.lowerBound + next() * (crop.scale.upperBound - crop.scale.lowerBound))
      let (first, last) = (log(crop.ratio.lowerBound), log(crop.ratio.upperBound))
      let ratio = exp(first + next() * (last - first))
      let w = Int(sqrt(area * ratio).rounded(.toNearestOrEven))
      let h = Int(sqrt(area / ratio).rounded(.toNearestOrEven))
      if 0 < w, w <= width, 0 < h, h <= height {
        return (Int(next() * Double(width - w + 1)), Int(next() * Double(height - h + 1)), w, h)
      }
    }
    let own = Double(width) / Double(height)
    var (w, h) = (width, height)
    if own < crop.ratio.lowerBound { h = Int((Double(width) / crop.ratio.lowerBound).rounded(.toNearestOrEven)) }
    if own > crop.ratio.upperBound { w = Int((Double(height) * crop.ratio.upperBound).rounded(.toNearestOrEven)) }
    return ((width - w) / 2, (height - h) / 2, w, h)
  }

  /// The largest difference of two distributions of numbers.
  private func distance(_ first: [Double], _ second: [Double]) -> Double {
    let (a, b) = (first.sorted(), second.sorted())
    func share(_ sorted: [Double], atMost value: Double) -> Double {
      var (low, high) = (0, sorted.count)
      while low < high {
        let middle = (low + high) / 2
        if sorted[middle] <= value { low = middle + 1 } else { high = middle }
      }
      return Double(low) / Double(sorted.count)
    }
    return (a + b).map { abs(share(a, atMost: $0) - share(b, atMost: $0)) }.max() ?? 0
  }

  @Test(arguments: [(256, 256, 0.08), (120, 300, 0.08), (64, 48, 0.5)])
  func partsFollowTheRule(height: Int, width: Int, least: Double) {
    let crop = RandomResizedCrop(scale: least...1)
    let draw = draw(crop, height: height, width: width)
    let count = 8000
    let regions = (0..<count).map { draw.region(at: SampleCoordinate(sample: Int32($0), epoch: $0 % 7)) }
    for region in regions {
      #expect(region.columns.lowerBound >= 0 && region.columns.upperBound <= width && !region.columns.isEmpty)
      #expect(region.rows.lowerBound >= 0 && region.rows.upperBound <= height && !region.rows.isEmpty)
    }
    var state = UInt64(11)
    func next() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) * 0x1p-53
    }
    let expected = (0..<count).map { _ in reference(crop, height: height, width: width, next) }
    // Of two samples of one distribution, one in ten thousand pairs is so far apart.
    let margin = 2.23 * (2 / Double(count)).squareRoot()
    #expect(
      distance(regions.map { Double($0.columns.count * $0.rows.count) }, expected.map { Double($0.width * $0.height) })
        < margin)
    #expect(
      distance(
        regions.map { log(Double($0.columns.count) / Double($0.rows.count)) },
        expected.map { log(Double($0.width) / Double($0.height)) }) < margin)
    #expect(distance(regions.map { Double($0.columns.lowerBound) }, expected.map { Double($0.left) }) < margin)
    #expect(distance(regions.map { Double($0.rows.lowerBound) }, expected.map { Double($0.top) }) < margin)
  }

  @Test func whatNeverFitsIsTakenFromTheMiddle() {
    let whole = 1.0...1.0
    let tall = draw(RandomResizedCrop(scale: whole, ratio: 0.2...0.4), height: 64, width: 64)
    let wide = draw(RandomResizedCrop(scale: whole, ratio: 2...3), height: 64, width: 64)
    for sample in Int32(0)..<50 {
      let coordinate = SampleCoordinate(sample: sample, epoch: 1)
      #expect(tall.region(at: coordinate) == PixelRegion(columns: 19..<45, rows: 0..<64))
      #expect(wide.region(at: coordinate) == PixelRegion(columns: 0..<64, rows: 16..<48))
    }
    #expect(
      draw(RandomResizedCrop(ratio: 1...2), height: 20, width: 30).middle
        == PixelRegion(columns: 0..<30, rows: 0..<20))
    // A part keeps a row and a column, however extreme its proportions.
    #expect(
      draw(RandomResizedCrop(scale: whole, ratio: 1000...1001), height: 8, width: 8).middle
        == PixelRegion(columns: 0..<8, rows: 3..<4))
  }

  @Test(arguments: [1, 2, 3, 4]) func pixelsAreThoseOfATriangleFilter(channels: Int) {
    let stored = ImageShape(channels: channels, height: 37, width: 41)
    let stream = RandomStream(seed: 5, name: "pixels")
    let image = (0..<stored.elementCount).map { UInt8(truncatingIfNeeded: stream.words(UInt64($0), 0).x) }
    let window = ImageWindow(stored: stored, target: ImageShape(channels: channels, height: 16, width: 19))
    for region in [
      PixelRegion(columns: 0..<41, rows: 0..<37), .init(columns: 3..<10, rows: 5..<9),
      .init(columns: 40..<41, rows: 36..<37), .init(columns: 2..<21, rows: 20..<37),
      .init(columns: 7..<26, rows: 1..<17),
    ] {
      let output = window.output(region, of: image)
      let rows = weights(from: region.rows.count, to: 16)
      let columns = weights(from: region.columns.count, to: 19)
      for (row, rowWeights) in rows.enumerated() {
        for (column, columnWeights) in columns.enumerated() {
          for channel in 0..<channels {
            var sum = 0.0
            for (y, down) in rowWeights.enumerated() where down > 0 {
              for (x, across) in columnWeights.enumerated() where across > 0 {
                let place = (y + region.rows.lowerBound) * 41 + x + region.columns.lowerBound
                sum += down * across * Double(image[place * channels + channel])
              }
            }
            // Half a level of rounding, and a little for single precision.
            #expect(abs(Double(output[(row * 19 + column) * channels + channel]) - sum) < 0.501)
          }
        }
      }
    }
  }

  /// For each result, the weight of every source position: a triangle as wide as the image shrinks, cut at the edges.
  private func weights(from source: Int, to target: Int) -> [[Double]] {
    let step = Double(source) / Double(target)
    return (0..<target).map { index in
      let center = (Double(index) + 0.5) * step
      let own = (0..<source).map { max(0, 1 - abs(Double($0) + 0.5 - center) / max(1, step)) }
      return own.map { $0 / own.reduce(0, +) }
    }
  }

  // MARK: In batches

  private func dataset(stored: Int?, _ side: Int, change: (inout DatasetConfiguration) -> Void = { _ in }) throws
    -> PreparedDataset
  {
    let raw = try randomDataset(
      labels: (0..<40).map { Int32($0 % 4) }, shape: ImageShape(channels: 3, height: 24, width: 24))
    return try PreparedDataset(
      configuration {
        $0.imageSize = side
        $0.storedSize = stored
        change(&$0)
      }, raw: raw)
  }

  private var cropping: AugmentationConfiguration {
    var augmentation = AugmentationConfiguration()
    augmentation.randomResizedCrop = RandomResizedCrop()
    return augmentation
  }

  @Test func evaluationTakesTheMiddleOfWhatIsStored() throws {
    let dataset = try dataset(stored: 24, 16)
    #expect(dataset.imageShape == ImageShape(channels: 3, height: 16, width: 16))
    let batch = try BatchLoader(evaluating: .test, of: dataset, batchSize: 8).loaded(epoch: 0, batch: 0)
    let plane = 16 * 16
    for (place, index) in dataset.test.indices.enumerated() {
      let pixels = dataset.raw.pixels(at: Int(index), of: .test)
      for pixel in 0..<plane {
        for channel in 0..<3 {
          let byte = pixels[((pixel / 16 + 4) * 24 + pixel % 16 + 4) * 3 + channel]
          #expect(
            batch.images[(place * 3 + channel) * plane + pixel] == dataset.lookupTable[channel * 256 + Int(byte)])
        }
      }
    }
    // Training without crops sees the same.
    let order = try BatchLoader(training: dataset, batchSize: 8, seed: 1).imagesBySample(
      epoch: 0, order: BatchPlan(sampleCount: 40, batchSize: 8, seed: 1, shuffle: true).order(epoch: 0))
    let plain = try BatchLoader(evaluating: .train, of: dataset, batchSize: 40).loaded(epoch: 0, batch: 0).images
    #expect(order[0] == Array(plain[0..<3 * plane]))
  }

  @Test func batchesHaveThePartsThatAreDrawn() throws {
    let dataset = try dataset(stored: 24, 16)
    let loader = try BatchLoader(training: dataset, batchSize: 40, seed: 9, augmentation: cropping, shuffle: false)
    let images = loader.loaded(epoch: 2, batch: 0).images
    let draw = CropDraw(RandomResizedCrop(), shape: dataset.raw.manifest.imageShape, seed: 9)
    let window = ImageWindow(stored: dataset.raw.manifest.imageShape, target: dataset.imageShape)
    for index in 0..<40 {
      let region = draw.region(at: SampleCoordinate(sample: Int32(index), epoch: 2))
      let part = window.output(region, of: dataset.raw.pixels(at: index, of: .train))
      let expected = (0..<768).map { dataset.lookupTable[$0 / 256 * 256 + Int(part[$0 % 256 * 3 + $0 / 256])] }
      #expect(Array(images[index * 768..<(index + 1) * 768]) == expected)
    }
    #expect(loader.loaded(epoch: 3, batch: 0).images != images)
  }

  @Test func bitsDependOnNeitherWorkersNorBatches() throws {
    let dataset = try dataset(stored: 24, 16)
    var augmentation = cropping
    augmentation.horizontalFlip = true
    augmentation.brightness = 0.4
    augmentation.mixup = 0.3
    let whole = try BatchLoader(training: dataset, batchSize: 40, seed: 4, augmentation: augmentation)
    let expected = whole.imagesBySample(epoch: 1, order: whole.plan.order(epoch: 1))
    let loader = try BatchLoader(training: dataset, batchSize: 8, seed: 4, augmentation: augmentation)
    let batches = Parallel.results(of: Array((0..<5).reversed()), chunkSize: 1) {
      loader.loaded(epoch: 1, batch: $0)
    }
    let order = loader.plan.order(epoch: 1)
    for (number, batch) in zip((0..<5).reversed(), batches) {
      let images = try batch.get().images
      for place in 0..<8 {
        let sample = Int32(order[number * 8 + place])
        #expect(Array(images[place * 768..<(place + 1) * 768]) == expected[sample])
      }
    }
  }

  @Test func flipsComeAfterCrops() throws {
    let dataset = try dataset(stored: 24, 16)
    var flipping = cropping
    flipping.horizontalFlip = true
    func images(_ augmentation: AugmentationConfiguration) throws -> [Float] {
      try BatchLoader(training: dataset, batchSize: 40, seed: 6, augmentation: augmentation, shuffle: false)
        .loaded(epoch: 0, batch: 0).images
    }
    let (plain, flipped) = (try images(cropping), try images(flipping))
    let rows = stride(from: 0, to: plain.count, by: 16).map {
      (Array(plain[$0..<$0 + 16]), Array(flipped[$0..<$0 + 16]))
    }
    #expect(rows.allSatisfy { $0.0 == $0.1 || $0.0.reversed() == $0.1 })
    #expect(rows.contains { $0.0 != $0.1 })
  }

  // MARK: Specs

  @Test func whatIsNotAskedForChangesNothing() throws {
    let schema = AugmentationConfiguration.schema
    let plain = schema.resolve(["horizontal_flip": true]).value
    #expect(schema.identityConfiguration(of: plain) == ["horizontal_flip": true])
    let data = DatasetConfiguration.schema.resolve(["name": "gtsrb"]).value
    #expect(DatasetConfiguration.schema.identityConfiguration(of: data) == ["name": "gtsrb"])
    #expect(
      try JSONValue(encoding: Preprocessing(of: dataset(stored: nil, 16)))["stored_size"] == nil)
  }

  @Test func sizesTellDataApart() throws {
    let plain = try dataset(stored: nil, 24).contentHash
    let same = try dataset(stored: 24, 24).contentHash
    #expect(plain == same)
    let others = try [dataset(stored: 24, 16), dataset(stored: 24, 20), dataset(stored: nil, 16)].map(\.contentHash)
    #expect(Set(others + [plain]).count == 4)
  }

  @Test func mistakesAreNamed() throws {
    func message(_ object: JSONValue) -> String {
      let error = #expect(throws: (any Error).self) {
        _ = try AugmentationConfiguration(checking: ["random_resized_crop": object])
      }
      return error.map { "\($0)" } ?? ""
    }
    #expect(
      message(["scale": [1, 0.5]])
        == "option \"random_resized_crop.scale\" is [1, 0.5]; expected two numbers above 0, the least and the largest one"
    )
    #expect(message(["ratio": [1]]).hasPrefix("option \"random_resized_crop.ratio\" is [1]; expected two numbers"))
    #expect(message(["scale": [0, 2]]).contains("random_resized_crop.scale"))
    #expect(message(["sclae": [0.1, 1]]).contains("scale"))
    for (stored, size, rest) in [
      (16, 24, "at least the 24 pixels of image_size"), (16, nil, "an image_size beside it"),
    ] as [(Int, Int?, String)] {
      let error = #expect(throws: DataError.self) {
        var configuration = DatasetConfiguration(name: "gtsrb")
        (configuration.storedSize, configuration.imageSize) = (stored, size)
        _ = try configuration.validated()
      }
      #expect(error?.description.hasPrefix("option \"stored_size\" is 16; expected \(rest)") == true)
    }
  }
}

extension ImageWindow {
  /// A part of an image in memory of its own.
  fileprivate func output(_ region: PixelRegion, of image: [UInt8]) -> [UInt8] {
    var scratch = [Float](repeating: .nan, count: scratchCount)
    var output = [UInt8](repeating: 0, count: target.elementCount)
    write(region, of: image, scratch: &scratch, into: &output)
    return output
  }
}
