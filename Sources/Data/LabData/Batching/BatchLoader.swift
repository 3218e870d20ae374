import Foundation
import LabCore

/// Fills any batch of any epoch with normalised, augmented images.
///
/// A batch is a pure function of data, seed, epoch and number: it depends neither on what was loaded before nor on
/// the thread, and an image's augmentation neither on its place in the batch nor on the batch size. Any number of
/// threads may load at the same time; after the first batch, loading allocates once an epoch only.
public final class BatchLoader: @unchecked Sendable {
  /// The data.
  public let dataset: PreparedDataset
  /// Which images each batch has.
  public let plan: BatchPlan
  /// How images are varied.
  public let augmentation: AugmentationConfiguration

  private let split: DatasetSplit
  private let isAugmenting: Bool
  private let transforms: TransformDraw
  private let mixup: MixupDraw
  /// What takes a part of each stored image; nil where all of it is taken.
  private let window: ImageWindow?
  private let crop: CropDraw?
  private let sampler: ImageSampler
  private let light: LightTable
  private let fill: [Float]

  // What follows is guarded by the lock.
  private let lock = NSLock()
  private var orders: [(epoch: Int, order: [Int])] = []
  private var workspaces: [Workspace] = []

  /// Creates a loader for training: shuffled, and varied anew in every epoch.
  ///
  /// - Parameters:
  ///   - dataset: the data, of which the training split is loaded.
  ///   - batchSize: the number of images in a batch.
  ///   - seed: the run's seed, which order and augmentation depend on and nothing else does.
  ///   - augmentation: how images are varied.
  ///   - shuffle: whether each epoch has an order of its own.
  ///   - dropLast: whether a last batch with fewer images is left out.
  /// - Throws: ``DataError`` where there is no batch or an option is out of range.
  public convenience init(
    training dataset: PreparedDataset, batchSize: Int, seed: UInt64,
    augmentation: AugmentationConfiguration = .init(), shuffle: Bool = true, dropLast: Bool = false
  ) throws {
    try self.init(
      dataset, split: dataset.train, augmentation: augmentation.validated(), batchSize: batchSize, seed: seed,
      shuffle: shuffle, dropLast: dropLast)
  }

  /// Creates a loader for evaluation: in the split's order, without augmentation, every image once.
  ///
  /// - Throws: ``DataError`` where the split is empty.
  public convenience init(evaluating split: SplitName, of dataset: PreparedDataset, batchSize: Int) throws {
    try self.init(
      dataset, split: dataset.split(split), augmentation: .init(), batchSize: batchSize, seed: 0, shuffle: false,
      dropLast: false)
  }

  private init(
    _ dataset: PreparedDataset, split: DatasetSplit, augmentation: AugmentationConfiguration, batchSize: Int,
    seed: UInt64, shuffle: Bool, dropLast: Bool
  ) throws {
    guard batchSize > 0 else {
      throw DataError.unusableSplit(subject: "batch_size", actual: "\(batchSize)", expected: "at least 1")
    }
    plan = BatchPlan(
      sampleCount: split.count, batchSize: batchSize, seed: seed, shuffle: shuffle, dropLast: dropLast)
    guard plan.batchesPerEpoch > 0 else {
      throw DataError.unusableSplit(
        subject: "a split", actual: "of \(split.count) images",
        expected: dropLast ? "at least one batch of \(batchSize)" : "at least one image")
    }
    self.dataset = dataset
    self.split = split
    self.augmentation = augmentation
    isAugmenting = augmentation != AugmentationConfiguration()
    let shape = dataset.imageShape
    transforms = TransformDraw(augmentation, shape: shape, seed: seed)
    mixup = MixupDraw(alpha: augmentation.mixup, seed: seed)
    let stored = dataset.raw.manifest.imageShape
    crop = augmentation.randomResizedCrop.map { CropDraw($0, shape: stored, seed: seed) }
    window = crop == nil && stored == shape ? nil : ImageWindow(stored: stored, target: shape)
    sampler = ImageSampler(shape: shape)
    light = LightTable(shape: shape, table: dataset.lookupTable)
    fill = (0..<shape.channels).map { channel in
      let table = dataset.lookupTable[channel * 256..<(channel + 1) * 256]
      switch augmentation.fill {
      case .black: return table[table.startIndex]
      case .mean:
        let range = table[table.startIndex + 255] - table[table.startIndex]
        return table[table.startIndex] + Float(dataset.statistics.mean[channel]) * range
      }
    }
  }

  /// Fills a batch.
  ///
  /// - Parameters:
  ///   - epoch: the epoch, from 0.
  ///   - batch: the number of the batch within the epoch, from 0.
  ///   - destination: memory for a whole batch; what is beyond the last image of a smaller batch is left as it is.
  /// - Returns: the number of images.
  @discardableResult
  public func load(epoch: Int, batch: Int, into destination: BatchDestination) -> Int {
    precondition((0..<plan.batchesPerEpoch).contains(batch) && epoch >= 0, "there is no such batch")
    precondition(
      augmentation.mixup == 0 || (destination.secondLabels != nil && destination.labelShares != nil),
      "mixup needs room for second labels and shares")
    let count = plan.size(ofBatch: batch)
    let order = plan.shuffle ? order(epoch: epoch) : []
    let workspace = takeWorkspace()
    defer { putBack(workspace) }
    let size = dataset.imageShape.elementCount
    for place in 0..<count {
      let number = batch * plan.batchSize + place
      let position = plan.shuffle ? order[number] : number
      let output = destination.images + place * size
      sample(position, epoch: epoch, workspace, into: output)
      let label = split.labels[position]
      destination.labels[place] = label
      if augmentation.mixup > 0 {
        let coordinate = coordinate(position, epoch: epoch)
        let partner = mixup.partner(of: coordinate, among: split.count)
        let share = mixup.share(of: coordinate)
        sample(partner, epoch: epoch, workspace, into: workspace.partner)
        for element in 0..<size {
          output[element] = output[element] * share + workspace.partner[element] * (1 - share)
        }
        destination.secondLabels?[place] = split.labels[partner]
        destination.labelShares?[place] = share
      } else {
        destination.secondLabels?[place] = label
        destination.labelShares?[place] = 1
      }
    }
    return count
  }

  /// Fills a buffer, and describes what is in it.
  ///
  /// - Returns: the batch, valid until the buffer is filled again and as long as it lives.
  public func load(epoch: Int, batch: Int, into buffer: BatchBuffer) -> Batch {
    let count = load(epoch: epoch, batch: batch, into: buffer.destination)
    return buffer.batch(epoch: epoch, index: batch, count: count)
  }

  /// Writes the image at a position of the split as it is in an epoch.
  private func sample(
    _ position: Int, epoch: Int, _ workspace: Workspace, into output: UnsafeMutablePointer<Float>
  ) {
    var image =
      dataset.raw.images(of: split.part) + Int(split.indices[position]) * dataset.raw.manifest.imageShape.elementCount
    let coordinate = coordinate(position, epoch: epoch)
    let transform = isAugmenting ? transforms.transform(at: coordinate) : SampleTransform()
    if let window, let part = workspace.part {
      window.write(
        crop?.region(at: coordinate) ?? window.middle, of: image, scratch: workspace.scratch, into: part)
      image = UnsafePointer(part)
    }
    fill.withUnsafeBufferPointer { fill in
      dataset.lookupTable.withUnsafeBufferPointer { plain in
        let values = values(of: image, transform, plain: plain.baseAddress!, workspace)
        sampler.sample(
          image, transform, values: values, fill: fill.baseAddress!, scratch: workspace.scratch, into: output)
      }
    }
  }

  /// What turns an image's bytes into values: the given table, where neither brightness nor contrast is changed.
  private func values(
    of image: UnsafePointer<UInt8>, _ transform: SampleTransform, plain: UnsafePointer<Float>, _ workspace: Workspace
  ) -> PixelValues {
    if transform.brightness == 1 && transform.contrast == 1 { return .table(plain) }
    if transform.affine != nil,
      let values = light.light(brightness: transform.brightness, contrast: transform.contrast)
    {
      return values
    }
    light.fill(workspace.table, brightness: transform.brightness, contrast: transform.contrast, image: image)
    return .table(workspace.table)
  }

  private func coordinate(_ position: Int, epoch: Int) -> SampleCoordinate {
    SampleCoordinate(
      sample: split.indices[position], repetition: split.repetitions?[position] ?? 0, epoch: epoch)
  }

  /// The order of an epoch; the two used last are kept, since batches are prepared across the end of an epoch.
  private func order(epoch: Int) -> [Int] {
    lock.withLock {
      if let known = orders.first(where: { $0.epoch == epoch }) { return known.order }
      if orders.count == 2 { orders.removeFirst() }
      let order = plan.order(epoch: epoch)
      orders.append((epoch, order))
      return order
    }
  }

  private func takeWorkspace() -> Workspace {
    lock.withLock { workspaces.popLast() } ?? Workspace(shape: dataset.imageShape, window: window)
  }

  private func putBack(_ workspace: Workspace) { lock.withLock { workspaces.append(workspace) } }

  /// Memory that one call of `load` needs for itself.
  private final class Workspace {
    /// A table for an image of changed brightness or contrast.
    let table: UnsafeMutablePointer<Float>
    /// An image to be mixed in.
    let partner: UnsafeMutablePointer<Float>
    /// What the sampler needs while it works on an image.
    let scratch: UnsafeMutablePointer<Float>
    /// The part of a stored image that the network sees; nil where it sees all.
    let part: UnsafeMutablePointer<UInt8>?

    init(shape: ImageShape, window: ImageWindow?) {
      table = .allocate(capacity: shape.channels * 256)
      partner = .allocate(capacity: shape.elementCount)
      scratch = .allocate(capacity: max(ImageSampler.scratchCount(shape), window?.scratchCount ?? 0))
      part = window.map { .allocate(capacity: $0.target.elementCount) }
    }

    deinit {
      table.deallocate()
      partner.deallocate()
      scratch.deallocate()
      part?.deallocate()
    }
  }
}
