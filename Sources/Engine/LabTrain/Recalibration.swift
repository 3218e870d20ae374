import LabCore

/// Over how many training images running statistics are measured anew.
public enum Recalibration: Hashable, Sendable {
  /// They stay the running ones of the training.
  case off
  /// Over ``standardImages``.
  case on
  /// Over a number of images.
  case images(Int)

  /// The images that are measured where no number is given; a few thousand fix a mean to about a hundredth of its spread.
  public static let standardImages = 4096

  /// The number of images; nil where nothing is measured.
  public var imageCount: Int? {
    switch self {
    case .off: nil
    case .on: Self.standardImages
    case .images(let count): count
    }
  }

  /// The key in a configuration.
  static let field = ConfigurationSchema.Field(
    TrainingConfiguration.CodingKeys.recalibration.rawValue, .either([.boolean, .integer(1...100_000_000)]),
    default: false,
    "Before each evaluation, measure the running statistics of batch normalisations anew over so many training images, in "
      + "whole batches, each image once and without augmentation; true for \(standardImages).")
}

extension Recalibration: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let isOn = try? container.decode(Bool.self) {
      self = isOn ? .on : .off
    } else {
      self = .images(try container.decode(Int.self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .off: try container.encode(false)
    case .on: try container.encode(true)
    case .images(let count): try container.encode(count)
    }
  }
}
