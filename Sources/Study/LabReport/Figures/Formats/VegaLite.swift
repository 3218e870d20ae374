import LabCore
import LabStats

/// What Vega-Lite specifications of figures have in common.
enum VegaLite {
  /// The version of the language.
  static let schema = "https://vega.github.io/schema/vega-lite/v5.json"

  /// The colours that tell verdicts apart.
  static let verdictColor: JSONValue = [
    "field": "verdict", "type": "nominal",
    "scale": [
      "domain": .array(Verdict.allCases.map { .string($0.rawValue) }),
      "range": .array(Verdict.allCases.map { .string(hex($0.paint.light)) }),
    ],
  ]

  /// The shapes that tell verdicts apart.
  static let verdictShape: JSONValue = [
    "field": "verdict", "type": "nominal",
    "scale": [
      "domain": .array(Verdict.allCases.map { .string($0.rawValue) }),
      "range": ["triangle-up", "triangle-down", "square", "circle"],
    ],
  ]

  /// The colours of series.
  static let seriesRange: JSONValue = .array((0..<Paint.seriesCount).map { .string(hex(Paint.series($0).light)) })

  /// A channel of a number.
  static func number(_ field: String, title: String? = nil, zero: Bool = false) -> JSONValue {
    var channel: JSONValue = ["field": .string(field), "type": "quantitative", "scale": ["zero": .boolean(zero)]]
    if let title { channel["title"] = .string(title) }
    return channel
  }

  /// A channel of a name, in the order of the data.
  static func name(_ field: String, title: String? = nil) -> JSONValue {
    ["field": .string(field), "type": "nominal", "sort": nil, "title": .init(optional: title)]
  }

  static func hex(_ color: UInt32) -> String {
    let digits = String(color, radix: 16)
    return "#" + String(repeating: "0", count: 6 - digits.count) + digits
  }
}
