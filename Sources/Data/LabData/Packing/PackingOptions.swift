import LabCore

/// What is changed about a data set's images before they are packed.
public struct PackingOptions: Hashable, Sendable {
  /// How unequal class counts of the training images are evened out.
  public enum Balance: String, Codable, Hashable, Sendable, CaseIterable {
    /// Counts stay as they are.
    case none
    /// Images of frequent classes are left out, at random.
    case downsample
    /// Varied copies of rare classes' images are added.
    case augment
  }

  /// The shares of training, validation and test images.
  public struct Shares: Hashable, Sendable, Codable {
    public var train: Double
    public var validation: Double
    public var test: Double

    /// Creates shares; they must add up to 1.
    ///
    /// - Throws: ``DataError/invalidOption(key:actual:expected:)``.
    public init(train: Double, validation: Double, test: Double) throws {
      guard [train, validation, test].allSatisfy({ $0 >= 0 && $0 <= 1 }), train > 0, test > 0,
        abs(train + validation + test - 1) < 1e-6
      else {
        throw DataError.invalidOption(
          key: "--split", actual: "\(train), \(validation), \(test)",
          expected: "shares of training, validation and test images that add up to 1, such as 0.8, 0.1, 0.1")
      }
      (self.train, self.validation, self.test) = (train, validation, test)
    }
  }

  /// The shortest side in pixels of an image that is kept; nil keeps all.
  public var minimumSide: Int?
  /// The longest side in pixels of an image that is kept; nil keeps all.
  public var maximumSide: Int?
  /// The largest ratio of an image's sides; nil keeps all.
  public var maximumAspect: Double?
  /// Whether of images with the same pixels only one is kept: a test image if there is one.
  public var dropsDuplicates = false
  /// Whether images that cannot be decoded are left out; else they are an error.
  public var skipsUnreadable = false
  /// How all images are divided anew; nil keeps the published parts.
  public var shares: Shares?
  /// Whether images are divided one by one, class by class, or in whole groups.
  public var splitBy = HeldOutUnit.auto
  /// The seed of everything that is chosen at random.
  public var seed = 0
  /// How the training images are balanced.
  public var balance = Balance.none
  /// The number of training images of each class after balancing; nil takes the rarest or the most frequent class's.
  public var imagesPerClass: Int?
  /// The classes whose training images are added mirrored left to right; nil is none, an empty list all.
  public var flippedClasses: [String]?
  /// The height and width in pixels of all images; nil keeps their own.
  public var imageSize: Int?
  /// How other proportions become a square.
  public var resize = ImageFit.squash
  /// The number of channels, 1 or 3; nil keeps the images' own.
  public var channels: Int?

  /// Creates options that change nothing.
  public init() {}
}
