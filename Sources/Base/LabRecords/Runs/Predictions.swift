/// What a trained model says of every test sample.
public struct Predictions: Sendable, Hashable {
  /// The scores before the softmax.
  ///
  /// ## Shapes
  /// `[samples, classes]`, row-major.
  public var logits: [Float]
  /// The true class of each sample.
  public var labels: [Int]
  /// The number of samples by true class (row) and predicted class (column).
  public var confusion: [[Int]]
  /// The classes' names in the order of their indices.
  public var classNames: [String]

  /// Creates predictions.
  public init(logits: [Float], labels: [Int], confusion: [[Int]], classNames: [String]) {
    self.logits = logits
    self.labels = labels
    self.confusion = confusion
    self.classNames = classNames
  }
}
