/// HDF5 files that commands write beside those of runs: logits of a prediction, results of an evaluation.
public enum ResultFile {
  /// Stores tensors and attributes so that a crash leaves the old file or the new one.
  ///
  /// - Parameters:
  ///   - content: what to store.
  ///   - format: what the file says of itself in its attribute `format`.
  ///   - path: the file.
  /// - Throws: ``StoreError``, or `FileError` where the file cannot be written.
  public static func write(_ content: TensorGroup, format: String, to path: String) throws {
    var content = content
    content.attributes["format"] = .string(format)
    content.attributes["format_version"] = .integer(1)
    try SealedFile.write([(path: path, content: content)])
  }

  /// Reads a file that ``write(_:format:to:)`` stored.
  ///
  /// - Throws: ``StoreError`` where it is damaged or of another format, `FileError` where it cannot be read.
  public static func read(_ path: String, format: String) throws -> TensorGroup {
    let content = try SealedFile.read(path)
    guard content.attributes["format"] == .string(format) else {
      throw StoreError.unsupportedFile(path: path, problem: "it is no \(format) file")
    }
    return content
  }
}
