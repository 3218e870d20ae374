/// A configuration with every key, and what was wrong with the one that it was made from.
public struct ConfigurationResolution: Hashable, Sendable {
  /// The canonical configuration: every key present, shorthands written out.
  ///
  /// Where there is an issue, the value there is the key's default, or null.
  public var value: JSONValue
  /// What was wrong; empty for a valid configuration.
  public var issues: [ConfigurationIssue]
}

extension ConfigurationSchema {
  /// Fills in defaults, writes shorthands out, and checks every key and value.
  ///
  /// Equal configurations have equal canonical forms: `"odconv-4x"` and `{"name": "odconv", "kernels": 4}` become the
  /// same object, `1` and `1.0` the same number. Resolving a canonical form gives it back.
  ///
  /// - Parameters:
  ///   - value: the configuration as it was written.
  ///   - path: where it stands, for the issues' paths.
  public func resolve(_ value: JSONValue, at path: ConfigurationPath = .root) -> ConfigurationResolution {
    Kind.object(self).resolve(value, at: path)
  }

  /// The canonical form of a configuration.
  ///
  /// - Throws: ``ConfigurationError`` with every issue.
  public func resolved(_ value: JSONValue = .object([:])) throws -> JSONValue {
    let resolution = resolve(value)
    guard resolution.issues.isEmpty else { throw ConfigurationError(issues: resolution.issues) }
    return resolution.value
  }
}

extension ConfigurationSchema.Kind {
  /// The canonical form of one value, and what was wrong with it.
  public func resolve(_ value: JSONValue, at path: ConfigurationPath = .root) -> ConfigurationResolution {
    var resolver = ConfigurationResolver()
    let result = resolver.resolve(value, as: self, at: path)
    return ConfigurationResolution(value: result, issues: resolver.issues)
  }

  /// Whether the value fits.
  public func accepts(_ value: JSONValue) -> Bool { resolve(value).issues.isEmpty }
}

extension ConfigurationSchema.Variant {
  /// Finds the entry of a name or alias, and the options that the alias stands for.
  static func find(
    _ name: String, in variants: [ConfigurationSchema.Variant]
  ) -> (variant: ConfigurationSchema.Variant, options: [String: JSONValue])? {
    if let variant = variants.first(where: { $0.name == name }) { return (variant, [:]) }
    for variant in variants {
      if let options = variant.aliases[name] { return (variant, options) }
    }
    return nil
  }
}

/// Walks a value along its schema and collects issues.
private struct ConfigurationResolver {
  /// How many issues come with the name that was probably meant, which takes long to find.
  private static let mostSuggestions = 50

  var issues: [ConfigurationIssue] = []

  mutating func resolve(
    _ value: JSONValue, as kind: ConfigurationSchema.Kind, at path: ConfigurationPath
  ) -> JSONValue {
    switch kind {
    case .boolean: if case .boolean = value { return value }
    case .string: if case .string = value { return value }
    case .integer(let range):
      if let integer = exactInteger(value) {
        if !range.contains(integer) { add(.outOfRange, at: path, kind, found: value) }
        return .integer(integer)
      }
    case .number(let bounds):
      if let number = value.doubleValue {
        if !bounds.contains(number) { add(.outOfRange, at: path, kind, found: value) }
        // Adding zero turns -0 into 0: they are the same setting.
        return .number(number + 0)
      }
    case .choice(let names):
      if case .string(let name) = value {
        if !names.contains(name) { addUnknownName(name, at: path, kind, among: names) }
        return value
      }
    case .variant(let variants): return variant(value, of: variants, kind, at: path)
    case .array(let element):
      if case .array(let elements) = value {
        return .array(
          elements.enumerated().map { resolve($1, as: element, at: path.appending(index: $0)) })
      }
    case .object(let schema):
      if case .object(let members) = value { return .object(object(members, schema, at: path)) }
      if schema.isListed, case .array(let elements) = value { return switches(elements, schema, at: path) }
    case .either(let kinds): return either(value, kinds, kind, at: path)
    case .optional(let wrapped): return optional(value, wrapped, kind, at: path)
    }
    add(.wrongType, at: path, kind, found: value)
    return .null
  }

  /// An integer, also where it was written as `3.0` or `1e3`.
  private func exactInteger(_ value: JSONValue) -> Int? {
    switch value {
    case .integer(let integer): integer
    case .number(let number): Int(exactly: number)
    default: nil
    }
  }

  /// - Parameters:
  ///   - overlay: values that come before the fields' own defaults.
  ///   - variant: the registered entry whose options these are, for messages.
  private mutating func object(
    _ members: [String: JSONValue], _ schema: ConfigurationSchema, overlay: [String: JSONValue] = [:],
    variant: String? = nil, at path: ConfigurationPath
  ) -> [String: JSONValue] {
    let names = schema.fields.map(\.name)
    for key in members.keys.sorted() where !names.contains(key) {
      addUnknownKey(key, at: path, among: names, variant: variant)
    }
    var result: [String: JSONValue] = [:]
    let replaced = replacedKeys(members, overlay, schema, at: path)
    let alternatives = Set(schema.alternatives.flatMap(\.self))
    let companions = schema.companions(of: members)
    for field in schema.fields {
      let inner = path.appending(field.name)
      if replaced.contains(field.name) {
        result[field.name] = .null
        continue
      }
      // Where no way to say a thing is taken, null says nothing either: the default counts.
      let isUnsaid = alternatives.contains(field.name) && members[field.name] == .null
      var given = isUnsaid ? nil : members[field.name]
      if let companion = companions[field.name] {
        if let value = given, value != .null { check(value, of: field, against: companion, at: path) }
        given = companion.value
      }
      guard let value = given ?? overlay[field.name] ?? field.defaultValue else {
        issues.append(
          ConfigurationIssue(
            .missing, at: inner, "is missing; expected \(field.kind.expectation)", found: nil,
            expected: field.kind.expectation))
        result[field.name] = .null
        continue
      }
      let count = issues.count
      result[field.name] = resolve(value, as: field.kind, at: inner)
      if issues.count > count, result[field.name] == .null, let fallback = field.defaultValue {
        result[field.name] = fallback
      }
    }
    return result
  }

  /// Notes a key that says something else than the named settings beside it.
  private mutating func check(
    _ value: JSONValue, of field: ConfigurationSchema.Field,
    against companion: (value: JSONValue, field: ConfigurationSchema.Field, alias: String), at path: ConfigurationPath
  ) {
    let (wanted, found) = (field.kind.resolve(companion.value).value, field.kind.resolve(value).value)
    guard wanted != found else { return }
    let expected = "no other \(field.name) beside it"
    issues.append(
      ConfigurationIssue(
        .conflict, at: path.appending(companion.field.name),
        "\"\(companion.alias)\" stands for \(field.name) \(wanted.canonicalText), too, but \(field.name) is "
          + "\(found.foundDescription); expected \(expected), so leave \(field.name) out, or choose another name",
        found: "\(field.name) \(found.foundDescription)", expected: expected))
  }

  /// The object that a list of the keys stands for that are true.
  private mutating func switches(
    _ elements: [JSONValue], _ schema: ConfigurationSchema, at path: ConfigurationPath
  ) -> JSONValue {
    let names = schema.fields.map(\.name)
    var listed: [String] = []
    for (index, element) in elements.enumerated() {
      let inner = path.appending(index: index)
      guard case .string(let name) = resolve(element, as: .choice(names), at: inner) else { continue }
      if listed.contains(name) {
        issues.append(
          ConfigurationIssue(
            .conflict, at: inner, "names \"\(name)\" a second time; expected each name once", found: "\"\(name)\"",
            expected: "each name once"))
      }
      listed.append(name)
    }
    return .object(Dictionary(names.map { ($0, .boolean(listed.contains($0))) }) { first, _ in first })
  }

  /// The keys whose place a given alternative takes, or else one of the alias.
  private mutating func replacedKeys(
    _ members: [String: JSONValue], _ overlay: [String: JSONValue], _ schema: ConfigurationSchema,
    at path: ConfigurationPath
  ) -> Set<String> {
    func isSaid(_ value: JSONValue?) -> Bool { value.map { ![.null, false, "none"].contains($0) } ?? false }
    var replaced: Set<String> = []
    for group in schema.alternatives {
      let own = group.filter { isSaid(members[$0]) }
      let given = own.isEmpty ? group.filter { isSaid(overlay[$0]) } : own
      guard let first = given.first else { continue }
      replaced.formUnion(group.filter { $0 != first })
      for other in given.dropFirst() {
        let expected = "one of the keys " + group.joined(separator: ", ")
        issues.append(
          ConfigurationIssue(
            .conflict, at: path.appending(other),
            "says what \"\(first)\" says already; expected \(expected), so leave one of them out",
            found: "the key \"\(other)\"", expected: expected))
      }
    }
    return replaced
  }

  private mutating func variant(
    _ value: JSONValue, of variants: [ConfigurationSchema.Variant], _ kind: ConfigurationSchema.Kind,
    at path: ConfigurationPath
  ) -> JSONValue {
    var members: [String: JSONValue] = [:]
    let given: JSONValue
    var namePath = path
    switch value {
    case .string: given = value
    case .object(let object):
      members = object
      namePath = path.appending("name")
      guard let name = members.removeValue(forKey: "name") else {
        issues.append(
          ConfigurationIssue(
            .missing, at: namePath, "is missing; expected \(kind.expectation)", found: nil,
            expected: kind.expectation))
        return .null
      }
      given = name
    default:
      add(.wrongType, at: path, kind, found: value)
      return .null
    }
    guard case .string(let name) = given else {
      add(.wrongType, at: namePath, kind, found: given)
      return .null
    }
    guard let (variant, options) = ConfigurationSchema.Variant.find(name, in: variants) else {
      addUnknownName(name, at: namePath, kind, among: variants.flatMap { [$0.name] + $0.aliases.keys.sorted() })
      return .null
    }
    var result = object(members, variant.options, overlay: options, variant: variant.name, at: path)
    result["name"] = .string(variant.name)
    return .object(result)
  }

  private mutating func optional(
    _ value: JSONValue, _ wrapped: ConfigurationSchema.Kind, _ kind: ConfigurationSchema.Kind,
    at path: ConfigurationPath
  ) -> JSONValue {
    if value == .null { return .null }
    var inner = ConfigurationResolver()
    let result = inner.resolve(value, as: wrapped, at: path)
    if inner.issues.isEmpty { return result }
    // `"none"` and `false` switch an option off too, where they mean nothing else.
    if value == "none" || value == false { return .null }
    if inner.issues.contains(where: { $0.path == path && $0.kind == .wrongType }) {
      add(.wrongType, at: path, kind, found: value)
      return .null
    }
    issues += inner.issues
    return result
  }

  private mutating func either(
    _ value: JSONValue, _ kinds: [ConfigurationSchema.Kind], _ kind: ConfigurationSchema.Kind,
    at path: ConfigurationPath
  ) -> JSONValue {
    var nearest: (issues: [ConfigurationIssue], value: JSONValue)?
    for candidate in kinds {
      var inner = ConfigurationResolver()
      let result = inner.resolve(value, as: candidate, at: path)
      if inner.issues.isEmpty { return result }
      // The alternative of the right type is the one that was meant; its complaint helps most.
      let fitsType = !inner.issues.contains { $0.path == path && $0.kind == .wrongType }
      if fitsType, nearest == nil { nearest = (inner.issues, result) }
    }
    guard let nearest else {
      add(.wrongType, at: path, kind, found: value)
      return .null
    }
    issues += nearest.issues
    return nearest.value
  }

  // MARK: Issues

  private mutating func add(
    _ issue: ConfigurationIssue.Kind, at path: ConfigurationPath, _ kind: ConfigurationSchema.Kind,
    found: JSONValue
  ) {
    issues.append(
      ConfigurationIssue(
        issue, at: path, "expected \(kind.expectation), found \(found.foundDescription)",
        found: found.foundDescription, expected: kind.expectation))
  }

  private mutating func addUnknownName(
    _ name: String, at path: ConfigurationPath, _ kind: ConfigurationSchema.Kind, among names: [String]
  ) {
    let suggestion = suggestion(for: name, among: names)
    let found = JSONValue.string(name).foundDescription
    issues.append(
      ConfigurationIssue(
        .unknownName, at: path, "expected \(kind.expectation), found \(found)", found: found,
        expected: kind.expectation, suggestion: suggestion))
  }

  private mutating func addUnknownKey(
    _ key: String, at path: ConfigurationPath, among names: [String], variant: String?
  ) {
    let expected =
      switch (names.isEmpty, variant) {
      case (true, let variant?): "no options for \"\(variant)\""
      case (true, nil): "no keys"
      default: (names.count == 1 ? "the key " : "one of the keys ") + names.joined(separator: ", ")
      }
    let subject = variant.map { "\"\($0)\" has no option \"\(key)\"" } ?? "unknown key \"\(key)\""
    issues.append(
      ConfigurationIssue(
        .unknownKey, at: path.appending(key), names.isEmpty ? subject : "\(subject); expected \(expected)",
        found: "the key \"\(key)\"", expected: expected,
        suggestion: suggestion(for: key, among: names)))
  }

  private func suggestion(for name: String, among names: [String]) -> String? {
    issues.count < Self.mostSuggestions ? NearestName.suggestion(for: name, among: names) : nil
  }
}
