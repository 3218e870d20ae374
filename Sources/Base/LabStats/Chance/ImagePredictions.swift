import Foundation

/// What one trained model says of each test image: a class, and how sure it is of it.
public struct ImagePredictions: Sendable, Hashable {
  /// The predicted class of each image.
  public let classes: [Int32]
  /// The probability of the predicted class of each image, in [0, 1].
  public let confidences: [Double]

  /// Takes predictions that were made before.
  ///
  /// - Parameters:
  ///   - classes: the predicted class of each image.
  ///   - confidences: the probability of each of them; what is not a number counts as 1.
  public init(classes: [Int32], confidences: [Double]) {
    precondition(classes.count == confidences.count, "there is one confidence a prediction")
    self.classes = classes
    self.confidences = confidences.map { $0.isNaN ? 1 : $0 }
  }

  /// Reads predictions from logits, as ``ClassificationAccumulator`` does.
  ///
  /// Of equal logits the first class wins, and one that is not a number outranks every number. Its confidence is 1, so
  /// that it is as wrong as a certain error.
  ///
  /// ## Shapes
  /// - logits: [images, classCount], row-major.
  public init(logits: [Float], classCount: Int) {
    precondition(classCount > 0 && logits.count % classCount == 0, "there is one logit an image and class")
    var classes = [Int32]()
    var confidences = [Double]()
    for first in stride(from: 0, to: logits.count, by: classCount) {
      var best = first
      for index in first..<(first + classCount)
      where logits[index] > logits[best] || (logits[index].isNaN && !logits[best].isNaN) {
        best = index
      }
      let largest = Double(logits[best])
      let total = logits[first..<(first + classCount)].reduce(0) { $0 + exp(Double($1) - largest) }
      classes.append(Int32(best - first))
      confidences.append(total.isNaN ? 1 : 1 / total)
    }
    self.classes = classes
    self.confidences = confidences
  }
}
