import Foundation
import LabCore

/// What happens to image files that are damaged.
enum DamagedFilePolicy: String, Codable, CaseIterable {
  /// The data set cannot be used, and every damaged file is named.
  case fail
  /// They are left out, and every one is named once.
  case skip

  /// The option's key and the field that data sets of image files share.
  static let key = "on_corrupt"
  static let field = ConfigurationSchema.Field(
    key, .choice(allCases.map(\.rawValue)), default: .string(fail.rawValue),
    "Whether damaged or missing image files end the run (fail) or are left out (skip); each is named either way.")
}

/// Decodes image files of any size into images of one shape, on all cores.
struct ImageFileSource: DatasetSource {
  let identity: [String]
  let origin: String
  private let dataset: String
  let list: ImageFileList
  private let imageSize: Int?
  private let channels: Int?
  private let fit: ImageFit
  private let decoding: JPEGDecoding
  private let policy: DamagedFilePolicy
  /// What is wrong with the files that are not there, in the order of the list.
  private let missing: [(name: String, problem: String)]

  /// Prepares to decode a list of files.
  ///
  /// - Parameters:
  ///   - list: the files.
  ///   - configuration: size, channels and fit; where they are nil the images' own are taken.
  ///   - policy: what happens to damaged files.
  ///   - channels: the channels where the configuration leaves them open; nil looks at every image.
  init(
    _ list: ImageFileList, configuration: DatasetConfiguration, policy: DamagedFilePolicy, channels: Int? = nil
  ) throws {
    self.list = list
    self.policy = policy
    dataset = configuration.name
    origin = list.origin
    imageSize = configuration.storedSide
    self.channels = configuration.channels ?? channels
    fit = configuration.resize
    // Without a size there is nothing that images are reduced for.
    decoding = imageSize == nil ? .full : configuration.jpegDecoding
    var hasher = ContentHasher()
    var missing: [(name: String, problem: String)] = []
    for part in DatasetPart.allCases {
      hasher.update("\(list.entries(of: part).count)")
      for entry in list.entries(of: part) {
        // Something that is no file, such as a pipe, would be waited for.
        if FolderReader.kind(of: entry.path) == .file {
          hasher.update(try FileIdentity(path: entry.path).text)
        } else {
          // A file that the machine refuses is not one that is missing.
          do { _ = try FileIdentity(path: entry.path) } catch  where error.isErrorOfMachine { throw error } catch {}
          hasher.update("missing \(entry.path)")
          missing.append((entry.name, "\(Self.lack(of: entry))"))
        }
        hasher.update("\(entry.label) \(entry.group ?? "") \(entry.region.map { "\($0.columns) \($0.rows)" } ?? "")")
      }
    }
    for name in list.classNames { hasher.update(name) }
    if !list.validation.isEmpty { hasher.update("validation \(list.validation.count)") }
    self.missing = missing
    identity =
      [
        "image-files-1", hasher.finish().hexadecimal, "\(imageSize ?? 0) \(self.channels ?? 0) \(fit.rawValue)",
        policy.rawValue,
      ]
      + (decoding == .full ? [] : ["jpeg \(decoding.rawValue) 1"])
  }

  func manifest(progress: @escaping DataProgress) throws -> DatasetManifest {
    // Whether pixels are whole is known only once they are decoded; an end at the first damage needs no look ahead.
    let looksAtPixels = policy == .skip
    if policy == .fail, !missing.isEmpty { throw unreadable(missing.map(\.problem)) }
    var problems = Dictionary(missing.map { ($0.name, $0.problem) }) { first, _ in first }
    var shapes = [(name: String, shape: ImageShape)]()
    if looksAtPixels || imageSize == nil || channels == nil {
      let entries = (list.entries(of: .train) + list.test).filter { problems[$0.name] == nil }
      let counter = DecodingProgress("looking at \(dataset)", total: entries.count, report: progress)
      for (entry, result) in zip(
        entries,
        Parallel.results(of: entries, chunkSize: 16, done: counter.add) { try shape(of: $0, decodes: looksAtPixels) })
      {
        switch result {
        case .success(let shape): shapes.append((entry.name, shape))
        // What the machine refuses says nothing of the image, which must not be left out for it.
        case .failure(let error) where error.isErrorOfMachine: throw error
        case .failure(let error): problems[entry.name] = "\(error)"
        }
      }
    }
    if policy == .fail, !problems.isEmpty { throw unreadable(problems.sorted { $0.key < $1.key }.map(\.value)) }
    for (_, problem) in problems.sorted(by: { $0.key < $1.key }) { progress("left out: \(problem)") }
    func usable(_ part: DatasetPart) -> [ImageFileList.Entry] {
      list.entries(of: part).filter { problems[$0.name] == nil }
    }
    let (train, test) = (usable(.train), usable(.test))
    var manifest = DatasetManifest(
      imageShape: try commonShape(shapes), classNames: list.classNames, trainLabels: train.map(\.label),
      trainGroups: ImageFileList.numbered(train.map(\.group)), testLabels: test.map(\.label))
    manifest.skippedFiles = problems.keys.sorted()
    manifest.validationCount = list.validation.count { problems[$0.name] == nil }
    return manifest
  }

  func decodeImages(
    of part: DatasetPart, manifest: DatasetManifest, into destination: UnsafeMutableBufferPointer<UInt8>,
    progress: DecodingProgress
  ) throws {
    let skipped = Set(manifest.skippedFiles)
    let entries = list.entries(of: part).filter { !skipped.contains($0.name) }
    let resizer = ImageResizer(target: manifest.imageShape, fit: fit, decoding: decoding)
    let size = manifest.imageShape.elementCount
    // Images are disjoint parts of the destination, and each is written by one iteration.
    let target = Destination(base: destination.baseAddress!)
    let results = Parallel.results(of: Array(entries.enumerated()), chunkSize: 16, done: progress.add) { index, entry in
      let image = try Self.decoded(entry, scale: resizer.scale)
      progress.note(image.traits, of: entry.name)
      resizer.resize(image, into: target.base + index * size)
    }
    let problems = try results.compactMap { result -> String? in
      guard case .failure(let error) = result else { return nil }
      if error.isErrorOfMachine { throw error }
      return "\(error)"
    }
    guard problems.isEmpty else {
      for problem in problems { progress.note("unusable: \(problem)") }
      throw unreadable(problems)
    }
  }

  private struct Destination: @unchecked Sendable { let base: UnsafeMutablePointer<UInt8> }

  var findings: [Finding] { list.findings }

  /// What became of every file.
  ///
  /// - Parameter skipped: the files that were left out when they were decoded, as a manifest names them.
  func account(skipping skipped: [String]) -> FileAccount {
    let lost = missingNames
    return list.account.moving(missing.map(\.name), to: .missing)
      .moving(skipped.filter { !lost.contains($0) }, to: .damaged)
  }

  /// The files that are not there.
  var missingNames: Set<String> { Set(missing.map(\.name)) }

  /// What is wrong with an entry that is no file.
  private static func lack(of entry: ImageFileList.Entry) -> DataError {
    let actual =
      switch FolderReader.kind(of: entry.path) {
      case .file: "cannot be read"
      case .folder: "is a folder"
      case .special: "is no regular file"
      case .brokenLink, nil:
        (try? FileManager.default.destinationOfSymbolicLink(atPath: entry.path))
          .map { "is a link to \($0), which is not there" } ?? "is not there"
      }
    return .malformedFile(
      path: entry.path, actual: actual + (entry.source.map { " (\($0))" } ?? ""), expected: "an image file")
  }

  /// Decodes a file's image, or the part of it that is used, which is always taken from the whole.
  static func decoded(_ entry: ImageFileList.Entry, scale: JPEGScale = .full) throws -> DecodedImage {
    guard FolderReader.kind(of: entry.path) == .file else { throw lack(of: entry) }
    let image = try ImageDecoder.decode(path: entry.path, scale: entry.region == nil ? scale : .full)
    guard let region = entry.region else { return image }
    do throws(ImageProblem) {
      return try image.cropped(to: region)
    } catch {
      throw error.error(path: entry.path)
    }
  }

  private func shape(of entry: ImageFileList.Entry, decodes: Bool) throws -> ImageShape {
    if decodes { return try Self.decoded(entry).shape }
    var shape = try ImageDecoder.shape(path: entry.path)
    if let region = entry.region { (shape.height, shape.width) = (region.rows.count, region.columns.count) }
    return shape
  }

  /// The shape of the decoded images: what was asked for, and else what all files have in common.
  private func commonShape(_ shapes: [(name: String, shape: ImageShape)]) throws -> ImageShape {
    let channels = channels ?? (shapes.contains { $0.shape.channels == 3 } ? 3 : 1)
    if let imageSize { return ImageShape(channels: channels, height: imageSize, width: imageSize) }
    guard let first = shapes.first else {
      throw DataError.malformedFile(path: origin, actual: "has no usable image", expected: "at least one")
    }
    if let other = shapes.first(where: { ($0.shape.height, $0.shape.width) != (first.shape.height, first.shape.width) })
    {
      throw DataError.invalidOption(
        key: "image_size", actual: "null",
        expected: "a size in pixels, since images differ: \(first.name) is \(first.shape.width)×\(first.shape.height) "
          + "and \(other.name) is \(other.shape.width)×\(other.shape.height)")
    }
    return ImageShape(channels: channels, height: first.shape.height, width: first.shape.width)
  }

  private func unreadable(_ problems: [String]) -> DataError {
    .unreadableImages(
      subject: "data set \(dataset)", problems: problems,
      remedy: "fetch them again, or set \"on_corrupt\" to \"skip\" to leave them out")
  }
}
