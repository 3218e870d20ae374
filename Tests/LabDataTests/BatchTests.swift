import LabCore
import LabData
import Testing

@Suite struct BatchTests {
  private let dataset: PreparedDataset
  private let everything: AugmentationConfiguration

  init() throws {
    let raw = try randomDataset(
      labels: (0..<50).map { Int32($0 % 5) }, shape: ImageShape(channels: 3, height: 6, width: 6))
    dataset = try PreparedDataset(configuration(), raw: raw)
    var everything = AugmentationConfiguration()
    everything.cropPadding = 2
    everything.horizontalFlip = true
    everything.rotateDegrees = 15
    everything.translate = 0.1
    everything.scale = 0.2
    everything.brightness = 0.3
    everything.contrast = 0.3
    everything.cutout = 2
    everything.mixup = 0.4
    self.everything = everything
  }

  @Test func plansCountTheirBatches() {
    let plan = BatchPlan(sampleCount: 50, batchSize: 16, seed: 0, shuffle: true)
    #expect(plan.batchesPerEpoch == 4)
    #expect((0..<4).map(plan.size(ofBatch:)) == [16, 16, 16, 2])
    let dropping = BatchPlan(sampleCount: 50, batchSize: 16, seed: 0, shuffle: true, dropLast: true)
    #expect(dropping.batchesPerEpoch == 3)
    #expect(BatchPlan(sampleCount: 48, batchSize: 16, seed: 0, shuffle: true).batchesPerEpoch == 3)
  }

  @Test func ordersArePermutationsOfTheirOwn() {
    let plan = BatchPlan(sampleCount: 200, batchSize: 16, seed: 4, shuffle: true)
    let orders = (0..<3).map(plan.order(epoch:))
    for order in orders { #expect(order.sorted() == Array(0..<200)) }
    #expect(Set(orders).count == 3)
    #expect(plan.order(epoch: 1) == orders[1])
    #expect(BatchPlan(sampleCount: 200, batchSize: 16, seed: 5, shuffle: true).order(epoch: 0) != orders[0])
    // The batch size is no part of the order.
    #expect(BatchPlan(sampleCount: 200, batchSize: 7, seed: 4, shuffle: true).order(epoch: 0) == orders[0])
    let plain = BatchPlan(sampleCount: 5, batchSize: 2, seed: 4, shuffle: false)
    #expect(plain.order(epoch: 3) == [0, 1, 2, 3, 4])
  }

  @Test func epochsHaveEveryImageOnceWithItsLabel() throws {
    let loader = try BatchLoader(training: dataset, batchSize: 16, seed: 4)
    let order = loader.plan.order(epoch: 1)
    let images = loader.imagesBySample(epoch: 1, order: order)
    #expect(images.count == 50)
    let labels = (0..<4).flatMap { loader.loaded(epoch: 1, batch: $0).labels }
    #expect(labels == order.map { dataset.train.labels[$0] })
    // Without augmentation the images are those of the evaluation.
    let evaluation = try BatchLoader(evaluating: .train, of: dataset, batchSize: 50).loaded(epoch: 0, batch: 0)
    for (place, index) in dataset.train.indices.enumerated() {
      #expect(images[index] == Array(evaluation.images[place * 108..<(place + 1) * 108]))
    }
  }

  @Test func sameSeedGivesTheSameBits() throws {
    let first = try BatchLoader(training: dataset, batchSize: 16, seed: 4, augmentation: everything)
    let second = try BatchLoader(training: dataset, batchSize: 16, seed: 4, augmentation: everything)
    // In another order, so that nothing may depend on what was loaded before.
    let forwards = (0..<4).map { first.loaded(epoch: 2, batch: $0) }
    let backwards = (0..<4).reversed().map { second.loaded(epoch: 2, batch: $0) }
    #expect(forwards == backwards.reversed())
    let other = try BatchLoader(training: dataset, batchSize: 16, seed: 5, augmentation: everything)
    #expect(other.loaded(epoch: 2, batch: 0).images != forwards[0].images)
    #expect(first.loaded(epoch: 3, batch: 0).images != forwards[0].images)
  }

  @Test func augmentationIsIndependentOfBatchSizeAndPlace() throws {
    let reference = try BatchLoader(training: dataset, batchSize: 50, seed: 4, augmentation: everything)
    let expected = reference.imagesBySample(epoch: 1, order: reference.plan.order(epoch: 1))
    for (batchSize, shuffle) in [(7, true), (16, false), (1, true)] {
      let loader = try BatchLoader(
        training: dataset, batchSize: batchSize, seed: 4, augmentation: everything, shuffle: shuffle)
      #expect(loader.imagesBySample(epoch: 1, order: loader.plan.order(epoch: 1)) == expected)
    }
  }

  @Test func concurrentLoadsGiveTheSameBits() async throws {
    let loader = try BatchLoader(training: dataset, batchSize: 16, seed: 4, augmentation: everything)
    let expected = (0..<8).map { loader.loaded(epoch: $0 / 4, batch: $0 % 4) }
    await withTaskGroup(of: (Int, LoadedBatch).self) { group in
      for index in 0..<8 { group.addTask { (index, loader.loaded(epoch: index / 4, batch: index % 4)) } }
      for await (index, loaded) in group { #expect(loaded == expected[index]) }
    }
  }

  @Test func mixupBlendsTheAugmentedImages() throws {
    var augmentation = AugmentationConfiguration()
    augmentation.horizontalFlip = true
    let plain = try BatchLoader(training: dataset, batchSize: 50, seed: 4, augmentation: augmentation, shuffle: false)
      .loaded(epoch: 1, batch: 0)
    augmentation.mixup = 1
    let mixed = try BatchLoader(training: dataset, batchSize: 50, seed: 4, augmentation: augmentation, shuffle: false)
      .loaded(epoch: 1, batch: 0)
    #expect(plain.secondLabels == plain.labels)
    #expect(plain.labelShares == Array(repeating: 1, count: 50))
    #expect(mixed.labels == plain.labels)
    #expect(mixed.labelShares.allSatisfy { (0...1).contains($0) })
    #expect(Set(mixed.labelShares).count == 50)
    let draw = MixupDraw(alpha: 1, seed: 4)
    for place in 0..<50 {
      let coordinate = SampleCoordinate(sample: Int32(place), epoch: 1)
      let (partner, share) = (draw.partner(of: coordinate, among: 50), draw.share(of: coordinate))
      #expect(mixed.labelShares[place] == share)
      #expect(mixed.secondLabels[place] == plain.labels[partner])
      for element in 0..<108 {
        let (own, other) = (plain.images[place * 108 + element], plain.images[partner * 108 + element])
        let blend = own * share + other * (1 - share)
        #expect(abs(mixed.images[place * 108 + element] - blend) < 1e-5)
      }
    }
  }

  @Test func paddingIsBlackOrMean() throws {
    let statistics = dataset.statistics
    let black = zip(statistics.mean, statistics.standardDeviation).map { -$0 / $1 }
    for (fill, wanted) in [(AugmentationFill.black, black), (.mean, [0, 0, 0])] {
      var augmentation = AugmentationConfiguration()
      augmentation.cropPadding = 6
      augmentation.fill = fill
      let loaded = try BatchLoader(
        training: dataset, batchSize: 50, seed: 4, augmentation: augmentation, shuffle: false
      )
      .loaded(epoch: 0, batch: 0)
      let draw = TransformDraw(augmentation, shape: dataset.imageShape, seed: 4)
      var checked = 0
      for sample in 0..<50 where draw.transform(at: SampleCoordinate(sample: Int32(sample), epoch: 0)).offsetY < 0 {
        // The first row comes from above the image.
        for channel in 0..<3 {
          for column in 0..<6 {
            let value = Double(loaded.images[sample * 108 + channel * 36 + column])
            #expect(abs(value - wanted[channel]) < 1e-5)
            checked += 1
          }
        }
      }
      #expect(checked > 100)
    }
  }

  @Test func repeatedImagesAreVariedSeparately() throws {
    let raw = try randomDataset(
      labels: [0, 0, 0, 0, 0, 0, 0, 0, 1], shape: ImageShape(channels: 1, height: 6, width: 6))
    let balanced = try PreparedDataset(configuration { $0.balance = .oversample }, raw: raw)
    var augmentation = AugmentationConfiguration()
    augmentation.brightness = 0.5
    let loaded = try BatchLoader(training: balanced, batchSize: 16, seed: 0, augmentation: augmentation, shuffle: false)
      .loaded(epoch: 0, batch: 0)
    let rare = (0..<16).filter { loaded.labels[$0] == 1 }.map { Array(loaded.images[$0 * 36..<($0 + 1) * 36]) }
    #expect(rare.count == 8)
    #expect(Set(rare).count == 8)
  }

  @Test func smallerLastBatchLeavesTheRestOfTheMemory() throws {
    let loader = try BatchLoader(evaluating: .train, of: dataset, batchSize: 16)
    var images = [Float](repeating: 7, count: 16 * 108)
    var labels = [Int32](repeating: 7, count: 16)
    let count = images.withUnsafeMutableBufferPointer { images in
      labels.withUnsafeMutableBufferPointer { labels in
        loader.load(
          epoch: 0, batch: 3, into: BatchDestination(images: images.baseAddress!, labels: labels.baseAddress!))
      }
    }
    #expect(count == 2)
    #expect(images[..<(2 * 108)].allSatisfy { $0 != 7 })
    #expect(images[(2 * 108)...].allSatisfy { $0 == 7 })
    #expect(labels == [3, 4] + Array(repeating: 7, count: 14))
  }

  @Test func evaluationCoversEverySplitInItsOrder() throws {
    let split = try PreparedDataset(configuration { $0.validation = .count(15) }, raw: dataset.raw)
    for name in SplitName.allCases {
      let loader = try BatchLoader(evaluating: name, of: split, batchSize: 4)
      let labels = (0..<loader.plan.batchesPerEpoch).flatMap { loader.loaded(epoch: 0, batch: $0).labels }
      #expect(labels == split.split(name).labels)
    }
    #expect(throws: DataError.self) { try BatchLoader(evaluating: .validation, of: dataset, batchSize: 4) }
    #expect(throws: DataError.self) { try BatchLoader(training: dataset, batchSize: 51, seed: 0, dropLast: true) }
    #expect(throws: DataError.self) { try BatchLoader(training: dataset, batchSize: 0, seed: 0) }
  }

  // MARK: Prefetching

  @Test(arguments: [(0, 0), (1, 2), (1, 4), (2, 3)])
  func prefetchedBatchesAreTheLoadersOwn(start: (epoch: Int, batch: Int)) throws {
    let loader = try BatchLoader(training: dataset, batchSize: 16, seed: 4, augmentation: everything)
    let prefetcher = Prefetcher(loader: loader, epoch: start.epoch, batch: start.batch, endEpoch: 3)
    var (epoch, batch) = start
    while epoch < 3 {
      if batch == 4 {
        (epoch, batch) = (epoch + 1, 0)
        continue
      }
      let next = prefetcher.withNextBatch { ($0.epoch, $0.index, LoadedBatch($0, shape: dataset.imageShape)) }
      let (nextEpoch, nextIndex, loaded) = try #require(next)
      #expect(nextEpoch == epoch && nextIndex == batch)
      #expect(loaded == loader.loaded(epoch: epoch, batch: batch))
      batch += 1
    }
    #expect(prefetcher.withNextBatch { $0.count } == nil)
    #expect(prefetcher.withNextBatch { $0.count } == nil)
  }

  @Test func lentBatchStaysWhileOthersArePrepared() throws {
    let loader = try BatchLoader(training: dataset, batchSize: 2, seed: 4)
    let prefetcher = Prefetcher(loader: loader, endEpoch: 4, depth: 2)
    var count = 0
    while let isSame = prefetcher.withNextBatch({ batch in
      let before = LoadedBatch(batch, shape: dataset.imageShape)
      // Meanwhile the other buffer is filled.
      let expected = loader.loaded(epoch: batch.epoch, batch: batch.index)
      return before == expected && LoadedBatch(batch, shape: dataset.imageShape) == expected
    }) {
      #expect(isSame)
      count += 1
    }
    #expect(count == 100)
  }

  @Test func cancellingEndsTheBatches() throws {
    let loader = try BatchLoader(training: dataset, batchSize: 2, seed: 4)
    let prefetcher = Prefetcher(loader: loader, endEpoch: 1_000_000)
    #expect(prefetcher.withNextBatch { $0.count } == 2)
    prefetcher.cancel()
    #expect(prefetcher.withNextBatch { $0.count } == nil)
    // One that is dropped in the middle must end as well.
    let dropped = Prefetcher(loader: loader, endEpoch: 1_000_000)
    _ = dropped.withNextBatch { $0.count }
  }

  @Test func errorsOfTheBodyPassThrough() throws {
    struct Stop: Error {}
    let loader = try BatchLoader(training: dataset, batchSize: 16, seed: 4)
    let prefetcher = Prefetcher(loader: loader, endEpoch: 1)
    #expect(throws: Stop.self) { try prefetcher.withNextBatch { _ in throw Stop() } }
    #expect(prefetcher.withNextBatch { $0.index } == 1)
  }
}
