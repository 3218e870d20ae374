import LabCore

/// Names levels that are written as plain values.
enum LevelLabel {
  /// The label of a value: names as they are, `none` for null, `odconv(kernels=8)` for a variant with options.
  ///
  /// An object that means the same as a registered name or alias is labelled by that name.
  static func text(of value: SourceValue, key: StudySchema.Key?) -> String {
    switch value.content {
    case .string(let text): text
    case .null: "none"
    case .boolean, .integer, .number: value.json.canonicalText
    case .array(let elements): "[" + elements.map { text(of: $0, key: nil) }.joined(separator: ",") + "]"
    case .object(let members): registeredName(of: value, key: key) ?? text(of: members)
    }
  }

  /// Whether a label that is made of the value says nothing without the factor's name: `0.1`, `true`, `none`.
  static func isBare(_ value: SourceValue) -> Bool {
    switch value.content {
    case .string, .object: false
    case .null, .boolean, .integer, .number, .array: true
    }
  }

  private static func text(of members: [SourceValue.Member]) -> String {
    let name = members.first { $0.key == "name" }?.value.string
    let options = members.filter { $0.key != "name" || name == nil }
      .map { "\($0.key)=\(text(of: $0.value, key: nil))" }.joined(separator: ",")
    guard let name else { return options }
    return options.isEmpty ? name : "\(name)(\(options))"
  }

  private static func registeredName(of value: SourceValue, key: StudySchema.Key?) -> String? {
    guard let key else { return nil }
    let resolution = key.kind.resolve(value.json)
    // A name that stands for other keys, too, means more than an object of the same options.
    guard resolution.issues.isEmpty, key.kind.companions(of: value.json).isEmpty else { return nil }
    return names(in: key.kind).first {
      key.kind.companions(of: .string($0)).isEmpty && key.kind.resolve(.string($0)) == resolution
    }
  }

  private static func names(in kind: ConfigurationSchema.Kind) -> [String] {
    switch kind {
    case .variant(let variants): variants.flatMap { [$0.name] + $0.aliases.keys.sorted() }
    case .optional(let wrapped): names(in: wrapped)
    case .either(let kinds): kinds.flatMap(names)
    case .boolean, .integer, .number, .string, .choice, .array, .object: []
    }
  }
}
