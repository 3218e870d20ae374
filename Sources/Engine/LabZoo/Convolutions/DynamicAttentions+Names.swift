import LabCore
import LabGraph

extension DynamicAttentions {
  /// The attentions by their names in configurations, and what each weighs.
  static let named: [(name: String, attention: DynamicAttentions, subject: String)] = [
    ("spatial", .spatial, "taps"), ("channel", .channel, "input channels"), ("filter", .filter, "filters"),
    ("kernel", .kernel, "kernels"),
  ]

  /// Every attention.
  public static let all = DynamicAttentions(named.map(\.attention))

  /// The key that says which of some attentions a convolution has.
  static func field(of all: DynamicAttentions) -> ConfigurationSchema.Field {
    let switches = named.filter { all.contains($0.attention) }
      .map { (name: $0.name, summary: "Whether there is an attention over \($0.subject).") }
    return .init(
      "attentions", .object(.switches(switches)), default: [:],
      "Which attentions there are; kernels without one are added, and without any attention nothing depends on the image."
    )
  }
}

extension KeyedDecodingContainer {
  /// The attentions that are on in an object of switches.
  func decodeAttentions(forKey key: Key) throws -> DynamicAttentions {
    let switches = try decode([String: Bool].self, forKey: key)
    return DynamicAttentions(DynamicAttentions.named.filter { switches[$0.name] == true }.map(\.attention))
  }
}

extension KeyedEncodingContainer {
  /// Writes attentions as the list of their names.
  mutating func encode(_ attentions: DynamicAttentions, forKey key: Key) throws {
    try encode(DynamicAttentions.named.filter { attentions.contains($0.attention) }.map(\.name), forKey: key)
  }
}
