import LabCore

/// The extents of one image.
public struct ImageShape: Hashable, Sendable, Codable, CustomStringConvertible {
  /// The number of colour channels.
  public var channels: Int
  /// Rows of pixels.
  public var height: Int
  /// Columns of pixels.
  public var width: Int

  /// Creates the extents of an image.
  public init(channels: Int, height: Int, width: Int) {
    self.channels = channels
    self.height = height
    self.width = width
  }

  /// The number of values in one image.
  public var elementCount: Int { channels * height * width }

  /// The extents, channels first.
  public var description: String { "\(channels)×\(height)×\(width)" }
}

/// Everything that a data set says about its images, without the images.
public struct DatasetManifest: Hashable, Codable, Sendable {
  /// The extents of every image.
  public var imageShape: ImageShape
  /// The name of each class; a label is an index into it.
  public var classNames: [String]
  /// The label of each training image.
  public var trainLabels: [Int32]
  /// The group (recording, patient, …) of each training image, where the data have groups.
  public var trainGroups: [Int32]?
  /// The label of each test image.
  public var testLabels: [Int32]
  /// How many of the training images, at the end, were published as validation images; 0 where none were.
  public var validationCount = 0
  /// The files that were left out because they are damaged, as far as the configuration allows that.
  public var skippedFiles: [String] = []
  /// What is odd about how the data are stored.
  public var findings: [Finding] = []
  /// What image files say beside their pixels; known once they are decoded.
  package var traits = ImageTraitTally()

  /// Creates a manifest.
  public init(
    imageShape: ImageShape, classNames: [String], trainLabels: [Int32], trainGroups: [Int32]? = nil,
    testLabels: [Int32]
  ) {
    self.imageShape = imageShape
    self.classNames = classNames
    self.trainLabels = trainLabels
    self.trainGroups = trainGroups
    self.testLabels = testLabels
  }

  /// The labels of one part.
  public func labels(of part: DatasetPart) -> [Int32] { part == .train ? trainLabels : testLabels }

  /// The bytes that the images of one part take.
  func imageByteCount(of part: DatasetPart) -> Int { labels(of: part).count * imageShape.elementCount }

  /// Checks extents, labels and groups against each other.
  ///
  /// - Parameter origin: the file or folder, for the error's text.
  /// - Throws: ``DataError/malformedFile(path:actual:expected:)``.
  func validated(origin: String) throws -> DatasetManifest {
    func reject(_ actual: String, _ expected: String) -> DataError {
      .malformedFile(path: origin, actual: actual, expected: expected)
    }
    guard imageShape.channels > 0, imageShape.height > 0, imageShape.width > 0 else {
      throw reject("has images of \(imageShape)", "positive extents")
    }
    for part in DatasetPart.allCases {
      let labels = labels(of: part)
      guard !labels.isEmpty else { throw reject("has no \(part.rawValue) images", "at least one") }
      guard labels.count <= Int(Int32.max) else {
        throw reject("has \(labels.count) \(part.rawValue) images", "at most \(Int32.max)")
      }
      if let index = labels.firstIndex(where: { $0 < 0 || Int($0) >= classNames.count }) {
        throw reject(
          "has label \(labels[index]) at \(part.rawValue) image \(index)", "labels from 0 to \(classNames.count - 1)")
      }
    }
    guard (0..<trainLabels.count).contains(validationCount) else {
      throw reject("has \(validationCount) validation images of \(trainLabels.count)", "at least one training image")
    }
    if let trainGroups, trainGroups.count != trainLabels.count {
      throw reject("has \(trainGroups.count) group ids for \(trainLabels.count) training images", "one for each")
    }
    return self
  }

  /// Names for classes that have none: their numbers.
  static func numberedClassNames(for labels: [Int32]...) -> [String] {
    let largest = labels.joined().max() ?? 0
    return (0...max(0, Int(largest))).map(String.init)
  }
}
