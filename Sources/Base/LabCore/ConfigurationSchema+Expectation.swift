extension ConfigurationSchema.Kind {
  /// What a value of this kind is, to complete "expected …": `a number above 0`, `an integer from 1 to 9`.
  public var expectation: String {
    switch self {
    case .boolean: "true or false"
    case .integer(let range): "an integer" + Self.text(range)
    case .number(let bounds): "a number" + bounds.expectation
    case .string: "a string"
    case .choice(let names): Self.oneOf(names)
    case .variant(let variants): Self.oneOf(variants)
    case .array(let element): "a list, each element \(element.expectation)"
    case .object(let schema) where schema.isListed:
      "a list of some of " + schema.fields.map { "\"\($0.name)\"" }.joined(separator: ", ")
        + ", or an object of these keys and true or false"
    case .object: "an object"
    case .either(let kinds): kinds.map(\.expectation).joined(separator: ", or ")
    case .optional(let kind): "\(kind.expectation), or null"
    }
  }

  private static func oneOf(_ names: [String]) -> String {
    switch names.count {
    case 1: "\"\(names[0])\""
    default: "one of " + names.map { "\"\($0)\"" }.joined(separator: ", ")
    }
  }

  /// Names of variants and aliases of them; where those would fill a screen, the number of aliases.
  private static func oneOf(_ variants: [ConfigurationSchema.Variant]) -> String {
    let names = variants.flatMap { [$0.name] + $0.aliases.keys.sorted() }
    guard names.count > 32 else { return oneOf(names) }
    return oneOf(variants.map(\.name)) + ", or one of \(names.count - variants.count) named settings of these"
  }

  private static func text(_ range: ClosedRange<Int>) -> String {
    switch (range.lowerBound == .min, range.upperBound == .max) {
    case (true, true): ""
    case (true, false): " of at most \(range.upperBound)"
    case (false, true): " of at least \(range.lowerBound)"
    case (false, false): " from \(range.lowerBound) to \(range.upperBound)"
    }
  }
}

extension ConfigurationSchema.Bounds {
  /// The bounds as the end of "a number…": ` above 0`, ` from 0 to 1`; empty where there are none.
  var expectation: String {
    let low = JSONValue.number(minimum).canonicalText
    let high = JSONValue.number(maximum).canonicalText
    switch (minimum.isFinite, maximum.isFinite) {
    case (false, false): return ""
    case (true, false): return (includesMinimum ? " of at least " : " above ") + low
    case (false, true): return (includesMaximum ? " of at most " : " below ") + high
    case (true, true):
      if includesMinimum && includesMaximum { return " from \(low) to \(high)" }
      return (includesMinimum ? " of at least " : " above ") + low + (includesMaximum ? " and at most " : " and below ")
        + high
    }
  }
}

extension JSONValue {
  /// What the value is, to complete "found …": `the string "fast"`, `3`, `an object`.
  public var foundDescription: String {
    switch self {
    case .null, .boolean, .integer, .number: canonicalText
    case .string(let text):
      "the string " + JSONValue.string(text.count > 40 ? text.prefix(39) + "…" : text).canonicalText
    case .array(let elements): elements.isEmpty ? "an empty list" : "a list"
    case .object: "an object"
    }
  }
}
