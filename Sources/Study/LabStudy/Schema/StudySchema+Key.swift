import LabCore

extension StudySchema {
  /// A key of a run's configuration that a factor can set.
  public struct Key: Sendable {
    /// The whole path, such as `model.conv` or `model.conv.kernels`.
    public let path: ConfigurationPath
    /// What the key means.
    public let summary: String
    /// What the key takes; several kinds where variants have options of the same name.
    public let kind: ConfigurationSchema.Kind
    /// The value of the key where a spec leaves it out; nil where it is required, or differs between variants.
    public let defaultValue: JSONValue?
    /// The variants that have the key as an option; empty for a key that is always there.
    public let variants: [String]
  }

  /// The keys that a name may mean.
  ///
  /// A name is a whole path or the last part of one: `model.conv`, `conv`, `conv.kernels`. A whole path means that key
  /// only; a key that is always there comes before a variant's option of the same name.
  ///
  /// - Returns: one key where the name is clear, none or several where it is not.
  public func keys(matching name: String) -> [Key] {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    let matches = (keyIndices[parts.last ?? ""] ?? []).map { keys[$0] }.filter {
      $0.path.keys.suffix(parts.count) == parts[...]
    }
    if let whole = matches.first(where: { $0.path.keys.count == parts.count }) { return [whole] }
    let certain = matches.filter { $0.variants.isEmpty }
    return certain.isEmpty ? matches : certain
  }

  /// The shortest last part of the key's path that means this key and no other.
  public func shortName(of key: Key) -> String {
    let parts = key.path.keys
    for count in 1..<max(parts.count, 1) {
      let name = parts.suffix(count).joined(separator: ".")
      if keys(matching: name).map(\.path) == [key.path] { return name }
    }
    return key.path.description
  }

  /// The key nearest to a misspelt name, by the name that a spec would use.
  func suggestion(forKey name: String) -> String? {
    let certain = keys.filter { $0.variants.isEmpty }
    return name.contains(".")
      ? NearestName.suggestion(for: name, among: keys.map(\.path.description))
      : NearestName.suggestion(for: name, among: certain.map(shortName))
  }
}

extension StudySchema.Key {
  /// Every key below the sections, in the order of the documentation.
  static func all(in configuration: ConfigurationSchema) -> [StudySchema.Key] {
    var keys: [StudySchema.Key] = []
    for section in configuration.fields {
      // A section that is no plain object can be set as a whole: `"dataset": ["fashion-mnist", "synthetic-signs"]`.
      if case .object = section.kind {
      } else {
        keys.append(
          StudySchema.Key(
            path: ConfigurationPath(section.name), summary: section.summary, kind: section.kind,
            defaultValue: section.defaultValue, variants: []))
      }
      add(section.kind, at: ConfigurationPath(section.name), variants: [], to: &keys)
    }
    return keys
  }

  /// Adds the keys inside a value of a kind.
  private static func add(
    _ kind: ConfigurationSchema.Kind, at path: ConfigurationPath, variants: [String], to keys: inout [StudySchema.Key]
  ) {
    switch kind {
    case .object(let schema): add(schema, at: path, variants: variants, to: &keys)
    case .optional(let wrapped): add(wrapped, at: path, variants: variants, to: &keys)
    case .either(let kinds): for kind in kinds { add(kind, at: path, variants: variants, to: &keys) }
    case .variant(let entries):
      for entry in entries { add(entry.options, at: path, variants: variants + [entry.name], to: &keys) }
    case .boolean, .integer, .number, .string, .choice, .array: break
    }
  }

  private static func add(
    _ schema: ConfigurationSchema, at path: ConfigurationPath, variants: [String], to keys: inout [StudySchema.Key]
  ) {
    for field in schema.fields {
      let inner = path.appending(field.name)
      if let index = keys.firstIndex(where: { $0.path == inner }) {
        keys[index] = keys[index].merging(field, of: variants)
      } else {
        keys.append(
          StudySchema.Key(
            path: inner, summary: field.summary, kind: field.kind,
            defaultValue: field.defaultValue, variants: variants))
      }
      add(field.kind, at: inner, variants: variants, to: &keys)
    }
  }
  /// The key where other variants have an option of the same name.
  private func merging(_ field: ConfigurationSchema.Field, of variants: [String]) -> StudySchema.Key {
    var kinds = [self.kind]
    if case .either(let several) = self.kind, !self.variants.isEmpty { kinds = several }
    let writer = JSONSchemaWriter(definedKeys: [])
    let wanted = writer.value(field.kind, at: nil)
    if !kinds.contains(where: { writer.value($0, at: nil) == wanted }) { kinds.append(field.kind) }
    return StudySchema.Key(
      path: path, summary: summary, kind: kinds.count == 1 ? kinds[0] : .either(kinds),
      defaultValue: defaultValue == field.defaultValue ? defaultValue : nil, variants: self.variants + variants)
  }
}
