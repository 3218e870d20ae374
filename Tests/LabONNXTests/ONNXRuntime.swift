import Foundation
import LabCore
import LabTesting
import Testing

/// The packages onnx and onnxruntime of Python, which check and run models independently of what wrote them.
enum ONNXRuntime {
  /// A Python that has both; nil where there is none.
  static let python = PythonPackages.interpreter(importing: "onnx, onnxruntime")

  static let reason = Comment(rawValue: PythonPackages.missing("onnx and onnxruntime"))

  /// Runs a script of the fixtures.
  static func output(of script: String, _ argument: String) throws -> String {
    let python = try #require(python)
    let file = try #require(Bundle.module.url(forResource: "Fixtures/\(script)", withExtension: "py"))
    let result = try PythonPackages.run(python, [file.path, argument])
    #expect(result.status == 0, "\(script): \(result.errors.suffix(2000))")
    return result.output
  }

  /// Runs a script on a model's file and reads the JSON that it prints.
  static func reading(_ data: Data) throws -> JSONValue {
    let folder = try Folder()
    try data.write(to: folder.url.appendingPathComponent("model.onnx"))
    return try JSONValue(parsing: output(of: "read_model", folder.url.appendingPathComponent("model.onnx").path))
  }

  /// A folder that is gone with the last that uses it.
  final class Folder: Sendable {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("labrun-onnx-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: url) }
  }
}

/// Models with numbers that they are to compute, in a folder from which a script checks them all at once.
struct ModelCases {
  /// Numbers that go in or come out.
  struct Tensor {
    var name: String
    var shape: [Int]
    var numbers: Numbers
  }

  enum Numbers {
    case floats([Float])
    case integers([Int32])
    case bytes([UInt8])

    var type: String {
      switch self {
      case .floats: "float32"
      case .integers: "int32"
      case .bytes: "uint8"
      }
    }

    var data: Data {
      switch self {
      case .floats(let numbers): numbers.withUnsafeBytes { Data($0) }
      case .integers(let numbers): numbers.withUnsafeBytes { Data($0) }
      case .bytes(let numbers): Data(numbers)
      }
    }
  }

  private let folder: ONNXRuntime.Folder
  private var cases: [JSONValue] = []
  var count: Int { cases.count }

  init() throws { folder = try ONNXRuntime.Folder() }

  /// Adds a model with one or several sets of inputs and outputs.
  mutating func add(
    _ name: String, _ model: Data, runs: [(inputs: [Tensor], outputs: [Tensor])], tolerance: Double
  ) throws {
    let number = cases.count
    try model.write(to: folder.url.appendingPathComponent("\(number).onnx"))
    func write(_ tensors: [Tensor], _ prefix: String) throws -> JSONValue {
      .array(
        try tensors.enumerated().map { index, tensor in
          let file = "\(prefix)-\(index).bin"
          try tensor.numbers.data.write(to: folder.url.appendingPathComponent(file))
          return [
            "name": .string(tensor.name), "type": .string(tensor.numbers.type),
            "shape": .array(tensor.shape.map(JSONValue.integer)), "file": .string(file),
          ]
        })
    }
    let described = try runs.enumerated().map { index, run -> JSONValue in
      [
        "inputs": try write(run.inputs, "\(number)-\(index)-in"),
        "outputs": try write(run.outputs, "\(number)-\(index)-out"),
      ]
    }
    cases.append([
      "name": .string(name), "model": .string("\(number).onnx"), "runs": .array(described),
      "tolerance": .number(tolerance),
    ])
  }

  /// Checks all of them, and says what is wrong.
  func check() throws {
    try Data(JSONValue.array(cases).canonicalText.utf8).write(to: folder.url.appendingPathComponent("cases.json"))
    let problems = try JSONValue(parsing: ONNXRuntime.output(of: "check_models", folder.url.path)).decode([String].self)
    for problem in problems { Issue.record("\(problem)") }
  }
}
