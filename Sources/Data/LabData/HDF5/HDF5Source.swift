import Foundation
import LabCore

extension DatasetDefinition {
  /// An HDF5 file of images and labels.
  static let hdf5File = DatasetDefinition(
    name: "hdf5",
    summary:
      "An HDF5 file with {train,test}/images (uint8, N×H×W×C) and labels, and validation and groups if it has any.",
    options: HDF5FileOptions.schema
  ) { configuration, environment in
    let file = try environment.place(
      of: configuration, content: "the HDF5 file that holds the images",
      remedy: "set \"path\" to an HDF5 file, or LABRUN_DATA to the folder that holds it")
    return try HDF5Source(path: file, options: HDF5FileOptions(configuration))
  }
}

/// The options of `hdf5`.
struct HDF5FileOptions: DatasetOptions {
  /// The data set of group ids within `train`; nil takes `groups` or `track` where there is one.
  var groups: String?
  /// Where the channels of images stand.
  var layout = HDF5Layout.auto

  enum CodingKeys: String, CodingKey, CaseIterable {
    case groups, layout
  }

  static let schema = ConfigurationSchema([
    .init(
      CodingKeys.groups.rawValue, .optional(.string), default: .null,
      "The name, within train, of the integers that say which images belong together; null: groups or track."),
    .init(
      CodingKeys.layout.rawValue, .choice(HDF5Layout.allCases.map(\.rawValue)), default: .string("auto"),
      // What it does to images is part of their hash.
      isResultRelevant: false,
      "Whether images are stored N×H×W×C (channels_last) or N×C×H×W (channels_first); auto: as their extents suggest."),
  ])
}

/// One HDF5 file with a group for each part.
struct HDF5Source: DatasetSource, Codable {
  let identity: [String]
  let origin: String
  private let groups: String?
  private let layout: HDF5Layout

  /// The names under which groups are looked for.
  static let groupNames = ["groups", "track"]

  /// Finds the files that hold the data.
  ///
  /// - Parameters:
  ///   - path: the file that is named.
  ///   - options: how it is read.
  ///   - parts: all files that hold its data; nil looks for them.
  /// - Throws: ``DataError`` where some are missing.
  init(path: String, options: HDF5FileOptions, parts: HDF5Parts? = nil) throws {
    origin = path
    groups = options.groups
    layout = options.layout
    let parts = try parts ?? ForeignHDF5.run(HDF5PartsTask(path: path, groups: options.groups))
    try parts.checkCompleteness()
    identity = try ["hdf5-3"] + parts.identities() + ["groups " + (groups ?? ""), layout.rawValue]
  }

  func manifest(progress: @escaping DataProgress) throws -> DatasetManifest {
    try ForeignHDF5.run(HDF5ManifestTask(source: self))
  }

  /// Reads the manifest in this process.
  func manifestHere() throws -> DatasetManifest {
    try HDF5Reader.reading(origin) { reader in
      let train = try header(of: "train", reader: reader)
      let test = try header(of: "test", reader: reader)
      let hasValidation = hasValidation(reader)
      let validation = hasValidation ? try header(of: "validation", reader: reader) : (train.shape, [])
      for (name, shape) in [("test", test.shape), ("validation", validation.0)] where shape != train.shape {
        throw malformed("has \(name) images of \(shape)", "\(train.shape) as the training images")
      }
      var manifest = DatasetManifest(
        imageShape: train.shape,
        classNames: classNames(reader)
          ?? DatasetManifest.numberedClassNames(for: train.labels, validation.1, test.labels),
        trainLabels: train.labels + validation.1, trainGroups: try groupNumbers(reader, hasValidation: hasValidation),
        testLabels: test.labels)
      manifest.validationCount = validation.1.count
      manifest.findings = try reading("train/images", reader).finding.map { [$0] } ?? []
      return manifest
    }
  }

  func decodeImages(
    of part: DatasetPart, manifest: DatasetManifest, into destination: UnsafeMutableBufferPointer<UInt8>,
    progress: DecodingProgress
  ) throws {
    let task = HDF5ImagesTask(source: self, part: part, hasValidation: manifest.validationCount > 0)
    let size = manifest.imageShape.elementCount
    var filled = 0
    try ForeignHDF5.run(task) { bytes in
      guard bytes.count <= destination.count - filled else { throw changed }
      UnsafeMutableRawBufferPointer(destination).baseAddress?.advanced(by: filled)
        .copyMemory(from: bytes.baseAddress!, byteCount: bytes.count)
      progress.add((filled + bytes.count) / size - filled / size)
      filled += bytes.count
    }
    guard filled == destination.count else { throw changed }
  }

  /// Reads images in this process and gives them away in pieces.
  func imagesHere(
    of part: DatasetPart, hasValidation: Bool, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    try HDF5Reader.reading(origin) { reader in
      try read("\(part.rawValue)/images", reader, body)
      // Validation images of the file's own stand behind the training images.
      if part == .train, hasValidation { try read("validation/images", reader, body) }
    }
  }

  /// Reads images so that the channels of a pixel stand side by side.
  private func read(_ name: String, _ reader: borrowing HDF5Reader, _ body: (UnsafeRawBufferPointer) throws -> Void)
    throws
  {
    let reading = try reading(name, reader)
    try reader.readBytes(name) { piece in
      if reading.isChannelsFirst { HDF5Layout.interleave(piece, shape: reading.shape) }
      try body(UnsafeRawBufferPointer(piece))
    }
  }

  private var changed: DataError { malformed("has changed while it was read", "a file that nobody writes to") }

  /// What the extents of images mean.
  private func reading(_ name: String, _ reader: borrowing HDF5Reader) throws -> HDF5Layout.Reading {
    let extents = try reader.dimensions(of: name)
    guard extents.count == 3 || extents.count == 4 else {
      throw malformed("has the extents \(extents) at \(name)", "[count, height, width, channels]")
    }
    return layout.reading(of: extents, name: name)
  }

  private func hasValidation(_ reader: borrowing HDF5Reader) -> Bool {
    reader.names(in: "validation").contains("images")
  }

  private func header(of part: String, reader: borrowing HDF5Reader) throws -> (shape: ImageShape, labels: [Int32]) {
    let images = "\(part)/images"
    let reading = try reading(images, reader)
    guard try reader.holdsUnsignedBytes(images) else {
      // Floats would have to be scaled, and nobody says from where to where; infinite ones have no place at all.
      throw malformed(
        "has \(try reader.kind(of: images)) at \(images)",
        "unsigned bytes from 0 to 255, such as (255 * images).round().astype(\"uint8\") of finite values from 0 to 1")
    }
    let count = try reader.dimensions(of: images)[0]
    let labels = try reader.integers("\(part)/labels")
    guard labels.count == count else {
      throw malformed("has \(labels.count) \(part) labels", "\(count), one for each image")
    }
    return (reading.shape, try labels.enumerated().map { try label($1, at: $0, of: part) })
  }

  private func label(_ value: Int64, at index: Int, of part: String) throws -> Int32 {
    // A mistaken label, such as 255 or 2³¹ for "none", must not create that many classes.
    guard (0..<65536).contains(value) else {
      throw malformed("has label \(value) at \(part) image \(index)", "labels from 0 to 65535")
    }
    return Int32(value)
  }

  /// Class names from a text attribute of the file: an array of strings, or one string that is a JSON array.
  private func classNames(_ reader: borrowing HDF5Reader) -> [String]? {
    for attribute in ["class_names", "classes"] {
      guard let strings = reader.strings(ofAttribute: attribute) else { continue }
      if strings.count == 1, let names = try? JSONDecoder().decode([String].self, from: Data(strings[0].utf8)) {
        return names
      }
      return strings
    }
    return nil
  }

  /// Group ids numbered in the order in which they first occur.
  private func groupNumbers(_ reader: borrowing HDF5Reader, hasValidation: Bool) throws -> [Int32]? {
    let present = reader.names(in: "train")
    guard let name = groups ?? Self.groupNames.first(where: present.contains) else { return nil }
    var numbers = [Int64: Int32]()
    let identifiers =
      try reader.integers("train/\(name)") + (hasValidation ? reader.integers("validation/\(name)") : [])
    return identifiers.map { identifier in
      if let number = numbers[identifier] { return number }
      let number = Int32(numbers.count)
      numbers[identifier] = number
      return number
    }
  }

  private func malformed(_ actual: String, _ expected: String) -> DataError {
    .malformedFile(path: origin, actual: actual, expected: expected)
  }
}
