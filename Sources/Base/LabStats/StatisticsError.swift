/// A failure of this module, caused by stored or received data.
public enum StatisticsError: Error, Equatable, CustomStringConvertible {
  /// A confusion matrix whose counts are not those of a square matrix of counts.
  case malformedConfusionMatrix(classCount: Int, counts: Int, reason: String)

  /// One sentence for the user.
  public var description: String {
    switch self {
    case .malformedConfusionMatrix(let classCount, let counts, let reason):
      "a confusion matrix of \(classCount) classes needs \(classCount * classCount) counts of zero or more, "
        + "but \(counts) were given: \(reason)"
    }
  }
}
