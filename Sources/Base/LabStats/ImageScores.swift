import Foundation

/// What a network's logits say of one image.
///
/// Of equal logits the first class wins. A logit that is not a number outranks every number, as `argmax` has it in NumPy
/// and PyTorch; what is computed of the probabilities is not a number then.
public struct ImageScores: Sendable, Hashable {
  /// The predicted class.
  public let prediction: Int
  /// The rank of the true class among all classes, from 0 for the most probable one.
  public let rank: Int
  /// The probability of the predicted class.
  public let confidence: Double
  /// The negative logarithm of the true class's probability, in nats.
  public let logLoss: Double
  /// The squared distance of the probabilities from those of certainty in the true class, from 0 to 2.
  public let brierScore: Double

  /// Reads the logits of an image.
  ///
  /// - Parameters:
  ///   - logits: one value a class, before any softmax.
  ///   - label: the index of the true class.
  public init(logits: UnsafeBufferPointer<Float>, label: Int) {
    func outranks(_ logit: Float, _ other: Float) -> Bool { logit > other || (logit.isNaN && !other.isNaN) }
    var prediction = 0
    var rank = 0
    for (index, logit) in logits.enumerated() {
      if outranks(logit, logits[prediction]) { prediction = index }
      if index < label ? !outranks(logits[label], logit) : outranks(logit, logits[label]) { rank += 1 }
    }
    let largest = Double(logits[prediction])
    var total = 0.0
    // The distance of the probabilities from those of the true class, in parts that do not cancel.
    var others = 0.0
    var otherSquares = 0.0
    for (index, logit) in logits.enumerated() {
      let weight = exp(Double(logit) - largest)
      total += weight
      if index != label {
        others += weight
        otherSquares += weight * weight
      }
    }
    self.prediction = prediction
    self.rank = rank
    confidence = 1 / total
    logLoss = log(total) + largest - Double(logits[label])
    brierScore = (others * others + otherSquares) / (total * total)
  }
}
