/// Weights of the same network by the names that timm gives them.
extension MobileNetV2 {
  public func ownNames(of names: [String]) -> [String: String] {
    let first = "conv_stem.weight"
    guard let known = names.first(where: { $0 == first || $0.hasSuffix("." + first) }) else { return [:] }
    let prefix = known.dropLast(first.count)
    var own: [String: String] = [:]
    for name in names where name.hasPrefix(prefix) {
      // Other networks of timm's begin and end alike, but have blocks of other layers.
      guard let ownName = Self.ownName(ofTimms: name.dropFirst(prefix.count)) else { return [:] }
      own[name] = prefix + ownName
    }
    return own
  }

  /// The name here of what timm calls by a name such as `blocks.1.0.conv_pw.weight`.
  private static func ownName(ofTimms name: Substring) -> String? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard let last = parts.last else { return nil }
    switch parts.count {
    case 2: return outerLayers[parts[0]].map { "\($0).\(last)" }
    case 5:
      guard parts[0] == "blocks", let stage = Int(parts[1]), stages.indices.contains(stage),
        let index = Int(parts[2]), (0..<stages[stage].count).contains(index),
        let layer = (stages[stage].expansion > 1 ? expandingLayers : plainLayers)[parts[3]]
      else { return nil }
      let number = 1 + stages[..<stage].reduce(0) { $0 + $1.count } + index
      return "features.\(number).conv.\(layer).\(last)"
    default: return nil
    }
  }

  private static let outerLayers: [Substring: String] = [
    "conv_stem": "features.0.0", "bn1": "features.0.1", "conv_head": "features.18.0", "bn2": "features.18.1",
    "classifier": "classifier.1",
  ]

  /// Layers of a block that widens its features first.
  private static let expandingLayers: [Substring: String] = [
    "conv_pw": "0.0", "bn1": "0.1", "conv_dw": "1.0", "bn2": "1.1", "conv_pwl": "2", "bn3": "3",
  ]

  /// Layers of a block that does not.
  private static let plainLayers: [Substring: String] = ["conv_dw": "0.0", "bn1": "0.1", "conv_pw": "1", "bn2": "2"]
}
