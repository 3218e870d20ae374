import CHDF5
import LabCore
import LabForeign

/// Reads data sets and text attributes of one HDF5 file.
///
/// The file is open only during `reading`, all of which happens within the process's HDF5 lock.
struct HDF5Reader {
  private let file: hid_t
  private let path: String

  /// Opens a file, lets `body` read from it, and closes it.
  ///
  /// - Throws: ``DataError`` or what `body` throws.
  static func reading<R>(_ path: String, _ body: (HDF5Reader) throws -> R) throws -> R {
    try withFile(path) { try body(HDF5Reader(file: $0, path: path)) }
  }

  /// As ``reading(_:_:)``, with the file's own identifier.
  static func withFile<R>(_ path: String, _ body: (hid_t) throws -> R) throws -> R {
    try NativeLibraryLock.withHDF5 {
      labH5SilenceErrors()
      let file = H5Fopen(path, labH5ReadOnly(), labH5Default())
      guard file >= 0 else {
        let code = labH5SystemError()
        if SystemError.isOfMachine(code) {
          throw DataError.inaccessible(
            path: path, reason: SystemError.text(code), remedy: "start again later", code: code)
        }
        let isHDF5 = H5Fis_hdf5(path) > 0
        throw DataError.malformedFile(
          path: path, actual: isHDF5 ? "is cut off, or is being written just now" : "is no HDF5 file",
          expected: "a complete HDF5 file")
      }
      defer { H5Fclose(file) }
      return try body(file)
    }
  }

  /// The names in a group; empty where there is no such group.
  func names(in group: String) -> [String] {
    guard group == "/" || H5Lexists(file, group, labH5Default()) > 0 else { return [] }
    let identifier = H5Gopen2(file, group, labH5Default())
    guard identifier >= 0 else { return [] }
    defer { H5Gclose(identifier) }
    var names = [String]()
    _ = withUnsafeMutablePointer(to: &names) { names in
      labH5VisitLinks(
        identifier,
        { name, _, names in
          guard let name, let names = names?.assumingMemoryBound(to: [String].self) else { return 1 }
          names.pointee.append(String(cString: name))
          return names.pointee.count < HDF5Reader.mostNames ? 0 : 1
        }, names)
    }
    return names
  }

  /// More names than any group that is looked at has.
  private static let mostNames = 1_000_000

  /// The extents of a data set, which the file's size has been compared with.
  func dimensions(of name: String) throws -> [Int] { try withDataset(name) { try claim($0, name).extents } }

  private func claim(_ dataset: hid_t, _ name: String) throws -> HDF5Claim {
    do throws(HDF5Claim.Problem) {
      return try HDF5Claim(dataset)
    } catch {
      throw malformed("has the data set \(name), which \(error.actual)", error.expected)
    }
  }

  /// The elements of a one-dimensional data set of any integer type.
  func integers(_ name: String) throws -> [Int64] {
    let extents = try dimensions(of: name)
    guard extents.count == 1 else {
      throw malformed("has the extents \(extents) at \(name)", "one integer for each image")
    }
    return try withDataset(name) { dataset in
      let type = H5Dget_type(dataset)
      defer { H5Tclose(type) }
      guard H5Tget_class(type) == H5T_INTEGER else { throw malformed("has no integers at \(name)", "integers") }
      return try [Int64](unsafeUninitializedCapacity: extents[0]) { buffer, count in
        guard
          extents[0] == 0
            || H5Dread(dataset, labH5NativeInt64(), labH5All(), labH5All(), labH5Default(), buffer.baseAddress) >= 0
        else { throw damaged(name) }
        count = extents[0]
      }
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
      let space = H5Dget_space(dataset)
      defer { H5Sclose(space) }
      let rowsAtOnce = min(rowCount, max(1, (1 << 24) / rowByteCount))
      let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: rowsAtOnce * rowByteCount)
      defer { buffer.deallocate() }
      for first in stride(from: 0, to: rowCount, by: rowsAtOnce) {
        let count = min(rowsAtOnce, rowCount - first)
        let start = [hsize_t(first)] + extents.dropFirst().map { _ in 0 }
        let block = [hsize_t(count)] + extents.dropFirst().map { hsize_t($0) }
        let memorySpace = H5Screate_simple(Int32(block.count), block, nil)
        defer { H5Sclose(memorySpace) }
        guard
          H5Sselect_hyperslab(space, H5S_SELECT_SET, start, nil, block, nil) >= 0,
          H5Dread(dataset, labH5NativeUInt8(), memorySpace, space, labH5Default(), buffer.baseAddress) >= 0
        else { throw damaged(name) }
        try body(.init(rebasing: buffer[..<(count * rowByteCount)]))
      }
    }
  }

  /// Whether a data set holds unsigned bytes.
  func holdsUnsignedBytes(_ name: String) throws -> Bool {
    try withDataset(name) { dataset in
      let type = H5Dget_type(dataset)
      defer { H5Tclose(type) }
      return H5Tget_class(type) == H5T_INTEGER && H5Tget_size(type) == 1 && H5Tget_sign(type) == H5T_SGN_NONE
    }
  }

  /// What a data set holds, in words such as `32-bit floating-point numbers`.
  func kind(of name: String) throws -> String {
    try withDataset(name) { dataset in
      let type = H5Dget_type(dataset)
      defer { H5Tclose(type) }
      let bits = 8 * H5Tget_size(type)
      switch H5Tget_class(type) {
      case H5T_FLOAT: return "\(bits)-bit floating-point numbers"
      case H5T_INTEGER: return "\(bits)-bit \(H5Tget_sign(type) == H5T_SGN_NONE ? "unsigned" : "signed") integers"
      case H5T_STRING: return "text"
      default: return "values of a kind that is no number"
      }
    }
  }

  /// The strings of an attribute of the file's root; nil where it is not there or is no text.
  func strings(ofAttribute name: String) -> [String]? {
    guard H5Aexists(file, name) > 0 else { return nil }
    let attribute = H5Aopen(file, name, labH5Default())
    guard attribute >= 0 else { return nil }
    defer { H5Aclose(attribute) }
    let type = H5Aget_type(attribute)
    let space = H5Aget_space(attribute)
    defer {
      H5Tclose(type)
      H5Sclose(space)
    }
    // Attributes lie in the file's headers, so that more than this many are claimed only and not there.
    let count = Int(H5Sget_simple_extent_npoints(space))
    guard H5Tget_class(type) == H5T_STRING, (1...1 << 20).contains(count) else { return nil }
    if H5Tis_variable_str(type) > 0 {
      var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
      guard H5Aread(attribute, type, &pointers) >= 0 else { return nil }
      defer { H5Dvlen_reclaim(type, space, labH5Default(), &pointers) }
      return pointers.map { $0.map { String(cString: $0) } ?? "" }
    }
    let size = H5Tget_size(type)
    guard (1...1 << 28).contains(size), count * size <= 1 << 28 else { return nil }
    var bytes = [CChar](repeating: 0, count: count * size)
    guard H5Aread(attribute, type, &bytes) >= 0 else { return nil }
    return (0..<count).map { string(bytes[$0 * size..<($0 + 1) * size]) }
  }

  private func withDataset<R>(_ name: String, _ body: (hid_t) throws -> R) throws -> R {
    // Opening a path whose parent group is absent fails like an absent data set, which is what it means here.
    let dataset = H5Dopen2(file, name, labH5Default())
    guard dataset >= 0 else {
      let group = name.split(separator: "/").dropLast().joined(separator: "/")
      let present = names(in: group.isEmpty ? "/" : group)
      let hint = NearestName.hint(for: String(name.split(separator: "/").last ?? ""), among: present)
      throw malformed("has no data set \(name)\(hint)", "{train,test}/{images,labels}")
    }
    defer { H5Dclose(dataset) }
    return try body(dataset)
  }

  /// The text up to the first zero byte.
  private func string(_ characters: ArraySlice<CChar>) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private func malformed(_ actual: String, _ expected: String) -> DataError {
    .malformedFile(path: path, actual: actual, expected: expected)
  }

  private func damaged(_ name: String) -> DataError {
    let code = labH5SystemError()
    if SystemError.isOfMachine(code) {
      return .inaccessible(
        path: path, reason: SystemError.text(code), remedy: "check the disk that it is on", code: code)
    }
    return malformed("cannot be read at \(name)", "undamaged data; the file may be truncated")
  }
}
