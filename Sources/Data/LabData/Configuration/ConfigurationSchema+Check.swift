import LabCore

extension ConfigurationSchema {
  /// Checks that an object has only this schema's keys, and values of their kinds; absent keys are fine.
  ///
  /// - Throws: ``DataError/unknownOption(subject:key:known:)`` or ``DataError/invalidOption(key:actual:expected:)``.
  func check(_ object: JSONValue, subject: String) throws {
    guard case .object(let members) = object else {
      throw DataError.invalidOption(key: subject, actual: object.canonicalText, expected: "an object")
    }
    for (key, value) in members.sorted(by: { $0.key < $1.key }) {
      guard let field = field(key) else {
        throw DataError.unknownOption(subject: subject, key: key, known: fields.map(\.name))
      }
      guard field.kind.accepts(value) else {
        throw DataError.invalidOption(key: key, actual: value.canonicalText, expected: field.kind.expectation)
      }
    }
  }

  /// The object of every field's default.
  var defaults: [String: JSONValue] {
    Dictionary(uniqueKeysWithValues: fields.map { ($0.name, $0.defaultValue ?? .null) })
  }
}

extension ConfigurationSchema.Kind {
  fileprivate func accepts(_ value: JSONValue) -> Bool {
    switch self {
    case .boolean: value.booleanValue != nil
    case .integer(let range): value.integerValue.map(range.contains) ?? false
    case .number(let bounds): value.doubleValue.map(bounds.contains) ?? false
    case .string: value.stringValue != nil
    case .choice(let names): value.stringValue.map(names.contains) ?? false
    case .variant(let variants): value.stringValue.map { name in variants.contains { $0.name == name } } ?? false
    case .array(let element): value.arrayValue?.allSatisfy(element.accepts) ?? false
    case .object(let schema): (try? schema.check(value, subject: "")) != nil
    case .either(let kinds): kinds.contains { $0.accepts(value) }
    case .optional(let kind): value == .null || kind.accepts(value)
    }
  }

  /// What is accepted, in words.
  fileprivate var expectation: String {
    switch self {
    case .boolean: "true or false"
    case .integer(let range) where range.count == 1: "\(range.lowerBound)"
    case .integer(let range): "an integer from \(range.lowerBound) to \(range.upperBound)"
    case .number(let bounds): "a number \(bounds.expectation)"
    case .string: "a string"
    case .choice(let names): "one of \(names.joined(separator: ", "))"
    case .variant(let variants): "one of \(variants.map(\.name).joined(separator: ", "))"
    case .array(let element): "an array, each element \(element.expectation)"
    case .object: "an object"
    case .either(let kinds): kinds.map(\.expectation).joined(separator: " or ")
    case .optional(let kind): "\(kind.expectation) or null"
    }
  }
}

extension ConfigurationSchema.Bounds {
  fileprivate var expectation: String {
    let lower = minimum == -.infinity ? nil : (includesMinimum ? "of at least " : "above ") + "\(minimum)"
    let upper = maximum == .infinity ? nil : (includesMaximum ? "of at most " : "below ") + "\(maximum)"
    let parts = [lower, upper].compactMap(\.self)
    return parts.isEmpty ? "that is finite" : parts.joined(separator: " and ")
  }
}
