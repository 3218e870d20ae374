extension ConfigurationSchema {
  /// What an ablation compares of a key.
  public struct Comparison: Sendable {
    /// The values that are compared.
    public var levels: [JSONValue]
    /// The value at which what the key is about is absent; nil where there is none.
    public var off: JSONValue?

    /// Creates a comparison.
    public init(_ levels: [JSONValue] = [], off: JSONValue? = nil) {
      self.levels = levels
      self.off = off
    }
  }

  /// A key of a component, or one inside of it, as a part that an ablation can switch or vary.
  public struct Part: Sendable {
    /// The way from the component to the key, such as `attentions.spatial`.
    public var path: ConfigurationPath
    /// What the key means.
    public var summary: String
    /// The canonical value of an absent key.
    public var defaultValue: JSONValue
    /// The values that an ablation compares, canonical, the default first; only that where there are no others.
    public var levels: [JSONValue]
    /// The canonical value at which the part is absent; nil where there is none.
    public var off: JSONValue?

    /// Whether the component has the part, and can do without.
    public var canBeLeftOut: Bool { off.map { $0 != defaultValue } ?? false }
  }
}

extension ConfigurationSchema.Field {
  /// The field with what an ablation compares of it.
  ///
  /// - Parameters:
  ///   - levels: the values that are compared; without any, those that the kind lists.
  ///   - off: the value at which what the key is about is absent; nil where there is none.
  public func compared(_ levels: [JSONValue] = [], off: JSONValue? = nil) -> Self {
    var field = self
    field.comparison = .init(levels, off: off)
    return field
  }

  /// The parts that the field is: itself, or those inside of it.
  fileprivate func parts(at path: ConfigurationPath, default inherited: JSONValue?) -> [ConfigurationSchema.Part] {
    let path = path.appending(name)
    let value = kind.resolve(inherited ?? defaultValue ?? .null).value
    if case .object(let schema) = kind {
      return schema.fields.flatMap { $0.parts(at: path, default: value[$0.name]) }
    }
    var levels = [value]
    for level in comparison.flatMap({ $0.levels.isEmpty ? nil : $0.levels }) ?? kind.listedValues {
      let canonical = kind.resolve(level).value
      if !levels.contains(canonical) { levels.append(canonical) }
    }
    return [
      .init(
        path: path, summary: summary, defaultValue: value, levels: levels,
        off: comparison?.off.map { kind.resolve($0).value })
    ]
  }
}

extension ConfigurationSchema.Kind {
  /// The values of a kind that has few of them: names, true and false.
  fileprivate var listedValues: [JSONValue] {
    switch self {
    case .boolean: [false, true]
    case .choice(let names): names.map(JSONValue.string)
    case .optional(let kind): kind.listedValues.isEmpty ? [] : kind.listedValues + [.null]
    case .integer, .number, .string, .variant, .array, .object, .either: []
    }
  }
}

extension ConfigurationSchema.Variant {
  /// What can be switched or varied of the component, in the order of its options.
  ///
  /// - Parameter alias: one of the component's aliases, whose options then are the defaults; nil for the component itself.
  public func parts(alias: String? = nil) -> [ConfigurationSchema.Part] {
    let overlay = alias.flatMap { aliases[$0] } ?? [:]
    return options.fields.flatMap { $0.parts(at: .root, default: overlay[$0.name]) }
  }

  /// Configurations of the component that differ from its defaults in one part, one for each other level of each part; and
  /// each set of its ``ConfigurationSchema/switches(_:)`` with each of its aliases that set one option only: others may
  /// say how to train what is switched off.
  public var partConfigurations: [JSONValue] {
    var configurations = parts().flatMap { part in
      part.levels.dropFirst().map { configuration([(part.path, $0)]) }
    }
    for field in options.fields {
      guard case .object(let schema) = field.kind, schema.isListed else { continue }
      for bits in 0..<(1 << schema.fields.count) {
        let on = schema.fields.enumerated().filter { bits >> $0.offset & 1 == 1 }.map { $0.element.name }
        let simple = aliases.filter { $0.value.count == 1 }
        configurations += (simple.isEmpty ? [name] : simple.keys.sorted()).map {
          .object(["name": .string($0), field.name: .array(on.map(JSONValue.string))])
        }
      }
    }
    return configurations
  }

  /// The object of the component with options set.
  public func configuration(_ settings: [(path: ConfigurationPath, value: JSONValue)]) -> JSONValue {
    settings.reduce(into: ["name": .string(name)]) { $0[path: $1.path.description] = $1.value }
  }
}
