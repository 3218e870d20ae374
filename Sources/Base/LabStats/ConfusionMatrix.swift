/// How often each class was predicted for images of each class.
///
/// Counts are whole numbers, so the matrix does not depend on the order in which images or parts were added.
public struct ConfusionMatrix: Sendable, Hashable, Codable {
  /// The number of classes.
  public let classCount: Int
  /// The counts, a row per true class and a column per predicted one.
  public private(set) var counts: [Int]

  /// Creates an empty matrix.
  public init(classCount: Int) {
    precondition(classCount > 0, "a confusion matrix has at least one class")
    self.classCount = classCount
    counts = [Int](repeating: 0, count: classCount * classCount)
  }

  /// Restores a matrix from its counts.
  ///
  /// - Parameters:
  ///   - classCount: the number of classes.
  ///   - counts: a row per true class, in the order of the classes.
  /// - Throws: ``StatisticsError/malformedConfusionMatrix(classCount:counts:reason:)``.
  public init(classCount: Int, counts: [Int]) throws(StatisticsError) {
    func malformed(_ reason: String) -> StatisticsError {
      .malformedConfusionMatrix(classCount: classCount, counts: counts.count, reason: reason)
    }
    guard classCount > 0 else { throw malformed("there are no classes") }
    guard counts.count == classCount * classCount else { throw malformed("the number differs") }
    guard counts.allSatisfy({ $0 >= 0 }) else { throw malformed("one is negative") }
    self.classCount = classCount
    self.counts = counts
  }

  private enum CodingKeys: String, CodingKey {
    case classCount = "class_count"
    case counts
  }

  /// Decodes a matrix and checks its counts.
  ///
  /// - Throws: `DecodingError` where it is something else.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      classCount: container.decode(Int.self, forKey: .classCount),
      counts: container.decode([Int].self, forKey: .counts))
  }

  /// The counts, an array a true class.
  public var rows: [[Int]] {
    (0..<classCount).map { Array(counts[($0 * classCount)..<(($0 + 1) * classCount)]) }
  }

  /// The number of images of class `label` that were taken for class `prediction`.
  public subscript(label label: Int, prediction prediction: Int) -> Int { counts[label * classCount + prediction] }

  /// Counts images of class `label` that were taken for class `prediction`.
  public mutating func add(label: Int, prediction: Int, count: Int = 1) {
    precondition(0..<classCount ~= label && 0..<classCount ~= prediction, "a class index is out of range")
    counts[label * classCount + prediction] += count
  }

  /// Adds the counts of another matrix of the same classes.
  public mutating func merge(_ other: ConfusionMatrix) {
    precondition(classCount == other.classCount, "confusion matrices of different classes cannot be merged")
    for index in counts.indices { counts[index] += other.counts[index] }
  }

  /// The number of images.
  public var total: Int { counts.reduce(0, +) }

  /// The number of images whose class was predicted.
  public var correct: Int { (0..<classCount).reduce(0) { $0 + self[label: $1, prediction: $1] } }

  /// The number of images of a class.
  public func support(_ label: Int) -> Int { counts[(label * classCount)..<((label + 1) * classCount)].reduce(0, +) }

  /// The number of images taken for a class.
  public func predicted(_ prediction: Int) -> Int {
    stride(from: prediction, to: counts.count, by: classCount).reduce(0) { $0 + counts[$1] }
  }

  /// Pairs of classes that were taken for each other, the most frequent first.
  ///
  /// - Parameter limit: how many pairs at the most.
  /// - Returns: pairs with at least one image; equal counts are in the order of the classes.
  public func mostConfused(limit: Int) -> [(label: Int, prediction: Int, count: Int)] {
    let errors = counts.indices.lazy.filter { counts[$0] > 0 && $0 / classCount != $0 % classCount }
      .sorted { (counts[$1], $0) < (counts[$0], $1) }
    return errors.prefix(limit).map { ($0 / classCount, $0 % classCount, counts[$0]) }
  }
}
