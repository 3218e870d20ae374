extension ConfigurationSchema {
  /// What is wrong with the schema itself; empty for a sound one.
  ///
  /// Checked are names (snake case, each once), summaries, defaults and aliases (they must fit their own kinds, and
  /// their canonical forms must resolve to themselves). Meant for tests over the real schemas.
  public func problems(at path: ConfigurationPath = .root) -> [String] {
    var problems: [String] = []
    for key in alternatives.flatMap(\.self) {
      guard let field = field(key), case .optional = field.kind else {
        problems.append("\(path.appending(key)): an alternative is not a key of an optional kind")
        continue
      }
    }
    for name in repeated(fields.map(\.name)) { problems.append("\(path.appending(name)): declared more than once") }
    for field in fields {
      let inner = path.appending(field.name)
      if !ConfigurationSchema.isSnakeCase(field.name) { problems.append("\(inner): the key is not in snake case") }
      if field.summary.isEmpty { problems.append("\(inner): has no summary") }
      if let value = field.defaultValue {
        problems += field.kind.problems(withDefault: value, at: inner)
      }
      problems += field.kind.problems(at: inner)
      problems += companionProblems(of: field.kind, at: inner)
      for level in field.comparison?.levels ?? [] {
        problems += field.kind.problems(withDefault: level, at: inner)
      }
      if let off = field.comparison?.off, !field.kind.accepts(off) {
        problems.append("\(inner): what switches it off is no value of it")
      }
    }
    if isListed, fields.contains(where: { if case .boolean = $0.kind { false } else { true } }) {
      problems.append("\(path): may be written as a list, though not all of its keys are true or false")
    }
    return problems
  }

  /// What named settings stand for beside their own key are keys of the same object.
  private func companionProblems(of kind: Kind, at path: ConfigurationPath) -> [String] {
    switch kind {
    case .optional(let kind): return companionProblems(of: kind, at: path)
    case .variant(let variants):
      return variants.flatMap { variant in
        variant.companions.sorted { $0.key < $1.key }.flatMap { alias, settings -> [String] in
          guard variant.aliases[alias] != nil else {
            return ["\(path): \"\(alias)\" is no alias of \"\(variant.name)\""]
          }
          return settings.sorted { $0.key < $1.key }.compactMap { key, value in
            field(key).map { $0.kind.accepts(value) } == true
              ? nil : "\(path): the alias \"\(alias)\" stands for a \(key) that there is not"
          }
        }
      }
    case .boolean, .integer, .number, .string, .choice, .array, .object, .either: return []
    }
  }

  private static func isSnakeCase(_ name: String) -> Bool {
    name.first.map { $0.isASCII && $0.isLowercase } == true
      && name.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "_") }
  }
}

extension ConfigurationSchema.Kind {
  fileprivate func problems(withDefault value: JSONValue, at path: ConfigurationPath) -> [String] {
    let resolution = resolve(value, at: path)
    // A default that lacks a required key makes the user give that key.
    let issues = resolution.issues.filter { $0.kind != .missing }
    guard issues.isEmpty else { return issues.map { "the default of \($0)" } }
    return resolve(resolution.value, at: path).value == resolution.value
      ? [] : ["\(path): the default's canonical form does not resolve to itself"]
  }

  fileprivate func problems(at path: ConfigurationPath) -> [String] {
    switch self {
    case .boolean, .integer, .string: []
    case .number(let bounds):
      bounds.minimum <= bounds.maximum ? [] : ["\(path): the smallest number is above the largest"]
    case .choice(let names):
      (names.isEmpty ? ["\(path): has no choices"] : []) + repeated(names).map { "\(path): lists \"\($0)\" twice" }
    case .variant(let variants): variantProblems(variants, at: path)
    case .array(let kind), .optional(let kind): kind.problems(at: path)
    case .object(let schema): schema.problems(at: path)
    case .either(let kinds):
      (kinds.isEmpty ? ["\(path): has no alternatives"] : [])
        // Without their defaults, two objects of different shapes could look alike in an identity.
        + (kinds.count(where: \.isObject) > 1 ? ["\(path): has more than one alternative that is an object"] : [])
        + kinds.flatMap { $0.problems(at: path) }
    }
  }

  private var isObject: Bool { if case .object = self { true } else { false } }

  private func variantProblems(
    _ variants: [ConfigurationSchema.Variant], at path: ConfigurationPath
  ) -> [String] {
    var problems = variants.isEmpty ? ["\(path): has no variants"] : []
    for name in repeated(variants.flatMap { [$0.name] + Array($0.aliases.keys) }) {
      problems.append("\(path): the name \"\(name)\" stands for several variants")
    }
    for variant in variants {
      if variant.summary.isEmpty { problems.append("\(path): \"\(variant.name)\" has no summary") }
      if variant.options.field("name") != nil {
        problems.append("\(path): \"\(variant.name)\" has an option \"name\", which is the variant's own key")
      }
      problems += variant.options.problems(at: path)
      for (alias, options) in variant.aliases.sorted(by: { $0.key < $1.key }) {
        let object = JSONValue.object(options.merging(["name": .string(variant.name)]) { _, name in name })
        problems += resolve(object, at: path).issues.map { "the alias \"\(alias)\" of \($0)" }
      }
    }
    return problems
  }
}

/// The names that stand more than once in a list.
private func repeated(_ names: [String]) -> [String] {
  Dictionary(names.map { ($0, 1) }, uniquingKeysWith: +).filter { $1 > 1 }.keys.sorted()
}
