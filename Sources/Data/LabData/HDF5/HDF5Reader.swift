import LabCore
import LabHDF5

/// Reads data sets and text attributes of one HDF5 file, in whose terms refusals of the library are told.
///
/// The file is open only during `reading`, all of which happens within the process's HDF5 lock.
struct HDF5Reader: ~Copyable {
  private let file: HDF5File
  private let path: String

  /// More names than any group that is looked at has.
  private static let mostNames = 1_000_000

  /// Opens a file, lets `body` read from it, and closes it.
  ///
  /// - Throws: ``DataError`` or what `body` throws.
  static func reading<R>(_ path: String, _ body: (borrowing HDF5Reader) throws -> R) throws -> R {
    try withFile(path) { file in try body(HDF5Reader(file: file, path: path)) }
  }

  /// As ``reading(_:_:)``, with the file itself.
  static func withFile<R>(_ path: String, _ body: (consuming HDF5File) throws -> R) throws -> R {
    try HDF5Library.locked { try body(try open(path)) }
  }

  private static func open(_ path: String) throws -> HDF5File {
    do {
      return try HDF5File(reading: path)
    } catch let failure as HDF5Failure {
      if let code = failure.machineCode {
        throw DataError.inaccessible(
          path: path, reason: SystemError.text(code), remedy: "start again later", code: code)
      }
      throw DataError.malformedFile(
        path: path,
        actual: HDF5File.isHDF5(path) ? "is cut off, or is being written just now" : "is no HDF5 file",
        expected: "a complete HDF5 file")
    }
  }

  /// The names in a group; empty where there is no such group.
  func names(in group: String) -> [String] {
    guard group == "/" || file.hasLink(group) else { return [] }
    return (try? file.group(group).linkNames(atMost: Self.mostNames)) ?? []
  }

  /// The extents of a data set, which the file's size has been compared with.
  func dimensions(of name: String) throws -> [Int] {
    try withDataset(name) { dataset in
      do throws(HDF5Claim.Problem) {
        return try HDF5Claim(dataset).extents
      } catch {
        throw malformed("has the data set \(name), which \(error.actual)", error.expected)
      }
    }
  }

  /// The elements of a one-dimensional data set of any integer type.
  func integers(_ name: String) throws -> [Int64] {
    let extents = try dimensions(of: name)
    guard extents.count == 1 else {
      throw malformed("has the extents \(extents) at \(name)", "one integer for each image")
    }
    return try withDataset(name) { dataset in
      guard try dataset.elementType().kind == .integer else {
        throw malformed("has no integers at \(name)", "integers")
      }
      var values = [Int64](repeating: 0, count: extents[0])
      try values.withUnsafeMutableBytes { try dataset.read(.int64, into: $0) }
      return values
    }
  }

  /// Reads all elements of a data set of unsigned bytes, some rows at a time so that little is buffered.
  ///
  /// - Parameters:
  ///   - name: the data set.
  ///   - body: receives each piece, some whole rows, in turn, and may change it.
  func readBytes(_ name: String, _ body: (UnsafeMutableBufferPointer<UInt8>) throws -> Void) throws {
    let extents = try dimensions(of: name)
    guard let rowCount = extents.first, !extents.contains(0) else { return }
    let rowByteCount = extents.dropFirst().reduce(1, *)
    try withDataset(name) { dataset in
      let rowsAtOnce = min(rowCount, max(1, (1 << 24) / rowByteCount))
      let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: rowsAtOnce * rowByteCount)
      defer { buffer.deallocate() }
      for first in stride(from: 0, to: rowCount, by: rowsAtOnce) {
        let rows = first..<min(rowCount, first + rowsAtOnce)
        let piece = UnsafeMutableBufferPointer(rebasing: buffer[..<(rows.count * rowByteCount)])
        try dataset.read(rows: rows, .uint8, into: UnsafeMutableRawBufferPointer(piece))
        try body(piece)
      }
    }
  }

  /// Whether a data set holds unsigned bytes.
  func holdsUnsignedBytes(_ name: String) throws -> Bool {
    let type = try withDataset(name) { try $0.elementType() }
    return type.kind == .integer && type.byteCount == 1 && !type.isSigned
  }

  /// What a data set holds, in words such as `32-bit floating-point numbers`.
  func kind(of name: String) throws -> String {
    let type = try withDataset(name) { try $0.elementType() }
    let bits = 8 * type.byteCount
    return switch type.kind {
    case .float: "\(bits)-bit floating-point numbers"
    case .integer: "\(bits)-bit \(type.isSigned ? "signed" : "unsigned") integers"
    case .text: "text"
    case .other: "values of a kind that is no number"
    }
  }

  /// The strings of an attribute of the file's root; nil where it is not there or is no text.
  func strings(ofAttribute name: String) -> [String]? { file.texts(ofAttribute: name) }

  private func withDataset<R>(_ name: String, _ body: (borrowing HDF5Dataset) throws -> R) throws -> R {
    // Opening a path whose parent group is absent fails like an absent data set, which is what it means here.
    guard let dataset = try? file.dataset(name) else {
      let group = name.split(separator: "/").dropLast().joined(separator: "/")
      let present = names(in: group.isEmpty ? "/" : group)
      let hint = NearestName.hint(for: String(name.split(separator: "/").last ?? ""), among: present)
      throw malformed("has no data set \(name)\(hint)", "{train,test}/{images,labels}")
    }
    do {
      return try body(dataset)
    } catch let failure as HDF5Failure {
      if let code = failure.machineCode {
        throw DataError.inaccessible(
          path: path, reason: SystemError.text(code), remedy: "check the disk that it is on", code: code)
      }
      throw malformed("cannot be read at \(name)", "undamaged data; the file may be truncated")
    }
  }

  private func malformed(_ actual: String, _ expected: String) -> DataError {
    .malformedFile(path: path, actual: actual, expected: expected)
  }
}
