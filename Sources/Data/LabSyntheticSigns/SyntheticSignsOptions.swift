/// The options of `synthetic-signs`.
package struct SyntheticSignsOptions: Codable, Hashable, Sendable {
  /// The number of training images.
  package var trainCount = 12_000
  /// The number of test images.
  package var testCount = 4_000
  /// Which of endlessly many such data sets.
  package var seed = 0
  /// How much light differs between images, from 0 (even, white) to 1.
  package var lighting = 0.6
  /// The largest standard deviation of the blur, in pixels of a 32-pixel image.
  package var blur = 0.9
  /// The largest standard deviation of the noise, as a share of full scale.
  package var noise = 0.05
  /// How much there is behind and around a sign, from 0 (a plain backdrop) to 1.
  package var clutter = 0.6
  /// The smallest diameter of a sign as a share of the image.
  package var minScale = 0.5
  /// The largest diameter of a sign as a share of the image.
  package var maxScale = 0.95
  /// The share of images taken from so far away that they are enlarged from fewer pixels.
  package var lowResolution = 0.2
  /// The fewest pixels from which an image is enlarged.
  package var minResolution = 14
  /// How many times as many training images the most frequent class has as the rarest.
  package var imbalance = 1.0
  /// Training images of one and the same sign, which then form a group; 1: no groups.
  package var trackLength = 1

  /// Creates the defaults.
  package init() {}

  package enum CodingKeys: String, CodingKey, CaseIterable {
    case trainCount = "train_count"
    case testCount = "test_count"
    case seed, lighting, blur, noise, clutter
    case minScale = "min_scale"
    case maxScale = "max_scale"
    case lowResolution = "low_resolution"
    case minResolution = "min_resolution"
    case imbalance
    case trackLength = "track_length"
  }
}

/// What one picture shows.
package struct SignPicture: Hashable, Sendable {
  /// The class.
  package var label: Int
  /// The physical sign, numbered through all classes.
  package var track: Int
  /// The number of the picture of that sign.
  package var frame: Int

  package init(label: Int, track: Int, frame: Int) {
    self.label = label
    self.track = track
    self.frame = frame
  }
}
