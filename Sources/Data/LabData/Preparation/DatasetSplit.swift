import LabCore

/// One of the three uses of images.
public enum SplitName: String, Codable, Hashable, Sendable, CaseIterable {
  /// Images that the weights are fitted to.
  case train
  /// Images set aside from the published training part, to choose by.
  case validation
  /// The published test images.
  case test
}

/// The images of one split, as a list of indices into one part of the data set.
public struct DatasetSplit: Hashable, Sendable {
  /// The part that the indices point into.
  public let part: DatasetPart
  /// The index of each image, ascending; an image that oversampling repeats is listed repeatedly.
  public let indices: [Int32]
  /// The label of each image.
  public let labels: [Int32]
  /// How often each image has been listed before; nil where none is repeated.
  let repetitions: [Int32]?

  /// The number of images.
  public var count: Int { indices.count }
}
