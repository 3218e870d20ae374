import Foundation
import LabCore

extension DatasetDefinition {
  /// Any folder with four files in the format of MNIST.
  static let idxFolder = DatasetDefinition(
    name: "idx",
    summary: "A folder with the four files of MNIST's format: images and labels for training and test, may be gzipped.",
    options: IDXFolderOptions.schema
  ) { configuration, environment in
    let folders = try environment.places(of: configuration, content: "the folder that holds the four IDX files")
    let options = try IDXFolderOptions(configuration)
    return try IDXSource(
      dataset: "idx", folders: folders,
      remedy: "set \"path\" to the folder that holds train-images-idx3-ubyte and the three other files",
      classNames: options.classNames.isEmpty ? nil : options.classNames)
  }
}

/// The options of `idx`.
struct IDXFolderOptions: DatasetOptions {
  /// The name of each class; empty numbers them.
  var classNames: [String] = []

  enum CodingKeys: String, CodingKey, CaseIterable {
    case classNames = "class_names"
  }

  static let schema = ConfigurationSchema([
    .init(
      CodingKeys.classNames.rawValue, .array(.string), default: [],
      "The name of each class in the order of the labels; empty: numbers.")
  ])
}

/// Four IDX files in one folder.
struct IDXSource: DatasetSource {
  let identity: [String]
  let origin: String
  /// The names of the classes; nil numbers them.
  let classNames: [String]?
  private let files: [DatasetPart: (images: String, labels: String)]

  /// Looks for the files in each folder in turn.
  ///
  /// - Parameters:
  ///   - dataset: the data set's name, for the error's text.
  ///   - folders: where to look; the first that has all four files is taken.
  ///   - remedy: what to do if none has.
  ///   - classNames: the names of the classes; nil numbers them.
  /// - Throws: ``DataError/notFound(dataset:searched:remedy:)``.
  init(dataset: String, folders: [String], remedy: String, classNames: [String]?) throws {
    for folder in folders {
      var files = [DatasetPart: (images: String, labels: String)]()
      for (part, prefix) in [(DatasetPart.train, "train"), (.test, "t10k")] {
        guard let images = Self.find("\(prefix)-images", ranks: 3...4, in: folder),
          let labels = Self.find("\(prefix)-labels", ranks: 1...1, in: folder)
        else { break }
        files[part] = (images, labels)
      }
      guard files.count == 2 else { continue }
      self.files = files
      self.classNames = classNames
      origin = folder
      identity =
        try ["idx"]
        + DatasetPart.allCases.compactMap { files[$0] }.flatMap { [$0.images, $0.labels] }
        .map { try FileIdentity(path: $0).text } + (classNames ?? [])
      return
    }
    throw DataError.notFound(dataset: dataset, searched: folders, remedy: remedy)
  }

  func manifest(progress: @escaping DataProgress) throws -> DatasetManifest {
    let train = try header(of: .train)
    let test = try header(of: .test)
    guard train.shape == test.shape else {
      throw DataError.malformedFile(
        path: file(.test).images, actual: "has images of \(test.shape)",
        expected: "\(train.shape) as in \(file(.train).images)")
    }
    return DatasetManifest(
      imageShape: train.shape,
      classNames: classNames ?? DatasetManifest.numberedClassNames(for: train.labels, test.labels),
      trainLabels: train.labels, testLabels: test.labels)
  }

  func decodeImages(
    of part: DatasetPart, manifest: DatasetManifest, into destination: UnsafeMutableBufferPointer<UInt8>,
    progress: DecodingProgress
  ) throws {
    let file = try IDXFile(path: file(part).images, ranks: 3...4)
    let imageByteCount = manifest.imageShape.elementCount
    try file.readElements(into: UnsafeMutableRawBufferPointer(destination)) { progress.add($0 / imageByteCount) }
  }

  private func file(_ part: DatasetPart) -> (images: String, labels: String) { files[part] ?? ("", "") }

  private func header(of part: DatasetPart) throws -> (shape: ImageShape, labels: [Int32]) {
    let (imagePath, labelPath) = file(part)
    let extents = try IDXFile(path: imagePath, ranks: 3...4).dimensions
    let labelFile = try IDXFile(path: labelPath, ranks: 1...1)
    let count = labelFile.dimensions[0]
    guard count == extents[0] else {
      throw DataError.malformedFile(
        path: labelPath, actual: "has \(count) labels", expected: "\(extents[0]), one for each image of \(imagePath)")
    }
    var bytes = [UInt8](repeating: 0, count: count)
    try bytes.withUnsafeMutableBytes { try labelFile.readElements(into: $0) }
    let channels = extents.count == 4 ? extents[3] : 1
    return (ImageShape(channels: channels, height: extents[1], width: extents[2]), bytes.map(Int32.init))
  }

  /// The file of a role, under any of the names in which such files are handed on.
  private static func find(_ stem: String, ranks: ClosedRange<Int>, in folder: String) -> String? {
    for name in ranks.flatMap({ ["\(stem)-idx\($0)-ubyte", "\(stem).idx\($0)-ubyte"] }) {
      for suffix in ["", ".gz"] where FileManager.default.fileExists(atPath: "\(folder)/\(name)\(suffix)") {
        return "\(folder)/\(name)\(suffix)"
      }
    }
    return nil
  }
}
