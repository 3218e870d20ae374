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

  enum CodingKeys: String, CodingKey, CaseIterable {
    case groups
  }

  static let schema = ConfigurationSchema([
    .init(
      CodingKeys.groups.rawValue, .optional(.string), default: .null,
      "The name, within train, of the integers that say which images belong together; null: groups or track.")
  ])
}

/// One HDF5 file with a group for each part.
struct HDF5Source: DatasetSource {
  let identity: [String]
  let origin: String
  private let groups: String?

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
    let parts = try parts ?? HDF5Parts(ofFile: path, groups: options.groups)
    try parts.checkCompleteness()
    identity = try ["hdf5-3"] + parts.identities() + ["groups " + (groups ?? "")]
  }

  func manifest(progress: @escaping DataProgress) throws -> DatasetManifest {
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
      return manifest
    }
  }

  func decodeImages(
    of part: DatasetPart, manifest: DatasetManifest, into destination: UnsafeMutableBufferPointer<UInt8>,
    progress: DecodingProgress
  ) throws {
    // Validation images of the file's own stand behind the training images.
    let held = part == .train ? manifest.validationCount * manifest.imageShape.elementCount : 0
    let boundary = destination.count - held
    try HDF5Reader.reading(origin) {
      try $0.readBytes(
        "\(part.rawValue)/images", into: .init(rebasing: destination[..<boundary]), progress: progress.add)
      guard held > 0 else { return }
      try $0.readBytes("validation/images", into: .init(rebasing: destination[boundary...]), progress: progress.add)
    }
  }

  private func hasValidation(_ reader: HDF5Reader) -> Bool { reader.names(in: "validation").contains("images") }

  private func header(of part: String, reader: HDF5Reader) throws -> (shape: ImageShape, labels: [Int32]) {
    let images = "\(part)/images"
    let extents = try reader.dimensions(of: images)
    guard try reader.holdsUnsignedBytes(images) else {
      throw malformed("has no unsigned bytes at \(images)", "uint8 values from 0 to 255")
    }
    guard extents.count == 3 || extents.count == 4 else {
      throw malformed("has the extents \(extents) at \(images)", "[count, height, width, channels]")
    }
    let labels = try reader.integers("\(part)/labels")
    guard labels.count == extents[0] else {
      throw malformed("has \(labels.count) \(part) labels", "\(extents[0]), one for each image")
    }
    let shape = ImageShape(channels: extents.count == 4 ? extents[3] : 1, height: extents[1], width: extents[2])
    return (shape, try labels.enumerated().map { try label($1, at: $0, of: part) })
  }

  private func label(_ value: Int64, at index: Int, of part: String) throws -> Int32 {
    // A mistaken label, such as 255 or 2³¹ for "none", must not create that many classes.
    guard (0..<65536).contains(value) else {
      throw malformed("has label \(value) at \(part) image \(index)", "labels from 0 to 65535")
    }
    return Int32(value)
  }

  /// Class names from a text attribute of the file: an array of strings, or one string that is a JSON array.
  private func classNames(_ reader: HDF5Reader) -> [String]? {
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
  private func groupNumbers(_ reader: HDF5Reader, hasValidation: Bool) throws -> [Int32]? {
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
