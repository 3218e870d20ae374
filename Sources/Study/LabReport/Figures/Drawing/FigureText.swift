import LabCore

/// What the sentences about figures have in common.
enum FigureText {
  /// Names or phrases in a row, the last ones counted where there are more than a reader wants to hear.
  static func list(_ items: [String], limit: Int = 12) -> String {
    guard items.count > limit + 1 else { return items.joined(separator: ", ") }
    return items.prefix(limit).joined(separator: ", ") + " and \(items.count - limit) more"
  }

  /// A number of things, such as `1 variant` or `3 variants`.
  static func count(_ count: Int, _ thing: String) -> String {
    "\(NumberText.grouped(count)) \(thing)\(count == 1 ? "" : "s")"
  }

  /// An interval in brackets.
  static func brackets(_ interval: FigureData.Interval, _ text: (Double) -> String) -> String {
    "[\(text(interval.lower)), \(text(interval.upper))]"
  }
}

extension JSONValue {
  /// A number, or null for what is none, which JSON cannot write.
  init(finite value: Double?) { self = value.flatMap { $0.isFinite ? .number($0) : nil } ?? .null }

  /// A text, or null.
  init(optional text: String?) { self = text.map(JSONValue.string) ?? .null }
}
