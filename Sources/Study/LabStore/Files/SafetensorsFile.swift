import Foundation
import LabCore

/// Tensors in the safetensors format: a JSON header with names, types, shapes and offsets, then the elements.
///
/// - Source: the format's specification in the README of the safetensors project.
public enum SafetensorsFile {
  /// The longest header that the format allows, in bytes.
  private static let headerLimit = 100_000_000

  private struct Entry: Decodable {
    var dtype: String
    var shape: [Int]
    var offsets: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case offsets = "data_offsets"
    }
  }

  /// A header as it is written; each entry is read by itself, so that one that is wrong can be named.
  private struct Header: Decodable {
    var entries: [(name: String, entry: Entry?)] = []
    var metadata: [String: String] = [:]

    private struct Name: CodingKey {
      var stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Name.self)
      for key in container.allKeys {
        if key.stringValue == "__metadata__" {
          metadata = (try? container.decode([String: String].self, forKey: key)) ?? [:]
        } else {
          entries.append((key.stringValue, try? container.decode(Entry.self, forKey: key)))
        }
      }
    }
  }

  /// Whether a file begins as this format does: with the length of a header that fits, and the header's brace.
  static func isFramed(_ head: Data, fileSize: Int) -> Bool {
    guard head.count > 8, fileSize > 8 else { return false }
    let length = headerLength(head)
    return length >= 2 && length <= headerLimit && length <= fileSize - 8
      && head[head.startIndex + 8] == UInt8(ascii: "{")
  }

  private static func headerLength(_ head: Data) -> UInt64 {
    head.prefix(8).withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
  }

  /// Reads every tensor, sorted by name.
  ///
  /// Floating-point elements of every width become single precision, signed integers 64 bits wide.
  ///
  /// - Throws: ``StoreError/damagedFile(path:problem:)``, ``StoreError/unsupportedFile(path:problem:)``, or `FileError`.
  public static func read(_ path: String) throws -> [NamedTensor] {
    try readGroup(path).tensors
  }

  /// Reads every tensor, sorted by name, and the metadata as attributes.
  static func readGroup(_ path: String) throws -> TensorGroup {
    try decode(SizedFile(path))
  }

  /// Stores tensors in the order of their names.
  ///
  /// - Throws: ``StoreError`` or `FileError` where the system refuses.
  public static func write(_ tensors: [NamedTensor], to path: String, metadata: [String: String] = [:]) throws {
    let data = try encode(tensors, metadata: metadata)
    try StoreError.translatingFileErrors(path) { try AtomicFile.write(data, to: path) }
  }

  // MARK: Writing

  static func encode(_ tensors: [NamedTensor], metadata: [String: String]) throws -> Data {
    var header: [String: JSONValue] = [:]
    var body = Data()
    for tensor in tensors.sorted(by: { $0.name < $1.name }) {
      guard tensor.name != "__metadata__", header[tensor.name] == nil else {
        throw StoreError.invalidTensor(name: tensor.name, problem: "the name is reserved or used twice")
      }
      let start = body.count
      // Every platform that Swift supports here stores numbers with the lowest byte first, as the format does.
      tensor.values.withUnsafeBytes { body.append(contentsOf: $0) }
      header[tensor.name] = [
        "dtype": .string(tensor.values.safetensorsType),
        "shape": .array(tensor.shape.dimensions.map { .integer($0) }),
        "data_offsets": .array([.integer(start), .integer(body.count)]),
      ]
    }
    if !metadata.isEmpty { header["__metadata__"] = .object(metadata.mapValues { .string($0) }) }
    var text = Data(JSONValue.object(header).canonicalText.utf8)
    // The elements begin at a multiple of eight bytes, so that they can be used where they lie.
    text.append(contentsOf: [UInt8](repeating: 0x20, count: (8 - text.count % 8) % 8))
    return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) } + text + body
  }

  // MARK: Reading

  private static func decode(_ file: SizedFile) throws -> TensorGroup {
    let path = file.path
    func damaged(_ problem: String) -> StoreError { .damagedFile(path: path, problem: problem) }
    guard file.byteCount >= 8 else { throw damaged("it is shorter than the 8 bytes of a header's length") }
    let length = headerLength(try file.bytes(at: 0, count: 8))
    guard length <= headerLimit, length <= file.byteCount - 8 else {
      throw damaged("its header claims \(length) bytes of a file of \(file.byteCount)")
    }
    let start = 8 + Int(length)
    let bodySize = file.byteCount - start
    let header: Header
    do {
      header = try JSONDecoder().decode(Header.self, from: file.bytes(at: 8, count: Int(length)))
    } catch let error as FileError {
      throw error
    } catch {
      throw damaged("its header is not a JSON object")
    }
    var claims: [(name: String, type: ElementCode, shape: [Int], count: Int, range: Range<Int>)] = []
    for (name, entry) in header.entries {
      guard let entry, entry.offsets.count == 2 else {
        throw damaged("the header's entry \"\(name)\" lacks a type, a shape or two offsets")
      }
      guard let type = ElementCode(rawValue: entry.dtype) else {
        let names = ElementCode.allCases.map(\.rawValue).joined(separator: ", ")
        throw StoreError.unsupportedFile(
          path: path, problem: "\"\(name)\" has elements of type \(entry.dtype), expected one of \(names)")
      }
      guard let count = TensorExtents.elementCount(entry.shape) else {
        throw damaged("\"\(name)\" has the absurd shape \(entry.shape.prefix(TensorExtents.rankLimit))")
      }
      let bytes = count * type.byteCount
      let (from, to) = (entry.offsets[0], entry.offsets[1])
      guard from >= 0, from <= to, to <= bodySize, to - from == bytes else {
        throw damaged("\"\(name)\" of shape \(entry.shape) cannot lie at the bytes \(from)..<\(to) of \(bodySize)")
      }
      claims.append((name, type, entry.shape, count, from..<to))
    }
    // The format allows neither holes nor overlaps; only then is there room for all elements.
    var end = 0
    claims.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
    for claim in claims {
      guard claim.range.lowerBound == end else { throw damaged("its tensors overlap or leave a hole at byte \(end)") }
      end = claim.range.upperBound
    }
    guard end == bodySize else { throw damaged("\(bodySize - end) bytes belong to no tensor") }
    let tensors = try claims.map { claim in
      let elements = try file.bytes(at: start + claim.range.lowerBound, count: claim.range.count)
      return NamedTensor(claim.name, Shape(claim.shape), claim.type.decode(elements, count: claim.count))
    }
    return TensorGroup(
      tensors.sorted { $0.name < $1.name }, attributes: header.metadata.mapValues { .string($0) })
  }
}

extension NamedTensor.Values {
  fileprivate var safetensorsType: String {
    switch self {
    case .float32: "F32"
    case .float64: "F64"
    case .int64: "I64"
    case .uint8: "U8"
    }
  }
}
