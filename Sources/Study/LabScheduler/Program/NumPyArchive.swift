import Foundation

/// The arrays of an `.npz` file, as NumPy and labrun's client write it: a ZIP archive of `.npy` files that are not compressed.
struct NumPyArchive {
  /// An array of numbers, row by row.
  struct Array: Sendable {
    var shape: [Int]
    var values: [Double]
  }

  /// Why a file cannot be read, in one clause.
  struct Problem: Error, CustomStringConvertible {
    let description: String
  }

  private let data: Data
  private let entries: [String: (offset: Int, count: Int)]

  /// - Throws: ``Problem``.
  init(_ data: Data) throws {
    self.data = data
    entries = try Self.directory(data)
  }

  /// The array of a name; nil where there is none.
  ///
  /// - Throws: ``Problem``.
  func array(_ name: String) throws -> Array? {
    guard let entry = entries["\(name).npy"] else { return nil }
    let file = data[(data.startIndex + entry.offset)..<(data.startIndex + entry.offset + entry.count)]
    return try Self.array(Data(file), name)
  }

  // MARK: ZIP

  private static func directory(_ data: Data) throws -> [String: (offset: Int, count: Int)] {
    let bytes = Bytes(data)
    // The end of the directory stands behind everything but a comment.
    guard
      let end = stride(from: data.count - 22, through: max(0, data.count - 66_000), by: -1).first(where: {
        bytes.number($0, 4) == 0x0605_4b50
      })
    else { throw Problem(description: "expected a ZIP archive of NumPy's arrays, or it is not whole") }
    var count = bytes.number(end + 10, 2)
    var position = bytes.number(end + 16, 4)
    // Archives beyond 4 GB have an end of their own before.
    if position == 0xffff_ffff || count == 0xffff, end >= 20, bytes.number(end - 20, 4) == 0x0706_4b50 {
      let large = bytes.number(end - 12, 8)
      guard large >= 0, large <= data.count - 56, bytes.number(large, 4) == 0x0606_4b50 else {
        throw Problem(description: "its directory is not whole")
      }
      count = bytes.number(large + 32, 8)
      position = bytes.number(large + 48, 8)
    }
    var found: [String: (offset: Int, count: Int)] = [:]
    for _ in 0..<min(count, 1000) {
      guard position >= 0, position <= data.count - 46, bytes.number(position, 4) == 0x0201_4b50 else {
        throw Problem(description: "its directory is not whole")
      }
      let (nameLength, extraLength, commentLength) = (
        bytes.number(position + 28, 2), bytes.number(position + 30, 2), bytes.number(position + 32, 2)
      )
      guard position + 46 + nameLength + extraLength <= data.count else {
        throw Problem(description: "its directory is not whole")
      }
      let name = String(decoding: bytes.slice(position + 46, nameLength), as: UTF8.self)
      var size = bytes.number(position + 20, 4)
      var offset = bytes.number(position + 42, 4)
      if size == 0xffff_ffff || offset == 0xffff_ffff {
        var extra = position + 46 + nameLength
        let extraEnd = extra + extraLength
        while extra + 4 <= extraEnd {
          if bytes.number(extra, 2) == 1 {
            var field = extra + 4
            if bytes.number(position + 24, 4) == 0xffff_ffff { field += 8 }
            if size == 0xffff_ffff {
              size = bytes.number(field, 8)
              field += 8
            }
            if offset == 0xffff_ffff { offset = bytes.number(field, 8) }
          }
          extra += 4 + bytes.number(extra + 2, 2)
        }
      }
      guard bytes.number(position + 10, 2) == 0 else {
        throw Problem(description: "\(name) is compressed; write it by numpy.savez, not by savez_compressed")
      }
      guard offset >= 0, offset <= data.count - 30 else { throw Problem(description: "\(name) is not whole") }
      let start = offset + 30 + bytes.number(offset + 26, 2) + bytes.number(offset + 28, 2)
      guard size >= 0, start <= data.count - size else { throw Problem(description: "\(name) is not whole") }
      found[name] = (start, size)
      position += 46 + nameLength + extraLength + commentLength
    }
    return found
  }

  // MARK: Arrays

  private static func array(_ file: Data, _ name: String) throws -> Array {
    let bytes = Bytes(file)
    guard file.count >= 12, bytes.slice(0, 6) == Data([0x93] + "NUMPY".utf8) else {
      throw Problem(description: "\(name) is no array of NumPy")
    }
    let isShort = bytes.number(6, 1) == 1
    let headerStart = isShort ? 10 : 12
    let headerCount = bytes.number(8, isShort ? 2 : 4)
    guard headerCount >= 0, headerStart + headerCount <= file.count else {
      throw Problem(description: "\(name) is not whole")
    }
    let header = String(decoding: bytes.slice(headerStart, headerCount), as: UTF8.self)
    guard let type = header.firstMatch(of: /'descr':\s*'([^']+)'/)?.1,
      let shape = header.firstMatch(of: /'shape':\s*\(([^)]*)\)/)?.1,
      header.contains(/'fortran_order':\s*False/)
    else { throw Problem(description: "\(name) has a form that is not read: \(header.prefix(80))") }
    let sizes = shape.split(separator: ",").map { Int($0.trimmingCharacters(in: .whitespaces)) }
    guard !sizes.contains(where: { ($0 ?? -1) < 0 }) else { throw Problem(description: "\(name) has no shape") }
    var count = 1
    for size in sizes {
      let product = count.multipliedReportingOverflow(by: size ?? 0)
      guard !product.overflow else { throw Problem(description: "\(name) is larger than its file") }
      count = product.partialValue
    }
    let start = headerStart + headerCount
    return Array(
      shape: sizes.map { $0 ?? 0 }, values: try values(String(type), count, file.dropFirst(start), name))
  }

  private static func values(_ type: String, _ count: Int, _ data: Data, _ name: String) throws -> [Double] {
    func read<T: BitwiseCopyable>(_ kind: T.Type, _ value: (T) -> Double) throws -> [Double] {
      guard data.count >= count.multipliedReportingOverflow(by: MemoryLayout<T>.size).partialValue,
        count <= data.count / max(1, MemoryLayout<T>.size)
      else { throw Problem(description: "\(name) is not whole") }
      return data.withUnsafeBytes { bytes in
        (0..<count).map { value(bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.size, as: T.self)) }
      }
    }
    return switch type {
    case "<f4": try read(UInt32.self) { Double(Float(bitPattern: UInt32(littleEndian: $0))) }
    case "<f8": try read(UInt64.self) { Double(bitPattern: UInt64(littleEndian: $0)) }
    case "<i8": try read(Int64.self) { Double(Int64(littleEndian: $0)) }
    case "<i4": try read(Int32.self) { Double(Int32(littleEndian: $0)) }
    case "|u1": try read(UInt8.self) { Double($0) }
    default:
      throw Problem(
        description: "\(name) has numbers of the type \(type); expected float32, float64, int32, int64 or uint8")
    }
  }

  /// Numbers within data, the lowest byte first; −1 outside of them.
  private struct Bytes {
    let data: Data

    init(_ data: Data) { self.data = data }

    func number(_ offset: Int, _ count: Int) -> Int {
      guard offset >= 0, offset + count <= data.count else { return -1 }
      return (0..<count).reversed().reduce(0) { ($0 << 8) | Int(data[data.startIndex + offset + $1]) }
    }

    func slice(_ offset: Int, _ count: Int) -> Data {
      guard offset >= 0, count >= 0, offset + count <= data.count else { return Data() }
      return Data(data[(data.startIndex + offset)..<(data.startIndex + offset + count)])
    }
  }
}
