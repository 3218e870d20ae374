extension ConfigurationSchema {
  /// The keys that named settings among the members stand for, by the key.
  func companions(of members: [String: JSONValue]) -> [String: (value: JSONValue, field: Field, alias: String)] {
    var result: [String: (value: JSONValue, field: Field, alias: String)] = [:]
    for field in fields {
      guard let value = members[field.name], let named = field.kind.companionAlias(of: value) else { continue }
      for (key, value) in named.companions { result[key] = (value, field, named.alias) }
    }
    return result
  }

  /// A canonical configuration in which another value can take the place of a named setting, such as `resnet20`: the name
  /// stands there again, and what it stands for beside its own key as it was written.
  ///
  /// Resolving the result gives the canonical configuration.
  ///
  /// - Parameters:
  ///   - canonical: the canonical form of `written`.
  ///   - written: the configuration as it was written.
  public func keepingNames(of written: JSONValue, in canonical: JSONValue) -> JSONValue {
    guard case .object(var members) = canonical, case .object(let writtenMembers) = written else { return canonical }
    for field in fields {
      guard let value = writtenMembers[field.name], let kept = members[field.name] else { continue }
      if case .object(let schema) = field.kind { members[field.name] = schema.keepingNames(of: value, in: kept) }
    }
    for (key, companion) in companions(of: writtenMembers) {
      members[key] = writtenMembers[key] ?? .null
      members[companion.field.name]?["name"] = .string(companion.alias)
    }
    return .object(members)
  }
}

extension ConfigurationSchema.Kind {
  /// The keys that a value of a variant stands for beside its own key; empty unless it has the name of such settings.
  public func companions(of value: JSONValue) -> [String: JSONValue] { companionAlias(of: value)?.companions ?? [:] }

  fileprivate func companionAlias(of value: JSONValue) -> (alias: String, companions: [String: JSONValue])? {
    switch self {
    case .variant(let variants):
      guard case .string(let name) = value["name"] ?? value else { return nil }
      return variants.lazy.compactMap { $0.companions[name] }.first.map { (name, $0) }
    case .optional(let kind): return kind.companionAlias(of: value)
    case .either(let kinds): return kinds.lazy.compactMap { $0.companionAlias(of: value) }.first
    case .boolean, .integer, .number, .string, .choice, .array, .object: return nil
    }
  }
}
