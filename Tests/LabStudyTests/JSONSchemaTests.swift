import LabCore
import LabStudy
import Testing

/// The generated JSON Schema, judged by a small validator of the keywords that it uses.
@Suite struct JSONSchemaTests {
  private let schema = TestSchema.study.jsonSchema()

  private func accepts(_ changes: [(String, String?)]) throws -> Bool {
    let root = try #require(SpecText(changes).source.parse().value)
    return try JSONSchemaValidator(root: schema).accepts(root.json)
  }

  @Test func everyKeywordIsUnderstood() throws {
    try JSONSchemaValidator(root: schema).requireKnownKeywords()
    #expect(schema["$schema"] == "https://json-schema.org/draft/2020-12/schema")
  }

  @Test func keysComeWithDescriptionDefaultAndRange() {
    let definitions = schema["$defs"]
    #expect(
      schema["properties"]?["training"]?["properties"]?["epochs"] == ["$ref": "#/$defs/key.training.epochs"])
    #expect(
      definitions?["key.training.epochs"] == [
        "type": "integer", "minimum": 1, "maximum": 100_000, "default": 10,
        "description": "Passes over the training images.",
      ])
    #expect(definitions?["key.training.learning_rate"]?["exclusiveMinimum"] == 0.0)
    #expect(definitions?["key.training.label_smoothing"]?["exclusiveMaximum"] == 1.0)
    let conv = definitions?["key.model.conv"]
    #expect(conv?["default"] == "static")
    #expect(
      conv?["anyOf"]?.arrayValue?.first?["enum"]
        == ["static", "odconv", "odconv-1x", "odconv-2x", "odconv-4x", "condconv"])
    #expect(conv?["anyOf"]?.arrayValue?.count == 4)
    // Two variants have this option, with the same range and different defaults.
    #expect(
      definitions?["key.model.conv.kernels"] == [
        "type": "integer", "minimum": 1, "maximum": 16, "description": "The number of kernels.",
      ])
  }

  @Test(
    arguments: [
      [],
      [
        ("$schema", #""spec.schema.json""#), ("description", #""x""#), ("full", #"{"conv": "odconv-4x"}"#),
        ("design", #""leave-one-out""#), ("execution", #"{"workers": null, "checkpoint_every_seconds": 5}"#),
      ],
      [("seeds", "5"), ("design", #"{"name": "pairs"}"#), ("include", "[]"), ("exclude", #"[{"conv": ["static"]}]"#)],
      [("design", #"{"name": "list", "cells": [{"conv": "odconv-4x"}, {}]}"#)],
      [
        ("model", #"{"conv": {"name": "odconv-2x", "reduction": 1}, "depth": 8}"#),
        ("training", #"{"augmentation": "none", "early_stopping": false, "optimizer": {"name": "adam", "beta1": 0}}"#),
        ("dataset", #"{"name": "hdf5", "path": null, "train_limit": 10, "validation": 0.5}"#), ("factors", "{}"),
        ("baseline", "{}"),
      ],
      [
        (
          "factors",
          #"{"model.conv": ["static", {"name": "odconv", "kernels": 8}], "width": {"thin": 8, "wide": {"model.width": 64}}, "#
            + #""recipe": {"a": {"epochs": 2}, "b": {"training": {"epochs": 3}, "conv.kernels": 2}}, "other": [{"depth": 8}, {"depth": 14}]}"#
        ),
        (
          "baseline",
          #"{"model.conv": {"name": "odconv", "kernels": 8}, "width": "thin", "recipe": "a", "other": "depth=8"}"#
        ),
        ("exclude", #"[{"model.conv": "static", "recipe": "b"}]"#),
      ],
    ] as [[(String, String?)]])
  func validSpecsFitTheSchema(changes: [(String, String?)]) throws {
    #expect(checkSpec(changes).issues.errors == [])
    #expect(try accepts(changes))
  }

  @Test(
    arguments: [
      ("epochs", "3"), ("name", #""a b""#), ("seeds", "0"), ("seeds", "[1, 1]"), ("seeds", "[]"), ("seeds", "[-1]"),
      ("model", #"{"dpeth": 8}"#), ("model", #"{"depth": 7}"#), ("model", #"{"depth": 8.5}"#),
      ("model", #"{"conv": "odconv-3x"}"#), ("model", #"{"conv": {"name": "static", "kernels": 4}}"#),
      ("model", #"{"conv": {"kernels": 4}}"#), ("model", #"{"downsample": "pool"}"#),
      ("training", #"{"learning_rate": 0}"#), ("training", #"{"label_smoothing": 1}"#),
      ("training", #"{"augmentation": "all"}"#), ("training", #"{"early_stopping": true}"#),
      ("training", #"{"schedule": {"milestones": [0]}}"#), ("dataset", "[]"), ("design", #""random""#),
      ("design", #"{"name": "list"}"#), ("design", #"{"name": "pairs", "cells": []}"#), ("baseline", "[]"),
      ("factors", #"{"conv": ["odconv-3x"]}"#), ("factors", #"{"conv": []}"#), ("factors", #"{"conv": "static"}"#),
      ("factors", #"{"recipe": {"a": {"epohcs": 2}}}"#), ("factors", #"{"recipe": {"a": {"epochs": 0}}}"#),
      ("factors", #"{"recipe": ["a", "b"]}"#), ("execution", #"{"worker": 1}"#),
    ] as [(String, String)])
  func mistakesDoNotFitTheSchema(key: String, text: String) throws {
    #expect(!checkSpec([(key, text)]).issues.errors.isEmpty)
    #expect(try !accepts([(key, text)]))
  }
}

extension JSONSchemaTests {
  private func ofProgram(_ program: String, _ rest: String = "") -> SpecSource {
    SpecSource(
      path: "study.json",
      text: """
        { "program": { "command": ["python3", "train.py", "{args}"]\(program) }, "parameters": { "lr": 0.1, "model": { "depth": 5 } },
          "factors": { "lr": [0.1, 1], "depth": { "few": 5, "many": 7 } }, "baseline": { "lr": 0.1, "depth": "few" }\(rest) }
        """)
  }

  /// A program's factors may be called like labrun's own keys, and have other values.
  @Test(arguments: [
    "",
    #", "metrics": { "bleu": { "better": "higher" }, "acc": { "better": "neutral", "unit": "%", "tag": "a/b" } }"#,
    #", "pattern": "acc {acc}", "sources": ["*.py"], "first_epoch": 0, "timeout_minutes": null, "devices": ["cuda:0"]"#,
    #", "pattern": ["acc {acc}", "loss {loss}"], "grace_seconds": 0, "inputs": []"#,
  ])
  func validProgramsFitTheSchema(program: String) throws {
    let source = ofProgram(program)
    #expect(schema(of: source).issues.errors == [])
    #expect(try JSONSchemaValidator(root: TestSchema.study.jsonSchema()).accepts(#require(source.parse().value).json))
  }

  @Test(
    arguments: [
      (#", "comand": []"#, ""), (#", "first_epoch": 2"#, ""), (#", "metrics": { "bleu": {} }"#, ""),
      (#", "metrics": { "bleu": { "better": "up" } }"#, ""),
      (#", "metrics": { "bleu": { "better": "higher", "u": 1 } }"#, ""),
      (#", "timeout_minutes": 0"#, ""), ("", #", "model": { "depth": 8 }"#), ("", #", "training": {}"#),
    ] as [(String, String)])
  func mistakesOfProgramsDoNotFitTheSchema(program: String, rest: String) throws {
    let source = ofProgram(program, rest)
    #expect(!schema(of: source).issues.errors.isEmpty)
    #expect(try !JSONSchemaValidator(root: TestSchema.study.jsonSchema()).accepts(#require(source.parse().value).json))
  }

  /// What no program reads is no parameter of labrun's networks.
  @Test func parametersAreOfPrograms() throws {
    #expect(!checkSpec([("parameters", #"{"lr": 1}"#)]).issues.errors.isEmpty)
    let root = try #require(SpecText([("parameters", #"{"lr": 1}"#)]).source.parse().value)
    #expect(try !JSONSchemaValidator(root: TestSchema.study.jsonSchema()).accepts(root.json))
  }

  private func schema(of source: SpecSource) -> SpecCheck { TestSchema.study.check(source) }
}

/// Validates by the keywords of JSON Schema (draft 2020-12) that the generator uses.
private struct JSONSchemaValidator {
  struct UnknownKeyword: Error { var keyword: String }

  private static let annotations: Set = ["$schema", "$defs", "title", "description", "default", "enumDescriptions"]
  private static let keywords: Set = [
    "$ref", "type", "enum", "anyOf", "properties", "additionalProperties", "required", "items", "minItems",
    "uniqueItems", "minProperties", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "pattern",
    "maxLength", "if", "then", "else",
  ]

  let root: JSONValue

  func accepts(_ value: JSONValue) throws -> Bool { try accepts(value, root) }

  /// Walks all schemas, so that a keyword that this validator ignores cannot make a test pass.
  func requireKnownKeywords() throws { try requireKnownKeywords(root) }

  private func requireKnownKeywords(_ schema: JSONValue) throws {
    for (keyword, value) in schema.objectValue ?? [:] {
      guard Self.keywords.contains(keyword) || Self.annotations.contains(keyword) else {
        throw UnknownKeyword(keyword: keyword)
      }
      switch keyword {
      case "properties", "$defs":
        for inner in value.objectValue?.values.map(\.self) ?? [] { try requireKnownKeywords(inner) }
      case "items", "additionalProperties", "if", "then", "else": try requireKnownKeywords(value)
      case "anyOf": for inner in value.arrayValue ?? [] { try requireKnownKeywords(inner) }
      case "$ref": _ = try definition(value)
      default: break
      }
    }
  }

  private func definition(_ reference: JSONValue) throws -> JSONValue {
    let name = try #require(reference.stringValue?.split(separator: "/", maxSplits: 2).last)
    return try #require(root["$defs"]?[String(name)], "\(name) is not defined")
  }

  private func accepts(_ value: JSONValue, _ schema: JSONValue) throws -> Bool {
    if case .boolean(let isAllowed) = schema { return isAllowed }
    for (keyword, argument) in schema.objectValue ?? [:] {
      if try !accepts(value, keyword, argument, schema) { return false }
    }
    return true
  }

  private func accepts(_ value: JSONValue, _ keyword: String, _ argument: JSONValue, _ schema: JSONValue) throws -> Bool
  {
    let number = value.doubleValue
    let limit = argument.doubleValue ?? 0
    switch keyword {
    case "$ref": return try accepts(value, definition(argument))
    case "type": return (argument.arrayValue ?? [argument]).contains { isOfType(value, $0.stringValue) }
    case "enum": return argument.arrayValue?.contains(value) ?? false
    case "if":
      let branch = try accepts(value, argument) ? schema["then"] : schema["else"]
      return try branch.map { try accepts(value, $0) } ?? true
    case "anyOf": return try argument.arrayValue?.contains { try accepts(value, $0) } ?? false
    case "required":
      return value.objectValue.map { members in
        argument.arrayValue?.allSatisfy { members[$0.stringValue ?? ""] != nil } ?? false
      } ?? true
    case "properties", "additionalProperties":
      for (key, member) in value.objectValue ?? [:] {
        let inner = keyword == "properties" ? argument[key] : schema["properties"]?[key] == nil ? argument : nil
        if let inner, try !accepts(member, inner) { return false }
      }
      return true
    case "items": return try value.arrayValue?.allSatisfy { try accepts($0, argument) } ?? true
    case "minItems": return value.arrayValue.map { Double($0.count) >= limit } ?? true
    case "uniqueItems": return value.arrayValue.map { Set($0).count == $0.count } ?? true
    case "minProperties": return value.objectValue.map { Double($0.count) >= limit } ?? true
    case "minimum": return number.map { $0 >= limit } ?? true
    case "maximum": return number.map { $0 <= limit } ?? true
    case "exclusiveMinimum": return number.map { $0 > limit } ?? true
    case "exclusiveMaximum": return number.map { $0 < limit } ?? true
    case "pattern":
      guard let text = value.stringValue, let pattern = argument.stringValue else { return true }
      return try text.firstMatch(of: Regex(pattern)) != nil
    case "maxLength": return value.stringValue.map { Double($0.count) <= limit } ?? true
    default: return true
    }
  }

  private func isOfType(_ value: JSONValue, _ type: String?) -> Bool {
    switch (type, value) {
    case ("object", .object), ("array", .array), ("string", .string), ("boolean", .boolean), ("number", .number),
      ("number", .integer), ("integer", .integer):
      true
    case ("null", .null): true
    case ("integer", .number(let number)): number.rounded() == number
    default: false
    }
  }
}
