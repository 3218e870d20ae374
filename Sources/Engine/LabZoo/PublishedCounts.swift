import LabCore
import LabGraph
import LabNN

/// What a paper or a model library prints about a network: its parameters and multiply-adds.
public struct PublishedCounts: Hashable, Sendable {
  /// The keys of the ``ModelConfiguration``.
  public var configuration: JSONValue
  /// The image's channels, height and width.
  public var image: Shape
  /// The number of classes.
  public var classCount: Int
  /// The parameters as printed: `11,689,512` or `44.90 M`.
  public var parameters: String?
  /// The multiply-adds as printed: `1.814 G`.
  public var multiplyAdds: String?
  /// The configuration whose multiply-adds are those that are printed, where it is another one.
  public var multiplyAddsConfiguration: JSONValue?
  /// Who prints them.
  public var source: String

  /// Creates an entry; for images of 224×224 pixels and 1000 classes unless given.
  public init(
    _ configuration: JSONValue, _ parameters: String?, _ multiplyAdds: String?, countedAs: JSONValue? = nil,
    image: Shape = [3, 224, 224], classCount: Int = 1000, _ source: String
  ) {
    self.configuration = configuration
    self.image = image
    self.classCount = classCount
    self.parameters = parameters
    self.multiplyAdds = multiplyAdds
    multiplyAddsConfiguration = countedAs
    self.source = source
  }

  /// A count in the unit and with the decimals of a printed one.
  ///
  /// `PublishedCounts.printed(44_901_234, like: "44.90 M")` is `44.90 M`.
  public static func printed(_ count: Int, like printed: String) -> String {
    let parts = printed.split(separator: " ")
    let scale = parts.count > 1 ? (parts[1] == "G" ? 1_000_000_000 : 1_000_000) : 1
    let decimals = parts[0].split(separator: ".", omittingEmptySubsequences: false).dropFirst().first?.count ?? 0
    var unit = scale
    for _ in 0..<decimals { unit /= 10 }
    let rounded = (count + unit / 2) / max(unit, 1)
    var digits = String(rounded)
    guard decimals > 0 else { return grouped(digits) + (parts.count > 1 ? " \(parts[1])" : "") }
    digits = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    return "\(digits.dropLast(decimals)).\(digits.suffix(decimals)) \(parts[1])"
  }

  /// Digits with a comma between thousands.
  private static func grouped(_ digits: String) -> String {
    var result = ""
    for (offset, digit) in digits.enumerated() {
      if offset > 0, (digits.count - offset) % 3 == 0 { result.append(",") }
      result.append(digit)
    }
    return result
  }

  /// The cost of a network of the zoo for one image.
  ///
  /// - Throws: ``LabGraph/GraphError`` or ``LabNN/ModelError`` where the configuration builds no network.
  public static func cost(_ configuration: JSONValue, image: Shape, classCount: Int) throws -> GraphCost {
    let model = try ModelConfiguration(configuration: configuration).model(classCount: classCount)
    return GraphCost(
      try EvaluationGraph(
        model: model, batch: ClassificationBatch(size: 1, image: image, classCount: classCount)
      ).graph)
  }

  /// What the zoo's network has, printed in the same way.
  ///
  /// - Throws: ``LabGraph/GraphError`` or ``LabNN/ModelError`` where the configuration builds no network.
  public func ours() throws -> (parameters: String?, multiplyAdds: String?) {
    let cost = try Self.cost(configuration, image: image, classCount: classCount)
    let counted = try multiplyAddsConfiguration.map { try Self.cost($0, image: image, classCount: classCount) } ?? cost
    return (
      parameters.map { Self.printed(cost.parameters, like: $0) },
      multiplyAdds.map { Self.printed(counted.multiplyAdds, like: $0) }
    )
  }

  /// The entries for a model on images and classes.
  public static func matching(_ model: ModelConfiguration, image: Shape, classCount: Int) -> [PublishedCounts] {
    all.filter {
      $0.image == image && $0.classCount == classCount
        && (try? ModelConfiguration(configuration: $0.configuration)) == model
    }
  }
}
