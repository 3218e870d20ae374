import LabCore
import LabWorkbench

/// The interface for programs as a document in the format OpenAPI 3.1, made of the list of routes.
package enum OpenAPI {
  static let route = Route(
    kind: .resource, path: "/api/v1/openapi.json", summary: "This interface as an OpenAPI document"
  ) { _ in .json(document) }

  /// The document.
  package static var document: JSONValue {
    let information: JSONValue = [
      "title": "labrun", "version": .string(ProgramVersion.current),
      "description": "Sweeps, tables and runs of a results folder, as labrun's commands print them with --json.",
    ]
    let problem: JSONValue = [
      "type": "object", "required": ["error", "status"],
      "properties": ["error": ["type": "string"], "status": ["type": "integer"]],
    ]
    let components: JSONValue = [
      "schemas": ["Problem": problem], "securitySchemes": ["token": ["type": "http", "scheme": "bearer"]],
    ]
    let paths = Routes.resources.map {
      ($0.path, JSONValue.object([$0.receive == nil ? "get" : "post": operation($0)]))
    }
    return [
      "openapi": "3.1.0", "info": information,
      "paths": .object(Dictionary(paths, uniquingKeysWith: { first, _ in first })), "components": components,
    ]
  }

  /// What stands in addresses in place of a name in braces.
  private static let names = [
    "run": "the first digits of the run's identity", "sweep": "the sweep's number or name",
    "data": "the digits of a data set, as the list of data sets has them",
  ]

  private static func operation(_ route: Route) -> JSONValue {
    let names = route.names.map { name -> JSONValue in
      [
        "name": .string(name), "in": "path", "required": true, "schema": ["type": "string"],
        "description": .string(OpenAPI.names[name] ?? name),
      ]
    }
    let query = route.parameters.map { parameter -> JSONValue in
      let text: JSONValue = ["type": "string"]
      let schema: JSONValue = parameter.isRepeated ? ["type": "array", "items": text] : text
      return [
        "name": .string(parameter.name), "in": "query", "required": false, "description": .string(parameter.summary),
        "schema": schema,
      ]
    }
    let value: JSONValue = ["description": "OK", "content": ["application/json": ["schema": ["type": "object"]]]]
    let problem: JSONValue = [
      "description": "What is wrong, in one sentence",
      "content": ["application/json": ["schema": ["$ref": "#/components/schemas/Problem"]]],
    ]
    let summary = route.summary + (route.command.map { " (as `\($0)` prints it)" } ?? "")
    var members: [String: JSONValue] = [
      "summary": .string(summary), "parameters": .array(names + query),
      "responses": ["200": value, "default": problem],
    ]
    if route.receive != nil { members["requestBody"] = images }
    return .object(members)
  }

  /// Images as they are sent: files of a form, or the bytes of one.
  private static var images: JSONValue {
    let file: JSONValue = ["type": "string", "format": "binary"]
    let form: JSONValue = [
      "schema": [
        "type": "object", "required": ["image"], "properties": ["image": ["type": "array", "items": file]],
      ]
    ]
    return [
      "required": true,
      "content": [
        "multipart/form-data": form, "image/*": ["schema": file], "application/octet-stream": ["schema": file],
      ],
    ]
  }
}
