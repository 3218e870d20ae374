import LabCore

extension ConfigurationSchema {
  /// The canonical form of an object's members, with the default of every key that is absent.
  ///
  /// - Throws: ``DataError/unknownOption(subject:key:known:)`` or ``DataError/invalidOption(key:actual:expected:)`` for
  ///   the first thing that is wrong.
  @discardableResult
  func resolved(_ object: JSONValue, subject: String) throws -> JSONValue {
    let resolution = resolve(object)
    guard let issue = resolution.issues.first else { return resolution.value }
    if issue.kind == .unknownKey, issue.path.components.count == 1, let key = issue.path.keys.first {
      throw DataError.unknownOption(subject: subject, key: key, known: fields.map(\.name))
    }
    throw DataError.invalidOption(
      key: issue.path.components.isEmpty ? subject : issue.path.description, actual: issue.found ?? "missing",
      expected: issue.expected)
  }
}
