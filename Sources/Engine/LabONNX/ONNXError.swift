/// Why a model cannot be exported.
public enum ONNXError: Error, Equatable, CustomStringConvertible {
  /// An operation without a form in ONNX.
  case unsupported(operation: String, path: String, problem: String)
  /// A value that depends on the batch otherwise than by a multiple of its size.
  case batch(path: String, problem: String)
  /// A weight or a number of the position that nobody gave, or that has another shape.
  case missing(name: String, problem: String)
  /// A model that is larger than the format can hold.
  case size(byteCount: Int)

  /// One sentence: where, what was expected, what was found.
  public var description: String {
    switch self {
    case .unsupported(let operation, let path, let problem):
      "\(path.isEmpty ? "" : path + ": ")\(operation) cannot be exported: \(problem)"
    case .batch(let path, let problem):
      "\(path.isEmpty ? "" : path + ": ")cannot be exported for batches of any size: \(problem)"
    case .missing(let name, let problem): "\"\(name)\": \(problem)"
    case .size(let byteCount):
      "the model has \(byteCount) bytes, and an ONNX file holds less than \(ONNXModel.maximumByteCount)"
    }
  }
}
