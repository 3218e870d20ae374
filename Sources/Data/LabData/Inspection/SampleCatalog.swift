import Foundation
import LabCore

/// Every image of a data set as it is published: at its own size, with its part, class and group.
public struct SampleCatalog: Sendable {
  /// One image.
  public struct Sample: Hashable, Sendable {
    /// The part that it is published in.
    public var part: DatasetPart
    /// Its path within the data set, or its number.
    public var name: String
    /// Its class.
    public var label: Int
    /// What it belongs to (a recording, a patient), where that is known.
    public var group: String?
    /// Whether it is published for validation, apart from the other training images.
    public var isValidation = false

    /// The split that it is published in.
    public var split: SplitName { isValidation ? .validation : part == .train ? .train : .test }
  }

  /// What is known of an image once it has been decoded.
  public struct Facts: Hashable, Sendable {
    /// Its own extents.
    public var shape: ImageShape
    /// The hash of its extents and pixels; equal for equal pictures, whatever their files' formats.
    public var pixelHash: ContentHash
    /// How often each value of each channel occurs, 256 for each channel.
    var histogram: [UInt32]
    /// What its file says beside the pixels.
    var traits: ImageTraits = []
  }

  private enum Content: Sendable {
    case files([ImageFileList.Entry])
    case decoded(RawDataset)
  }

  /// The name of the data set.
  public let dataset: String
  /// The folder, file or generator that the images are from.
  public let origin: String
  /// The name of each class; a label is an index into it.
  public let classNames: [String]
  /// The images: training first, then validation, then test.
  public let samples: [Sample]
  /// What listing the images, and reading what belongs to them, found odd.
  public let findings: [Finding]
  /// What became of every file, damaged ones counted as read; nil where the data do not come as image files.
  public let account: FileAccount?
  /// The names of files that are not there.
  let missingNames: Set<String>
  private let content: Content

  /// Lists the images of a data set; those that come as files are not decoded yet.
  ///
  /// - Parameters:
  ///   - configuration: the data set.
  ///   - environment: where data are looked for.
  ///   - ignoresParts: whether all images count as training images, in the order of their names.
  ///   - progress: receives a sentence at each new phase.
  /// - Throws: ``DataError``.
  public init(
    _ configuration: DatasetConfiguration, environment: DataEnvironment = .current, ignoresParts: Bool = false,
    progress: @escaping DataProgress = { _ in }
  ) throws {
    let source = try configuration.source(environment)
    let files = source as? ImageFileSource
    dataset = configuration.name
    origin = source.origin
    account = files?.account(skipping: [])
    missingNames = files?.missingNames ?? []
    let early = source.findings + (account?.findings ?? [])
    if let list = files?.list {
      classNames = list.classNames
      let parts = [(SplitName.train, list.train), (.validation, list.validation), (.test, list.test)]
      var entries = parts.flatMap { split, entries in entries.map { (split, $0) } }
      if ignoresParts {
        entries = entries.map { ($0 == .validation ? $0 : .train, $1) }
          .sorted { ($0.0 == .validation ? 1 : 0, $0.1.name) < ($1.0 == .validation ? 1 : 0, $1.1.name) }
      }
      samples = entries.map { split, entry in
        Sample(
          part: split == .test ? .test : .train, name: entry.name, label: Int(entry.label), group: entry.group,
          isValidation: split == .validation)
      }
      content = .files(entries.map(\.1))
      findings = early
    } else {
      let raw = try DatasetCache(environment: environment)
        .dataset(name: configuration.name, source: source, progress: progress)
      let manifest = raw.manifest
      classNames = manifest.classNames
      samples = DatasetPart.allCases.flatMap { part in
        manifest.labels(of: part).enumerated().map { index, label in
          let group = part == .train ? manifest.trainGroups.map { String($0[index]) } : nil
          return Sample(
            part: ignoresParts ? .train : part, name: "\(part.rawValue)[\(index)]", label: Int(label), group: group,
            isValidation: part == .train && index >= manifest.trainLabels.count - manifest.validationCount)
        }
      }
      content = .decoded(raw)
      findings = early + manifest.findings
    }
  }

  /// Decodes an image.
  ///
  /// - Throws: ``DataError`` where its file is damaged.
  package func image(at index: Int) throws -> DecodedImage {
    switch content {
    case .files(let entries): return try ImageFileSource.decoded(entries[index])
    case .decoded(let raw):
      let count = raw.manifest.trainLabels.count
      let pixels = index < count ? raw.pixels(at: index, of: .train) : raw.pixels(at: index - count, of: .test)
      return DecodedImage(shape: raw.manifest.imageShape, pixels: pixels)
    }
  }

  /// An image no larger than a square, for a list of many: a larger one is made smaller, a smaller one stays as it is.
  ///
  /// - Parameters:
  ///   - index: its place in ``samples``.
  ///   - side: the square's side in pixels.
  /// - Throws: ``DataError`` where its file is damaged.
  package func thumbnail(at index: Int, side: Int) throws -> DecodedImage {
    let image = try image(at: index)
    let shape = image.shape
    guard max(shape.width, shape.height) > side else { return image }
    let scale = Double(side) / Double(max(shape.width, shape.height))
    func scaled(_ length: Int) -> Int { max(1, Int((Double(length) * scale).rounded())) }
    let target = ImageShape(channels: shape.channels, height: scaled(shape.height), width: scaled(shape.width))
    var pixels = [UInt8](repeating: 0, count: target.elementCount)
    pixels.withUnsafeMutableBufferPointer { output in
      guard let base = output.baseAddress else { return }
      ImageResizer(target: target, fit: .squash).resize(image.pixels, shape: shape, into: base)
    }
    return DecodedImage(shape: target, pixels: pixels)
  }

  /// Decodes every image, and says what it is or why it cannot be used.
  ///
  /// - Parameters:
  ///   - isAlone: whether nobody else needs the machine, so that all cores are used; else it is one thread, the caller's.
  ///   - progress: receives how far it is.
  public func measure(
    isAlone: Bool = true, progress: @escaping DataProgress = { _ in }
  ) -> [Result<Facts, any Error>] {
    let counter = DecodingProgress("looking at \(dataset)", total: samples.count, report: progress)
    guard isAlone else {
      return samples.indices.map { index in
        defer { counter.add(1) }
        return Result { Facts(try image(at: index)) }
      }
    }
    return Parallel.results(of: Array(samples.indices), chunkSize: 16, done: counter.add) { index in
      Facts(try image(at: index))
    }
  }
}

extension SampleCatalog.Facts {
  /// Whether every pixel is the same.
  var isConstant: Bool {
    (0..<shape.channels).allSatisfy { channel in
      histogram[channel * 256..<(channel + 1) * 256].count { $0 > 0 } <= 1
    }
  }

  /// Measures an image.
  init(_ image: DecodedImage) {
    shape = image.shape
    traits = image.traits
    var hasher = ContentHasher()
    hasher.update("\(image.shape)")
    image.pixels.withUnsafeBytes { hasher.update($0) }
    pixelHash = hasher.finish()
    histogram = [UInt32](repeating: 0, count: 256 * image.shape.channels)
    for (index, value) in image.pixels.enumerated() {
      histogram[index % image.shape.channels * 256 + Int(value)] += 1
    }
  }
}
