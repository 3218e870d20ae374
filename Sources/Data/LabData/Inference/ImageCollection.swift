import Foundation
import LabCore

/// Images that a trained model is to classify: files, an HDF5 file's rows, or a split of a data set.
public struct ImageCollection: Sendable {
  /// An image that cannot be read.
  public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The place of the image in the collection.
    public var index: Int
    /// What is wrong, with the file's path.
    public var description: String
  }

  private enum Content: Sendable {
    case files([String])
    case encoded([EncodedImage])
    case packed(PackedImages)
    case split(PreparedDataset, DatasetSplit)
  }

  /// What each image is called: its path (within a data set, as that names it), or its number.
  public let names: [String]
  /// The true class of each image by its name, where it is known.
  public let labels: [String?]
  private let content: Content
  /// The places of the images in the content; nil for all in their order.
  private let places: [Int]?

  /// The number of images.
  public var count: Int { names.count }

  /// Takes image files, and of folders every image file within.
  ///
  /// - Parameters:
  ///   - paths: files and folders.
  ///   - classNames: the model's classes; an image in a folder of such a name is taken to be of that class.
  /// - Throws: ``DataError`` where a path does not exist or a folder has no images.
  public init(paths: [String], classNames: [String]) throws {
    let known = Set(classNames)
    var files: [String] = []
    var labels: [String?] = []
    for path in paths {
      let path = (path as NSString).expandingTildeInPath
      guard FileManager.default.fileExists(atPath: path) else {
        throw DataError.inaccessible(path: path, reason: "it is not there", remedy: "check its path")
      }
      guard ImageFolder.isFolder(path) else {
        files.append(path)
        labels.append(nil)
        continue
      }
      let found = try ImageFolder.imageFiles(in: path)
      guard !found.isEmpty else {
        throw DataError.inaccessible(
          path: path, reason: "it has no image files", remedy: "name a folder with image files (\(ImageFormat.list))")
      }
      for file in found {
        let folder = path.hasSuffix("/") ? String(path.dropLast()) : path
        files.append("\(folder)/\(file)")
        labels.append(files[files.count - 1].split(separator: "/").dropLast().last.map(String.init))
      }
    }
    names = files
    self.labels = labels.map { label in label.flatMap { known.contains($0) ? $0 : nil } }
    content = .files(files)
    places = nil
  }

  /// Takes image files that are in memory.
  ///
  /// - Parameter images: the files, whose names are those of the images; nobody knows their classes.
  package init(_ images: [EncodedImage]) {
    names = images.map(\.name)
    labels = Array(repeating: nil, count: images.count)
    content = .encoded(images)
    places = nil
  }

  /// Takes the images of an HDF5 file: `test/images`, or `images`, or another data set that is named.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - dataset: the data set of unsigned bytes, N×H×W×C or N×H×W; nil looks for it.
  ///   - classNames: the model's classes, which the labels beside the images are indices of.
  /// - Throws: ``DataError``.
  public init(hdf5 path: String, dataset: String? = nil, classNames: [String]) throws {
    let (images, numbers) = try PackedImages.read(path, dataset: dataset)
    names = (0..<images.count).map { "\((path as NSString).lastPathComponent)[\($0)]" }
    if let numbers {
      labels = try numbers.map { number in
        guard classNames.indices.contains(Int(clamping: number)) else {
          throw DataError.malformedFile(
            path: path, actual: "has label \(number)", expected: "labels from 0 to \(classNames.count - 1)")
        }
        return classNames[Int(number)]
      }
    } else {
      labels = Array(repeating: nil, count: images.count)
    }
    content = .packed(images)
    places = nil
  }

  /// Takes a split of a data set, in its order.
  public init(_ dataset: PreparedDataset, split: SplitName) {
    let split = dataset.split(split)
    names = split.indices.map { dataset.name(of: Int($0), in: split.part) }
    labels = split.labels.map { dataset.classNames[Int($0)] }
    content = .split(dataset, split)
    places = nil
  }

  private init(_ collection: ImageCollection, at indices: [Int]) {
    names = indices.map { collection.names[$0] }
    labels = indices.map { collection.labels[$0] }
    content = collection.content
    places = indices.map { collection.places?[$0] ?? $0 }
  }

  /// Some of the images, in any order.
  ///
  /// - Parameter indices: their places in this collection.
  public func selecting(_ indices: [Int]) -> ImageCollection { ImageCollection(self, at: indices) }

  /// Loads some images as a model sees them, on the calling thread; any number of threads may load at the same time.
  ///
  /// ## Shapes
  /// - output: `[range.count, channels, height, width]`; images that cannot be read are left as they are.
  ///
  /// - Returns: what could not be read.
  public func load(
    _ range: Range<Int>, as preprocessing: Preprocessing, into output: UnsafeMutablePointer<Float>
  ) -> [Failure] {
    let loader = Loader(preprocessing: preprocessing, output: output, first: range.lowerBound)
    return range.compactMap { index in
      do {
        try withPixels(of: index, for: loader.resizer) { try loader.write($0, $1, full: $2, at: index) }
        return nil
      } catch {
        return Failure(index: index, description: "\(error)")
      }
    }
  }

  /// An image as a model sees it, before its values are normalized: of the model's extents and channels.
  ///
  /// - Parameters:
  ///   - index: the place of the image in the collection.
  ///   - preprocessing: what is done to it.
  /// - Throws: ``DataError`` where it cannot be read.
  package func resized(_ index: Int, as preprocessing: Preprocessing) throws -> DecodedImage {
    let resizer = preprocessing.resizer
    var image = DecodedImage(
      shape: resizer.target, pixels: Array(repeating: 0, count: resizer.target.elementCount))
    try withPixels(of: index, for: resizer) { image.pixels = try resizer.bytes(of: $0, $1, full: $2) }
    return image
  }

  /// Lends an image's bytes, with their extents and those of the file.
  private func withPixels(
    of place: Int, for resizer: ImageResizer,
    _ body: (UnsafePointer<UInt8>, ImageShape, _ full: ImageShape) throws -> Void
  ) throws {
    let index = places?[place] ?? place
    switch content {
    case .files(let paths):
      let image = try ImageDecoder.decode(path: paths[index], scale: resizer.scale)
      try image.pixels.withUnsafeBufferPointer { try body($0.baseAddress!, image.shape, image.fullShape) }
    case .encoded(let images):
      let image = try images[index].decoded(scale: resizer.scale)
      try image.pixels.withUnsafeBufferPointer { try body($0.baseAddress!, image.shape, image.fullShape) }
    case .packed(let images):
      try images.withPixels(at: index) { try body($0, images.shape, images.shape) }
    case .split(let dataset, let split):
      let shape = dataset.raw.manifest.imageShape
      try withExtendedLifetime(dataset) {
        try body(dataset.raw.images(of: split.part) + Int(split.indices[index]) * shape.elementCount, shape, shape)
      }
    }
  }

  /// Resizes, normalises and separates channels.
  private struct Loader {
    let resizer: ImageResizer
    private let table: [Float]
    private let output: UnsafeMutablePointer<Float>
    private let first: Int

    init(preprocessing: Preprocessing, output: UnsafeMutablePointer<Float>, first: Int) {
      resizer = preprocessing.resizer
      table = preprocessing.lookupTable
      self.output = output
      self.first = first
    }

    func write(_ pixels: UnsafePointer<UInt8>, _ shape: ImageShape, full: ImageShape, at index: Int) throws {
      let bytes = try resizer.bytes(of: pixels, shape, full: full)
      let target = resizer.target
      let plane = target.height * target.width
      let image = output + (index - first) * target.elementCount
      for channel in 0..<target.channels {
        for pixel in 0..<plane {
          image[channel * plane + pixel] = table[channel * 256 + Int(bytes[pixel * target.channels + channel])]
        }
      }
    }
  }
}

extension ImageResizer {
  /// The bytes of an image that a model is to see.
  ///
  /// - Throws: ``DataError`` where the model's images have other channels.
  fileprivate func bytes(
    of pixels: UnsafePointer<UInt8>, _ shape: ImageShape, full: ImageShape
  ) throws -> [UInt8] {
    guard shape.channels == target.channels || ([1, 3].contains(shape.channels) && [1, 3].contains(target.channels))
    else {
      throw DataError.invalidOption(
        key: "channels", actual: "\(shape.channels)", expected: "\(target.channels), as the model was trained with")
    }
    var bytes = [UInt8](repeating: 0, count: target.elementCount)
    bytes.withUnsafeMutableBufferPointer { resize(pixels, shape: shape, fullShape: full, into: $0.baseAddress!) }
    return bytes
  }
}

/// Images of one shape in memory.
private final class PackedImages: Sendable {
  let shape: ImageShape
  let count: Int
  private let bytes: [UInt8]

  private init(shape: ImageShape, count: Int, bytes: [UInt8]) {
    self.shape = shape
    self.count = count
    self.bytes = bytes
  }

  func withPixels(at index: Int, _ body: (UnsafePointer<UInt8>) throws -> Void) throws {
    try bytes.withUnsafeBufferPointer { try body($0.baseAddress! + index * shape.elementCount) }
  }

  /// Reads images, and the labels in the same group where there are any.
  static func read(_ path: String, dataset: String?) throws -> (PackedImages, labels: [Int64]?) {
    var bytes = [UInt8]()
    let answer = try ForeignHDF5.run(PackedImagesTask(path: path, dataset: dataset)) { bytes.append(contentsOf: $0) }
    guard bytes.count == answer.count * answer.shape.elementCount else {
      throw DataError.malformedFile(
        path: path, actual: "has changed while it was read", expected: "a file that nobody writes to")
    }
    return (PackedImages(shape: answer.shape, count: answer.count, bytes: bytes), answer.labels)
  }
}
