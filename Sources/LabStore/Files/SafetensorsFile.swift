import Foundation
import LabCore

/// Tensors in the safetensors format: a JSON header with names, types, shapes and offsets, then the elements.
///
/// - Source: the format's specification in the README of the safetensors project.
public enum SafetensorsFile {
  /// The longest header that the format allows, in bytes.
  private static let headerLimit = 100_000_000

  private struct Entry: Codable {
    var dtype: String
    var shape: [Int]
    var offsets: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case offsets = "data_offsets"
    }
  }

  /// Reads every tensor, sorted by name.
  ///
  /// Floating-point elements of every width become single precision, signed integers 64 bits wide.
  ///
  /// - Throws: ``StoreError/damagedFile(path:problem:)``, ``StoreError/unsupportedFile(path:problem:)``, or `FileError`.
  public static func read(_ path: String) throws -> [StoredTensor] {
    try readGroup(path).tensors
  }

  /// Reads every tensor, sorted by name, and the metadata as attributes.
  static func readGroup(_ path: String) throws -> TensorGroup {
    try decode(SealedFile.bytes(of: path), path: path)
  }

  /// Stores tensors in the order of their names.
  public static func write(_ tensors: [StoredTensor], to path: String, metadata: [String: String] = [:]) throws {
    let data = try encode(tensors, metadata: metadata)
    try StoreError.translatingFileErrors(path) { try AtomicFile.write(data, to: path) }
  }

  // MARK: Writing

  static func encode(_ tensors: [StoredTensor], metadata: [String: String]) throws -> Data {
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

  static func decode(_ data: Data, path: String) throws -> TensorGroup {
    func damaged(_ problem: String) -> StoreError { .damagedFile(path: path, problem: problem) }
    guard data.count >= 8 else { throw damaged("it is shorter than the 8 bytes of a header's length") }
    let length = data.prefix(8).withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
    guard length <= headerLimit, length <= data.count - 8 else {
      throw damaged("its header claims \(length) bytes of a file of \(data.count)")
    }
    let start = data.startIndex + 8
    let body = data[(start + Int(length))...]
    let header: [String: JSONValue]
    do {
      header = try JSONDecoder().decode([String: JSONValue].self, from: data[start..<start + Int(length)])
    } catch {
      throw damaged("its header is not a JSON object")
    }
    var tensors: [StoredTensor] = []
    var ranges: [Range<Int>] = []
    for (name, value) in header.sorted(by: { $0.key < $1.key }) where name != "__metadata__" {
      guard let entry: Entry = try? value.decode(), entry.offsets.count == 2 else {
        throw damaged("the header's entry \"\(name)\" lacks a type, a shape or two offsets")
      }
      guard let type = ElementCode(rawValue: entry.dtype) else {
        let names = ElementCode.allCases.map(\.rawValue).joined(separator: ", ")
        throw StoreError.unsupportedFile(
          path: path, problem: "\"\(name)\" has elements of type \(entry.dtype), expected one of \(names)")
      }
      var count = 1
      for extent in entry.shape {
        let (product, overflow) = count.multipliedReportingOverflow(by: extent)
        guard extent >= 0, !overflow else { throw damaged("\"\(name)\" has the absurd shape \(entry.shape)") }
        count = product
      }
      let (bytes, overflow) = count.multipliedReportingOverflow(by: type.byteCount)
      let (from, to) = (entry.offsets[0], entry.offsets[1])
      guard !overflow, from >= 0, from <= to, to <= body.count, to - from == bytes else {
        throw damaged("\"\(name)\" of shape \(entry.shape) cannot lie at the bytes \(from)..<\(to) of \(body.count)")
      }
      ranges.append(from..<to)
      let elements = body[(body.startIndex + from)..<(body.startIndex + to)]
      tensors.append(StoredTensor(name, Shape(entry.shape), type.decode(elements, count: count)))
    }
    // The format allows neither holes nor overlaps.
    var end = 0
    for range in ranges.sorted(by: { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }) {
      guard range.lowerBound == end else { throw damaged("its tensors overlap or leave a hole at byte \(end)") }
      end = range.upperBound
    }
    guard end == body.count else { throw damaged("\(body.count - end) bytes belong to no tensor") }
    let metadata: [String: String] = (try? header["__metadata__"]?.decode()) ?? [:]
    return TensorGroup(tensors, attributes: metadata.mapValues { .string($0) })
  }
}

extension StoredTensor.Values {
  fileprivate var safetensorsType: String {
    switch self {
    case .float32: "F32"
    case .float64: "F64"
    case .int64: "I64"
    case .uint8: "U8"
    }
  }
}
