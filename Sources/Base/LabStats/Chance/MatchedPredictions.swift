/// The predictions of two variants for the same test images, from the seeds that both have.
public struct MatchedPredictions: Sendable, Hashable {
  /// The two variants' predictions from one seed.
  public struct Pair: Sendable, Hashable {
    /// The seed.
    public let seed: UInt64
    /// What the variant in question predicts.
    public let treatment: ImagePredictions
    /// What the variant that it is compared with predicts.
    public let reference: ImagePredictions
  }

  /// The true class of each image.
  public let labels: [Int32]
  /// The number of classes.
  public let classCount: Int
  /// The pairs, in the order of their seeds.
  public let pairs: [Pair]

  /// Matches predictions by their seeds.
  ///
  /// - Parameters:
  ///   - labels: the true class of each image.
  ///   - classCount: the number of classes.
  ///   - treatment: the predictions of the variant in question, by seed.
  ///   - reference: those of the variant that it is compared with.
  /// - Returns: nil where there are no images, where no seed is shared, and where a shared seed's predictions are not as
  ///   many as the labels or are of classes that do not exist.
  public init?(
    labels: [Int32], classCount: Int, treatment: [UInt64: ImagePredictions], reference: [UInt64: ImagePredictions]
  ) {
    let pairs = treatment.keys.sorted().compactMap { seed in
      treatment[seed].flatMap { treatment in
        reference[seed].map { Pair(seed: seed, treatment: treatment, reference: $0) }
      }
    }
    let classes = 0..<Int32(clamping: classCount)
    func fits(_ predictions: [Int32]) -> Bool {
      predictions.count == labels.count && predictions.allSatisfy(classes.contains)
    }
    guard !labels.isEmpty, !pairs.isEmpty, labels.allSatisfy(classes.contains),
      pairs.allSatisfy({ fits($0.treatment.classes) && fits($0.reference.classes) })
    else { return nil }
    self.labels = labels
    self.classCount = classCount
    self.pairs = pairs
  }

  /// The number of images.
  public var imageCount: Int { labels.count }

  /// The confusion matrices of each seed.
  public var confusions: [(treatment: ConfusionMatrix, reference: ConfusionMatrix)] {
    func matrix(_ predictions: ImagePredictions) -> ConfusionMatrix {
      var matrix = ConfusionMatrix(classCount: classCount)
      for (label, prediction) in zip(labels, predictions.classes) {
        matrix.add(label: Int(label), prediction: Int(prediction))
      }
      return matrix
    }
    return pairs.map { (matrix($0.treatment), matrix($0.reference)) }
  }
}
