import LabCore

/// What a trained model predicts as it is, and with parts of it replaced.
public struct LesionPredictions: Sendable, Hashable {
  /// Of which weights and images predictions are, and what took parts' places.
  public struct Setting: Sendable, Hashable, Codable {
    /// The version of the program that evaluated.
    public var program: String
    /// Which of the run's weights were evaluated.
    public var weights: RunWeights
    /// Their hash.
    public var weightsHash: ContentHash
    /// The hash of the data set.
    public var dataHash: ContentHash
    /// The name of the split that the images are of.
    public var split: String
    /// The number of images, evenly spaced over the split.
    public var imageCount: Int
    /// The most training images that attentions are sampled from, evenly spaced.
    public var sampleLimit: Int
    /// What the draw of other images' attentions depends on.
    public var drawSeed: UInt64

    /// Creates a setting.
    public init(
      program: String, weights: RunWeights, weightsHash: ContentHash, dataHash: ContentHash, split: String,
      imageCount: Int, sampleLimit: Int, drawSeed: UInt64
    ) {
      self.program = program
      self.weights = weights
      self.weightsHash = weightsHash
      self.dataHash = dataHash
      self.split = split
      self.imageCount = imageCount
      self.sampleLimit = sampleLimit
      self.drawSeed = drawSeed
    }

    /// The setting but for the weights: what several models are compared in.
    public var images: Setting {
      var setting = self
      setting.weightsHash = ContentHash(hexadecimal: "")
      return setting
    }
  }

  /// What is replaced.
  public struct Lesion: Sendable, Hashable, Codable {
    /// The hash of everything that is replaced and of what takes its place.
    public var key: ContentHash
    /// The part, such as `spatial-attention`.
    public var part: String
    /// The layer, or how many.
    public var layer: String
    /// By what it is replaced.
    public var replacement: String

    /// Creates a description.
    public init(key: ContentHash, part: String, layer: String, replacement: String) {
      self.key = key
      self.part = part
      self.layer = layer
      self.replacement = replacement
    }
  }

  /// A lesion with the class that each image is taken for.
  public struct Row: Sendable, Hashable {
    /// What is replaced.
    public var lesion: Lesion
    /// The predicted class of each image.
    public var classes: [Int32]

    /// Creates a row.
    public init(_ lesion: Lesion, classes: [Int32]) {
      self.lesion = lesion
      self.classes = classes
    }
  }

  /// What the predictions are of.
  public var setting: Setting
  /// The true class of each image.
  public var labels: [Int32]
  /// The classes' names.
  public var classNames: [String]
  /// The class that each image is taken for by the model as it is.
  public var intact: [Int32]
  /// The lesions, each once.
  public private(set) var rows: [Row]

  /// Creates predictions.
  public init(setting: Setting, labels: [Int32], classNames: [String], intact: [Int32], rows: [Row] = []) {
    self.setting = setting
    self.labels = labels
    self.classNames = classNames
    self.intact = intact
    self.rows = []
    for row in rows { add(row) }
  }

  /// The classes that a lesion's images are taken for; nil where it is not on record.
  public func classes(of key: ContentHash) -> [Int32]? { rows.first { $0.lesion.key == key }?.classes }

  /// Leaves out the lesions for which a condition does not hold.
  public mutating func keep(where isKept: (Row) -> Bool) { rows.removeAll { !isKept($0) } }

  /// Adds a lesion, in the place of what was known of it.
  public mutating func add(_ row: Row) {
    if let place = rows.firstIndex(where: { $0.lesion.key == row.lesion.key }) {
      rows[place] = row
    } else {
      rows.append(row)
    }
  }
}
