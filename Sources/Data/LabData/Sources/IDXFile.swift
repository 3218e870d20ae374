import Foundation

/// The header of a file in the format of MNIST: a magic number, extents, then bytes.
///
/// - Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", file formats.
struct IDXFile {
  /// The extents, outermost first.
  let dimensions: [Int]
  private let reader: GzipReader

  /// Opens a plain or gzipped file of unsigned bytes and reads its header.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - ranks: the numbers of dimensions that it may have.
  /// - Throws: ``DataError``.
  init(path: String, ranks: ClosedRange<Int>) throws {
    let reader = try GzipReader(path: path)
    let ranksText = Set([ranks.lowerBound, ranks.upperBound]).sorted().map(String.init).joined(separator: " or ")
    let expected = "an IDX file of unsigned bytes with the number of dimensions \(ranksText)"
    func bytes(_ count: Int) throws -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: count)
      guard try bytes.withUnsafeMutableBytes({ try reader.read(into: $0) }) == count else {
        throw DataError.malformedFile(path: path, actual: "ends within its header", expected: expected)
      }
      return bytes
    }
    let magic = try bytes(4)
    guard magic[0] == 0, magic[1] == 0, magic[2] == 8, ranks.contains(Int(magic[3])) else {
      let digits = magic.map { String(format: "%02x", $0) }.joined()
      throw DataError.malformedFile(path: path, actual: "begins with 0x\(digits)", expected: expected)
    }
    let extents = try (0..<Int(magic[3])).map { _ in try bytes(4).reduce(0) { $0 << 8 | Int($1) } }
    guard extents.allSatisfy({ $0 > 0 }), extents.reduce(1.0, { $0 * Double($1) }) < 0x1p40 else {
      throw DataError.malformedFile(
        path: path, actual: "declares the extents \(extents)", expected: "positive extents of less than 1 TiB")
    }
    // Room is made for what the header claims, which must not be more than a file of that size can hold.
    let count = extents.reduce(1, *)
    guard count <= reader.largestContent else {
      throw DataError.malformedFile(
        path: path, actual: "declares the extents \(extents) and can hold \(reader.largestContent) bytes at most",
        expected: "\(count) bytes after the header")
    }
    self.reader = reader
    dimensions = extents
  }

  /// Reads all elements; there must be exactly as many as the header says.
  ///
  /// - Parameters:
  ///   - buffer: room for all of them.
  ///   - progress: receives the size in bytes of each piece that has been read.
  /// - Throws: ``DataError/malformedFile(path:actual:expected:)``.
  func readElements(
    into buffer: UnsafeMutableRawBufferPointer, progress: (_ byteCount: Int) -> Void = { _ in }
  ) throws {
    let expected = "\(dimensions.reduce(1, *)) bytes after the header, as its extents \(dimensions) say"
    precondition(buffer.count == dimensions.reduce(1, *), "the buffer must fit the extents")
    let pieceByteCount = 1 << 24
    for start in stride(from: 0, to: buffer.count, by: pieceByteCount) {
      let range = start..<min(start + pieceByteCount, buffer.count)
      let count = try reader.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[range]))
      guard count == range.count else {
        throw DataError.malformedFile(
          path: reader.path, actual: "ends after \(start + count) bytes", expected: expected)
      }
      progress(count)
    }
    var surplus: UInt8 = 0
    guard try withUnsafeMutableBytes(of: &surplus, { try reader.read(into: $0) }) == 0 else {
      throw DataError.malformedFile(path: reader.path, actual: "goes on after its last element", expected: expected)
    }
  }
}
