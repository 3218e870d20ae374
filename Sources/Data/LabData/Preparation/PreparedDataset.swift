import LabCore

/// A data set as a run sees it: splits, class counts and normalisation over shared, mapped images.
///
/// Immutable; one object serves all runs and threads of a process.
public final class PreparedDataset: Sendable {
  /// What was asked for.
  public let configuration: DatasetConfiguration
  /// The decoded images.
  public let raw: RawDataset
  /// The images that the weights are fitted to.
  public let train: DatasetSplit
  /// The images set aside for validation; empty where none were asked for.
  public let validation: DatasetSplit
  /// The test images.
  public let test: DatasetSplit
  /// The extents of every image as a network sees it; the stored ones may be larger.
  public let imageShape: ImageShape
  /// The number of training images of each class, as a class-balanced loss needs them.
  public let classCounts: [Int]
  /// The mean and standard deviation of each channel over the training split, on a scale from 0 to 1.
  public let statistics: ChannelStatistics
  /// The numbers by which images are normalized; nil where they are not.
  public let normalization: ChannelStatistics?
  /// The value that each byte becomes, 256 for each channel; the images of every split go through it.
  package let lookupTable: [Float]
  /// What is odd about the data and how they are split; paths are those of a spec, such as `dataset.validation`.
  public let findings: [Finding]
  /// What became of every file; nil where the data do not come as image files.
  public let fileAccount: FileAccount?
  /// The files of each part's images, in their order.
  private let fileNames: [DatasetPart: [String]]
  /// Identifies everything that a run can see: images, labels, class names, splits and normalisation.
  ///
  /// Neither paths nor the spelling of options enter it, so equal data have equal hashes.
  public let contentHash: ContentHash

  /// Finds, decodes if necessary, and prepares a data set.
  ///
  /// - Parameters:
  ///   - configuration: which data, and which subsets of it.
  ///   - environment: where to look for data and keep the decoded form.
  ///   - progress: receives one sentence whenever a phase that may take long begins or ends.
  /// - Throws: ``DataError``.
  public convenience init(
    _ configuration: DatasetConfiguration, environment: DataEnvironment = .current,
    progress: @escaping DataProgress = { _ in }
  ) throws {
    try self.init(
      configuration, source: configuration.source(environment), environment: environment, progress: progress)
  }

  /// Decodes a source if necessary, and prepares it, whether or not it belongs to a registered data set.
  ///
  /// - Parameters:
  ///   - configuration: which subsets of the data; its `path` and own options are not looked at.
  ///   - source: the data.
  ///   - environment: where to keep the decoded form.
  ///   - progress: receives one sentence whenever a phase that may take long begins or ends.
  /// - Throws: ``DataError``.
  public convenience init(
    _ configuration: DatasetConfiguration, source: any DatasetSource, environment: DataEnvironment = .current,
    progress: @escaping DataProgress = { _ in }
  ) throws {
    let files = source as? ImageFileSource
    let cache = DatasetCache(environment: environment)
    let side = try configuration.checkedStoredSide()
    var raw = try cache.dataset(name: configuration.name, source: source, progress: progress)
    if let conversion = ImageConversion(
      of: raw, imageSize: side, channels: configuration.channels, fit: configuration.resize,
      sourceIdentity: source.identity)
    {
      raw = try cache.dataset(name: configuration.name, source: conversion, progress: progress)
    }
    let skipped = Set(raw.manifest.skippedFiles)
    let names = files.map { files in
      Dictionary(
        uniqueKeysWithValues: DatasetPart.allCases.map { part in
          (part, files.list.entries(of: part).map(\.name).filter { !skipped.contains($0) })
        })
    }
    let account = files?.account(skipping: raw.manifest.skippedFiles)
    try self.init(
      configuration, raw: raw, findings: source.findings + (account?.findings ?? []), fileAccount: account,
      fileNames: names ?? [:])
  }

  /// Prepares a data set that is decoded already; the configuration's `path` and own options are not looked at.
  ///
  /// - Parameters:
  ///   - configuration: which subsets of the data.
  ///   - raw: the decoded data.
  ///   - findings: what was found odd before.
  ///   - fileAccount: what became of every file.
  ///   - fileNames: the files of a part's images, in their order; none where they do not come as files.
  /// - Throws: ``DataError``.
  public init(
    _ configuration: DatasetConfiguration, raw: RawDataset, findings: [Finding] = [], fileAccount: FileAccount? = nil,
    fileNames: [DatasetPart: [String]] = [:]
  ) throws {
    let raw = try raw.converted(
      imageSize: configuration.checkedStoredSide(), channels: configuration.channels, fit: configuration.resize)
    let manifest = raw.manifest
    let seed = UInt64(configuration.subsetSeed)
    let selection = SubsetSelection(labels: manifest.trainLabels, classCount: manifest.classNames.count, seed: seed)
    let held = try Self.validationIndices(configuration, manifest, selection)
    let isHeld = Set(held)
    var fitted = manifest.trainLabels.indices.map(Int32.init).filter { !isHeld.contains($0) }
    if let limit = configuration.trainLimit {
      fitted = selection.stratified(fitted, limit: limit, purpose: "train")
    }
    let balanced = selection.balanced(fitted, configuration.balance)
    let testSelection = SubsetSelection(
      labels: manifest.testLabels, classCount: manifest.classNames.count, seed: seed)
    let tested = testSelection.stratified(
      manifest.testLabels.indices.map(Int32.init), limit: configuration.testLimit ?? .max, purpose: "test")

    func split(_ part: DatasetPart, _ indices: [Int32], _ repetitions: [Int32]? = nil) -> DatasetSplit {
      let labels = manifest.labels(of: part)
      return DatasetSplit(
        part: part, indices: indices, labels: indices.map { labels[Int($0)] }, repetitions: repetitions)
    }
    self.configuration = configuration
    self.raw = raw
    let stored = manifest.imageShape
    imageShape =
      configuration.storedSize == nil
      ? stored
      : ImageShape(
        channels: stored.channels, height: configuration.imageSize ?? stored.height,
        width: configuration.imageSize ?? stored.width)
    train = split(.train, balanced.indices, balanced.repetitions)
    validation = split(.train, held)
    test = split(.test, tested)
    classCounts = selection.counts(of: train.indices)
    statistics = ChannelStatistics(
      images: raw.images(of: .train), shape: manifest.imageShape, indices: train.indices)
    normalization = try configuration.normalize.statistics(own: statistics, channels: manifest.imageShape.channels)
    lookupTable =
      Preprocessing(imageShape: imageShape, resize: configuration.resize, statistics: normalization).lookupTable
    self.fileAccount = fileAccount
    self.fileNames = fileNames
    contentHash = Self.contentHash(
      raw.contentHash, shape: imageShape == stored ? nil : imageShape, splits: [train, validation, test],
      table: lookupTable)
    let survey = DataSurvey(
      dataset: configuration.name, raw: raw, splits: [.train: train, .validation: validation, .test: test]
    ) { Self.name(of: $1, in: $0, fileNames) }
    self.findings =
      findings + manifest.findings + [Self.validationFinding(configuration, manifest)].compactMap(\.self)
      + survey.findings
  }

  /// A validation split that was asked for and has no image.
  private static func validationFinding(_ configuration: DatasetConfiguration, _ manifest: DatasetManifest) -> Finding?
  {
    let total = manifest.trainLabels.count
    guard case .fraction(let share)? = configuration.validation, share > 0,
      configuration.validation?.resolved(of: total) == 0
    else { return nil }
    return Finding(
      key: "dataset.validation",
      message: "the share \(share) of \(total) training images rounds to no image, so that there is no validation "
        + "split",
      remedy: "Set dataset.validation to a number of images, or to a larger share")
  }

  /// What an image of a part is called: its file, as the data set names it, else its number such as `test[12]`.
  public func name(of index: Int, in part: DatasetPart) -> String { Self.name(of: index, in: part, fileNames) }

  private static func name(of index: Int, in part: DatasetPart, _ names: [DatasetPart: [String]]) -> String {
    guard let names = names[part], names.indices.contains(index) else { return "\(part.rawValue)[\(index)]" }
    return names[index]
  }

  /// The number of classes.
  public var classCount: Int { raw.manifest.classNames.count }
  /// The name of each class; a label is an index into it.
  public var classNames: [String] { raw.manifest.classNames }

  /// The split of a name.
  public func split(_ name: SplitName) -> DatasetSplit {
    switch name {
    case .train: train
    case .validation: validation
    case .test: test
    }
  }

  private static func validationIndices(
    _ configuration: DatasetConfiguration, _ manifest: DatasetManifest, _ selection: SubsetSelection
  ) throws -> [Int32] {
    let total = manifest.trainLabels.count
    if configuration.validation == nil, manifest.validationCount > 0 {
      return (total - manifest.validationCount..<total).map(Int32.init)
    }
    let count = configuration.validation?.resolved(of: total) ?? 0
    guard count > 0 else { return [] }
    guard count < total else {
      throw DataError.unusableSplit(
        subject: "validation", actual: "\(count) images", expected: "fewer than the \(total) training images")
    }
    let all = manifest.trainLabels.indices.map(Int32.init)
    switch (configuration.validationBy, manifest.trainGroups) {
    case (.group, nil):
      throw DataError.unusableSplit(
        subject: "validation_by", actual: "\"group\"",
        expected: "\"class\" or \"auto\", since data set \(configuration.name) has no groups")
    case (.group, let groups?), (.auto, let groups?):
      let chosen = selection.grouped(all, groups: groups, count: count)
      guard !chosen.isEmpty else {
        throw DataError.unusableSplit(
          subject: "validation", actual: "\(count) images",
          expected: "enough for at least one whole group that leaves training images of its classes")
      }
      return chosen
    case (.class, _), (.auto, nil): return selection.stratified(all, limit: count, purpose: "validation")
    }
  }

  /// - Parameter shape: the extents of the images that are cut from the stored ones; nil where they are those.
  private static func contentHash(
    _ raw: ContentHash, shape: ImageShape?, splits: [DatasetSplit], table: [Float]
  ) -> ContentHash {
    var hasher = ContentHasher()
    hasher.update("labrun-prepared-1")
    hasher.update(raw.hexadecimal)
    if let shape { hasher.update("cut to \(shape)") }
    for split in splits {
      for numbers in [split.indices, split.repetitions ?? []] {
        hasher.update("\(numbers.count)")
        numbers.map(\.littleEndian).withUnsafeBytes { hasher.update($0) }
      }
    }
    table.map(\.bitPattern.littleEndian).withUnsafeBytes { hasher.update($0) }
    return hasher.finish()
  }
}
