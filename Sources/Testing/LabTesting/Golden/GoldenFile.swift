import Foundation
import LabCore

/// Reference values that PyTorch computed, read from a safetensors file of this target's fixtures.
public struct GoldenFile: Sendable {
  /// What is wrong with a fixture, or with a result that is compared with one.
  public struct Failure: Error, CustomStringConvertible {
    /// One sentence: case, tensor, expected and found.
    public var description: String

    /// Creates a failure.
    public init(description: String) { self.description = description }
  }

  private struct Entry {
    var type: String
    var shape: Shape
    var range: Range<Int>
  }

  /// The file's free-form metadata.
  public let metadata: [String: String]
  private let name: String
  private let entries: [String: Entry]
  private let data: Data

  /// Operators and losses.
  ///
  /// - Throws: where the fixture cannot be read.
  public static func operators() throws -> GoldenFile { try GoldenFile("golden-operators") }
  /// Blocks with their parameters.
  ///
  /// - Throws: where the fixture cannot be read.
  public static func blocks() throws -> GoldenFile { try GoldenFile("golden-blocks") }
  /// Training runs of ten steps.
  ///
  /// - Throws: where the fixture cannot be read.
  public static func training() throws -> GoldenFile { try GoldenFile("golden-training") }

  /// Opens a fixture.
  ///
  /// - Throws: ``Failure`` where the file is missing or no safetensors file.
  public init(_ name: String) throws {
    guard let url = Bundle.module.url(forResource: name, withExtension: "safetensors", subdirectory: "Fixtures") else {
      throw Failure(description: "the fixture \(name).safetensors is missing")
    }
    let data = try Data(contentsOf: url, options: .mappedIfSafe)
    guard data.count >= 8 else { throw Failure(description: "\(name).safetensors has no header") }
    let headerCount = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    guard headerCount <= data.count - 8 else { throw Failure(description: "\(name).safetensors is cut short") }
    let header = try JSONDecoder().decode(JSONValue.self, from: data[8..<8 + headerCount])
    var entries: [String: Entry] = [:]
    for (tensor, description) in header.objectValue ?? [:] where tensor != "__metadata__" {
      guard let type = description["dtype"]?.stringValue,
        let shape = description["shape"]?.arrayValue?.compactMap(\.integerValue),
        let offsets = description["data_offsets"]?.arrayValue?.compactMap(\.integerValue), offsets.count == 2,
        offsets[0] <= offsets[1], 8 + headerCount + offsets[1] <= data.count
      else { throw Failure(description: "\(name).safetensors describes \(tensor) wrongly") }
      entries[tensor] = Entry(
        type: type, shape: Shape(shape), range: 8 + headerCount + offsets[0]..<8 + headerCount + offsets[1])
    }
    metadata = (header["__metadata__"]?.objectValue ?? [:]).compactMapValues(\.stringValue)
    self.name = name
    self.entries = entries
    self.data = data
  }

  /// The names of the tensors below a path, without the path, in alphabetical order.
  public func names(under path: String) -> [String] {
    entries.keys.filter { $0.hasPrefix(path + "/") }.map { String($0.dropFirst(path.count + 1)) }.sorted()
  }

  /// The first components of the names below a path: the cases of a group.
  public func cases(under path: String) -> [String] {
    Set(names(under: path).map { String($0.prefix { $0 != "/" }) }).sorted()
  }

  /// The shape of a tensor.
  ///
  /// - Throws: ``Failure`` for an unknown name.
  public func shape(_ tensor: String) throws -> Shape { try entry(tensor).shape }

  /// The numbers of a tensor in row-major order.
  ///
  /// - Throws: ``Failure`` for an unknown name or element type.
  public func numbers(_ tensor: String) throws -> [Double] {
    let entry = try entry(tensor)
    let bytes = data[entry.range]
    switch entry.type {
    case "F32": return bytes.words(UInt32.self).map { Double(Float(bitPattern: $0)) }
    case "F64": return bytes.words(UInt64.self).map { Double(bitPattern: $0) }
    case "I32": return bytes.words(UInt32.self).map { Double(Int32(bitPattern: $0)) }
    default: throw Failure(description: "\(tensor) of \(name) has the unknown element type \(entry.type)")
    }
  }

  private func entry(_ tensor: String) throws -> Entry {
    guard let entry = entries[tensor] else { throw Failure(description: "\(name) has no tensor \(tensor)") }
    return entry
  }
}

extension Data {
  /// The bytes as little-endian words.
  fileprivate func words<Word: FixedWidthInteger>(_ type: Word.Type) -> [Word] {
    withUnsafeBytes { bytes in
      (0..<bytes.count / MemoryLayout<Word>.size).map {
        Word(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Word>.size, as: Word.self))
      }
    }
  }
}
