import LabCore

extension ConfigurationSchema {
  /// The schema of an object with these keys, in JSON Schema's terms.
  ///
  /// Keys without a default are not listed as required, since a factor may set them.
  func jsonSchema(naming names: [JSONValue] = []) -> JSONValue {
    var properties = Dictionary(fields.map { ($0.name, $0.jsonSchema()) }) { first, _ in first }
    if !names.isEmpty { properties["name"] = ["enum": .array(names)] }
    return ["type": "object", "properties": .object(properties), "additionalProperties": false]
  }
}

extension ConfigurationSchema.Field {
  func jsonSchema() -> JSONValue {
    var schema = kind.jsonSchema()
    schema["description"] = .string(summary)
    schema["default"] = defaultValue
    return schema
  }
}

extension ConfigurationSchema.Kind {
  /// What a value of this kind looks like, in JSON Schema's terms, shorthands included.
  func jsonSchema() -> JSONValue {
    switch self {
    case .boolean: return ["type": "boolean"]
    case .string: return ["type": "string"]
    case .integer(let range):
      var schema: JSONValue = ["type": "integer"]
      if range.lowerBound != .min { schema["minimum"] = .integer(range.lowerBound) }
      if range.upperBound != .max { schema["maximum"] = .integer(range.upperBound) }
      return schema
    case .number(let bounds):
      var schema: JSONValue = ["type": "number"]
      if bounds.minimum.isFinite {
        schema[bounds.includesMinimum ? "minimum" : "exclusiveMinimum"] = .number(bounds.minimum)
      }
      if bounds.maximum.isFinite {
        schema[bounds.includesMaximum ? "maximum" : "exclusiveMaximum"] = .number(bounds.maximum)
      }
      return schema
    case .choice(let names): return ["enum": .array(names.map(JSONValue.string))]
    case .array(let element): return ["type": "array", "items": element.jsonSchema()]
    case .object(let schema): return schema.jsonSchema()
    case .either(let kinds): return ["anyOf": .array(kinds.map { $0.jsonSchema() })]
    case .optional(let kind):
      return ["anyOf": [kind.jsonSchema(), ["enum": [nil, false, "none"], "description": "Switched off."]]]
    case .variant(let variants):
      return ["anyOf": .array([JSONValue.names(of: variants)] + variants.map { $0.jsonSchema() })]
    }
  }
}

extension ConfigurationSchema.Variant {
  /// The object form.
  fileprivate func jsonSchema() -> JSONValue {
    var schema = options.jsonSchema(naming: ([name] + aliases.keys.sorted()).map(JSONValue.string))
    schema["required"] = ["name"]
    schema["description"] = .string(summary)
    return schema
  }
}

extension JSONValue {
  /// The short form: a name or alias.
  ///
  /// Editors show the descriptions; JSON Schema itself ignores them.
  fileprivate static func names(of variants: [ConfigurationSchema.Variant]) -> JSONValue {
    let entries = variants.flatMap { variant in
      [(variant.name, variant.summary)]
        + variant.aliases.sorted { $0.key < $1.key }.map { alias, options in
          (alias, "\(variant.name) with \(JSONValue.object(options).canonicalText).")
        }
    }
    return [
      "enum": .array(entries.map { .string($0.0) }), "enumDescriptions": .array(entries.map { .string($0.1) }),
    ]
  }
}
