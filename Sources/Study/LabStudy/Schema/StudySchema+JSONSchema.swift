import LabCore
import LabRecords

extension StudySchema {
  /// The JSON Schema (draft 2020-12) of specs, with which editors complete and check them.
  ///
  /// It knows keys, names, types and ranges. What needs the whole spec at once (levels of the baseline, cells, shapes)
  /// only ``check(_:substitute:checkVariant:)`` finds; every spec that it accepts is valid by the JSON Schema.
  public func jsonSchema() -> JSONValue {
    var properties: [String: JSONValue] = [
      "$schema": ["type": "string", "description": "The file with this schema, for editors."],
      "name": [
        "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$", "maxLength": 100,
        "description": "The sweep's name; by default the file's.",
      ],
      "description": ["type": "string", "description": "What the study is about."],
      "factors": ["type": "object", "description": "The axes of the study: a factor's name with its levels."],
      "baseline": described("levels", "The level of each factor that the others are compared with."),
      "full": described(
        "levels", "The level of each factor in the full model, for the designs that start from it."),
      "design": designSchema,
      "include": described("cells", "Cells beside those of the design; a factor that is not named is at its baseline."),
      "exclude": described("cells", "Cells that are left out: all those with the named levels."),
      "seeds": [
        "anyOf": [
          ["type": "array", "items": ["type": "integer", "minimum": 0], "minItems": 1, "uniqueItems": true],
          ["type": "integer", "minimum": 1, "maximum": .integer(SpecReader.largestSeedCount)],
        ],
        "default": [0], "description": "The seeds with which every cell is trained, or their number.",
      ],
      "analysis": writer.described(
        writer.object(AnalysisPlan.schema, at: nil),
        "What will be concluded from, registered with the sweep before there are results; changes no result and is no "
          + "part of a run's identity."),
      "execution": writer.described(
        writer.object(execution, at: nil),
        "How runs are executed; changes no result and is no part of a run's identity."),
    ]
    // Which metrics and parameters there are, only the spec says.
    var program = writer.object(Self.programSection(metricNames: []), at: nil)
    program["required"] = ["command"]
    var metric = writer.object(Self.metricDeclaration, at: nil)
    metric["required"] = ["better"]
    program["properties"]?["metrics"]?["additionalProperties"] = metric
    properties["program"] = writer.described(
      program, "Somebody's program, which trains the runs in place of labrun's own engine.")
    properties["parameters"] = writer.described(
      .object(["type": "object"]), "What the program is told, by name: the defaults of all runs.")
    for section in sections {
      let path = ConfigurationPath(section.name)
      properties[section.name] =
        writer.definedKeys.contains(path)
        ? JSONSchemaWriter.reference(to: path)
        : writer.described(writer.value(section.kind, at: path), section.summary)
    }
    // A program has factors of any name, and no network of labrun's beside it.
    var ofProgram = Dictionary(uniqueKeysWithValues: sections.map { ($0.name, JSONValue.boolean(false)) })
    ofProgram["factors"] = ["additionalProperties": anyFactor("any")]
    return [
      "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A labrun study", "type": "object",
      "properties": .object(properties), "additionalProperties": false, "if": ["required": ["program"]],
      "then": ["properties": .object(ofProgram)],
      "else": ["properties": ["factors": factorsSchema, "parameters": false]],
      "$defs": .object(definitions),
    ]
  }

  private var writer: JSONSchemaWriter {
    JSONSchemaWriter(definedKeys: Set(keys.filter(\.variants.isEmpty).map(\.path)))
  }

  // MARK: Factors

  /// A factor is named after a key, whose values its levels are, or has any name and levels that set keys.
  private var factorsSchema: JSONValue {
    let properties = keyNames.map { name, key in
      (name, JSONValue.object(["$ref": .string("#/$defs/factor.\(key.path)")]))
    }
    return [
      "properties": .object(Dictionary(properties) { first, _ in first }),
      "additionalProperties": anyFactor("settings"),
    ]
  }

  /// A factor of any name, whose levels are each what a definition says.
  private func anyFactor(_ definition: String) -> JSONValue {
    let level: JSONValue = ["$ref": .string("#/$defs/\(definition)")]
    return [
      "anyOf": [
        ["type": "array", "items": level, "minItems": 1],
        ["type": "object", "additionalProperties": level, "minProperties": 1],
      ]
    ]
  }

  private var definitions: [String: JSONValue] {
    let writer = writer
    var definitions: [String: JSONValue] = [:]
    for key in keys {
      definitions["key.\(key.path)"] = writer.described(
        writer.value(key.kind, at: key.path), key.summary, default: key.defaultValue)
      definitions["factor.\(key.path)"] = [
        "anyOf": [
          ["type": "array", "items": JSONSchemaWriter.reference(to: key.path), "minItems": 1],
          ["$ref": "#/$defs/labelled"],
        ]
      ]
    }
    definitions["labelled"] = [
      "type": "object", "minProperties": 1, "description": "Levels by their labels.",
      "additionalProperties": [
        "anyOf": [["$ref": "#/$defs/settings"], ["type": ["array", "boolean", "null", "number", "string"]]]
      ],
    ]
    var settings = Dictionary(
      keyNames.map { name, key in (name, JSONSchemaWriter.reference(to: key.path)) }
    ) { first, _ in first }
    for section in sections where settings[section.name] == nil { settings[section.name] = ["type": "object"] }
    definitions["settings"] = [
      "type": "object", "properties": .object(settings), "additionalProperties": false,
      "description": "The keys that a level sets.",
    ]
    definitions["any"] = ["description": "A value of a parameter, or several by their names."]
    definitions["levels"] = [
      "type": "object", "description": "A level for each factor, by its label or value.",
    ]
    definitions["cells"] = [
      "type": "array", "items": ["$ref": "#/$defs/levels", "description": "Levels, or lists of levels, by factor."],
    ]
    return definitions
  }

  /// Every name that means one key, with the key.
  private var keyNames: [(String, Key)] {
    keys.flatMap { key in
      let parts = key.path.keys
      return (1...parts.count).map { parts.suffix($0).joined(separator: ".") }
        .filter { keys(matching: $0).map(\.path) == [key.path] }.map { ($0, key) }
    }
  }

  // MARK: Designs

  private var designSchema: JSONValue {
    let names: JSONValue = [
      "enum": .array(designs.names.map(JSONValue.string)),
      "enumDescriptions": .array(designs.entries.map { .string($0.summary) }),
    ]
    let objects = designs.entries.map { design -> JSONValue in
      var schema = writer.object(design.options, at: nil, naming: [design.name])
      schema["description"] = .string(design.summary)
      schema["required"] = ["name"]
      if design.takesCells {
        schema["properties"]?["cells"] = described("cells", "The cells to run.")
        schema["required"] = ["name", "cells"]
      }
      return schema
    }
    return [
      "anyOf": .array([names] + objects), "default": .string(designs.names.first ?? ""),
      "description": "Which combinations of levels are trained.",
    ]
  }

  private func described(_ definition: String, _ text: String) -> JSONValue {
    writer.described(["$ref": .string("#/$defs/\(definition)")], text)
  }
}
