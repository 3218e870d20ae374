import LabCore

/// Says in JSON Schema's terms what a value of a kind looks like, shorthands included.
///
/// Keys that every run has are written once, as definitions that other places refer to.
struct JSONSchemaWriter {
  /// The keys that have a definition of their own.
  let definedKeys: Set<ConfigurationPath>

  /// A reference to a key's definition.
  static func reference(to path: ConfigurationPath) -> JSONValue { ["$ref": .string("#/$defs/key.\(path)")] }

  /// The schema of an object with these keys.
  ///
  /// Keys without a default are not listed as required, since a factor may set them.
  ///
  /// - Parameter path: where the object stands in a run's configuration; nil for one that stands elsewhere.
  func object(_ schema: ConfigurationSchema, at path: ConfigurationPath?, naming names: [String] = []) -> JSONValue {
    var properties = Dictionary(
      schema.fields.map { ($0.name, field($0, at: path?.appending($0.name))) }
    ) { first, _ in first }
    if !names.isEmpty { properties["name"] = ["enum": .array(names.map(JSONValue.string))] }
    return ["type": "object", "properties": .object(properties), "additionalProperties": false]
  }

  private func field(_ field: ConfigurationSchema.Field, at path: ConfigurationPath?) -> JSONValue {
    if let path, definedKeys.contains(path) { return JSONSchemaWriter.reference(to: path) }
    return described(value(field.kind, at: path), field.summary, default: field.defaultValue)
  }

  /// A schema with what editors show of it.
  func described(_ schema: JSONValue, _ summary: String, default defaultValue: JSONValue? = nil) -> JSONValue {
    var schema = schema
    schema["description"] = .string(summary)
    schema["default"] = defaultValue
    return schema
  }

  /// The schema of a value.
  func value(_ kind: ConfigurationSchema.Kind, at path: ConfigurationPath?) -> JSONValue {
    switch kind {
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
    case .array(let element): return ["type": "array", "items": value(element, at: nil)]
    case .object(let schema) where schema.isListed:
      let names: JSONValue = ["enum": .array(schema.fields.map { .string($0.name) })]
      return ["anyOf": [["type": "array", "items": names, "uniqueItems": true], object(schema, at: path)]]
    case .object(let schema): return object(schema, at: path)
    case .either(let kinds): return ["anyOf": .array(kinds.map { value($0, at: path) })]
    case .optional(let kind):
      return ["anyOf": [value(kind, at: path), ["enum": [nil, false, "none"], "description": "Switched off."]]]
    case .variant(let variants):
      return ["anyOf": .array([names(of: variants)] + variants.map(self.variant))]
    }
  }

  /// The object form of a variant; its options differ from those of the other variants, so nothing is shared.
  private func variant(_ variant: ConfigurationSchema.Variant) -> JSONValue {
    var schema = object(variant.options, at: nil, naming: [variant.name] + variant.aliases.keys.sorted())
    schema["required"] = ["name"]
    return described(schema, variant.summary)
  }

  /// The short form: a name or alias.
  ///
  /// Editors show the descriptions; JSON Schema itself ignores them.
  private func names(of variants: [ConfigurationSchema.Variant]) -> JSONValue {
    let entries = variants.flatMap { variant in
      [(variant.name, variant.summary)]
        + variant.aliases.sorted { $0.key < $1.key }.map { alias, options in
          let settings = options.merging(variant.companions[alias] ?? [:]) { option, _ in option }
          return (alias, "\(variant.name) with \(JSONValue.object(settings).canonicalText).")
        }
    }
    return [
      "enum": .array(entries.map { .string($0.0) }), "enumDescriptions": .array(entries.map { .string($0.1) }),
    ]
  }
}
