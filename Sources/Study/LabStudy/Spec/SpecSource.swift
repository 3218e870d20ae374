import Foundation
import LabCore

/// The text of a spec as its author wrote it.
///
/// A store keeps the text; checking it again with the same schema gives the same plan.
public struct SpecSource: Hashable, Sendable {
  /// The file as messages name it.
  public var path: String
  /// The whole text.
  public var text: String
  /// The language of the text.
  public var format: SourceFormat

  /// Creates a source from a text; a file name without a known extension means JSON.
  public init(path: String, text: String, format: SourceFormat? = nil) {
    self.path = path
    self.text = text
    self.format = format ?? SourceFormat(fileExtension: (path as NSString).pathExtension) ?? .json
  }

  /// Reads a spec.
  ///
  /// - Throws: ``SpecError/unreadable(path:reason:)`` where the file cannot be read, is too large, is not UTF-8, or holds
  ///   data in place of a spec.
  public init(contentsOf path: String) throws {
    if let kind = DataFileKind.name(ofFile: path) {
      throw SpecError.unreadable(
        path: path,
        reason: "it is \(kind), and a spec is JSON or YAML, which names data in dataset.path and weights in "
          + "training.initial_weights")
    }
    let contents: Data?
    do {
      contents = try SizedFile.contents(of: path, atMost: SourceValue.Limits.bytes)
    } catch let error as FileError {
      throw SpecError.unreadable(path: path, reason: String(cString: strerror(error.code)))
    }
    guard let data = contents else {
      let size = (try? SizedFile(path).byteCount).map { "it has \($0) bytes" } ?? "it is too large"
      throw SpecError.unreadable(
        path: path, reason: "\(size); a spec may have at most \(SourceValue.Limits.bytes)")
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw SpecError.unreadable(path: path, reason: SpecSource.encodingProblem(of: data))
    }
    self.init(path: path, text: text)
  }

  /// The hash of the text, byte for byte.
  public var hash: ContentHash { ContentHash(of: text) }

  /// The text as a located value, and its syntax errors with the file's name.
  public func parse() -> SourceParse {
    var parse = SourceValue.parse(text, format: format)
    for index in parse.issues.indices { parse.issues[index].file = path }
    return parse
  }

  private static func encodingProblem(of data: Data) -> String {
    if data.starts(with: [0xff, 0xfe]) || data.starts(with: [0xfe, 0xff]) {
      return "it is encoded as UTF-16; save it as UTF-8"
    }
    let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let line = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0
    return "line \(line + 1) is not UTF-8; save the file as UTF-8"
  }
}
