extension ConfigurationSchema {
  /// The part of a canonical configuration that decides a run's result, for its identity.
  ///
  /// Left out are keys that cannot change a result, and keys that have their default's value. So a key that is added
  /// later with a default changes no identity, and every stored result stays valid. The price is a rule for whoever
  /// edits a schema: a default that has been released is never changed, because old results would then be taken for
  /// results of the new default. Add a key or another name instead.
  ///
  /// Where the program has come to give other results for a key or a variant, its `revision` is part of the identity.
  ///
  /// Different canonical configurations whose result-relevant keys differ have different identity configurations.
  ///
  /// - Parameter canonical: a configuration that ``resolve(_:at:)`` returned without issues.
  public func identityConfiguration(of canonical: JSONValue) -> JSONValue {
    Kind.object(self).identity(of: canonical)
  }

  fileprivate func identityMembers(of canonical: JSONValue) -> [String: JSONValue] {
    var members: [String: JSONValue] = [:]
    for field in fields where field.isResultRelevant {
      guard let value = canonical[field.name] else { continue }
      let identity = field.kind.identity(of: value)
      // A default with a revision stands there, as it would not have before the revision.
      if let defaultValue = field.defaultValue,
        field.kind.identity(of: field.kind.resolve(defaultValue).value) == identity, !identity.hasRevision
      {
        continue
      }
      members[field.name] =
        field.revision == 0
        ? identity : [JSONValue.revisionKey: .integer(field.revision), "value": identity]
    }
    return members
  }
}

extension ConfigurationSchema.Kind {
  fileprivate func identity(of value: JSONValue) -> JSONValue {
    switch self {
    case .boolean, .integer, .number, .string, .choice: value
    case .array(let element): value.arrayValue.map { .array($0.map(element.identity)) } ?? value
    case .object(let schema): .object(schema.identityMembers(of: value))
    case .optional(let kind): value == .null ? .null : kind.identity(of: value)
    case .either(let kinds):
      kinds.first { $0.resolve(value) == .init(value: value, issues: []) }?.identity(of: value) ?? value
    case .variant(let variants):
      if let name = value["name"], let variant = variants.first(where: { .string($0.name) == name }) {
        .object(variant.identityMembers(of: value).merging(["name": name]) { _, name in name })
      } else {
        value
      }
    }
  }
}

extension ConfigurationSchema.Variant {
  fileprivate func identityMembers(of canonical: JSONValue) -> [String: JSONValue] {
    var members = options.identityMembers(of: canonical)
    if revision != 0 { members[JSONValue.revisionKey] = .integer(revision) }
    return members
  }
}

extension JSONValue {
  /// Where an identity holds a revision: no key of a configuration, which are in snake case.
  fileprivate static let revisionKey = "#revision"

  fileprivate var hasRevision: Bool {
    switch self {
    case .object(let members): members.contains { $0.key == JSONValue.revisionKey || $0.value.hasRevision }
    case .array(let elements): elements.contains(where: \.hasRevision)
    default: false
    }
  }
}
