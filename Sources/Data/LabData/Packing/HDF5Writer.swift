import CHDF5
import LabCore

/// Writes data sets of bytes and integers, and text attributes, to a new HDF5 file.
///
/// The file is open only during `writing`, all of which happens within the process's HDF5 lock.
struct HDF5Writer {
  private let file: hid_t
  private let path: String

  /// Creates a file, lets `body` write to it, and closes it.
  ///
  /// - Parameter name: the file in errors, where that is another one.
  /// - Throws: ``DataError`` or what `body` throws.
  static func writing(_ path: String, named name: String? = nil, _ body: (HDF5Writer) throws -> Void) throws {
    try NativeLibraryLock.withHDF5 {
      labH5SilenceErrors()
      let file = H5Fcreate(path, labH5Truncate(), labH5Default(), labH5Default())
      let name = name ?? path
      guard file >= 0 else { throw unwritable(name, "the file cannot be created") }
      do {
        try body(HDF5Writer(file: file, path: name))
        // What the library still holds back is written where its failure is seen.
        guard H5Fflush(file, H5F_SCOPE_GLOBAL) >= 0 else { throw unwritable(name, "the file cannot be completed") }
      } catch {
        H5Fclose(file)
        throw error
      }
      guard H5Fclose(file) >= 0 else { throw unwritable(name, "the file cannot be completed") }
    }
  }

  /// Creates a group.
  func createGroup(_ name: String) throws {
    let group = H5Gcreate2(file, name, labH5Default(), labH5Default(), labH5Default())
    guard group >= 0 else { throw Self.unwritable(path, "\(name) cannot be created") }
    H5Gclose(group)
  }

  /// Writes a data set of bytes, some rows at a time.
  ///
  /// - Parameters:
  ///   - name: the data set.
  ///   - extents: the rows, and the extents of one.
  ///   - rowsAtOnce: how many rows are made and written together.
  ///   - fill: makes the bytes of some rows.
  func writeBytes(_ name: String, extents: [Int], rowsAtOnce: Int, fill: (Range<Int>) throws -> [UInt8]) throws {
    try create(name, labH5NativeUInt8(), extents) { dataset in
      let space = H5Dget_space(dataset)
      defer { H5Sclose(space) }
      for first in stride(from: 0, to: extents[0], by: rowsAtOnce) {
        let rows = first..<min(extents[0], first + rowsAtOnce)
        let start = [hsize_t(first)] + extents.dropFirst().map { _ in 0 }
        let count = [hsize_t(rows.count)] + extents.dropFirst().map { hsize_t($0) }
        let memorySpace = H5Screate_simple(Int32(count.count), count, nil)
        defer { H5Sclose(memorySpace) }
        let bytes = try fill(rows)
        precondition(bytes.count == rows.count * extents.dropFirst().reduce(1, *), "the bytes must fit the extents")
        guard
          H5Sselect_hyperslab(space, H5S_SELECT_SET, start, nil, count, nil) >= 0,
          H5Dwrite(dataset, labH5NativeUInt8(), memorySpace, space, labH5Default(), bytes) >= 0
        else { throw Self.unwritable(path, "\(name) cannot be written") }
      }
    }
  }

  /// Writes integers.
  func writeIntegers(_ name: String, _ values: [Int64]) throws {
    try create(name, labH5LittleEndianInt64(), [values.count]) { dataset in
      guard values.isEmpty || H5Dwrite(dataset, labH5NativeInt64(), labH5All(), labH5All(), labH5Default(), values) >= 0
      else { throw Self.unwritable(path, "\(name) cannot be written") }
    }
  }

  /// Writes a text attribute of the file.
  func writeAttribute(_ name: String, _ text: String) throws {
    let type = H5Tcopy(labH5CString())
    let space = H5Screate(H5S_SCALAR)
    defer {
      H5Tclose(type)
      H5Sclose(space)
    }
    H5Tset_size(type, labH5VariableLength())
    H5Tset_cset(type, H5T_CSET_UTF8)
    let attribute = H5Acreate2(file, name, type, space, labH5Default(), labH5Default())
    guard attribute >= 0 else { throw Self.unwritable(path, "the attribute \(name) cannot be created") }
    defer { H5Aclose(attribute) }
    let status = text.withCString { characters in
      var pointer: UnsafePointer<CChar>? = characters
      return H5Awrite(attribute, type, &pointer)
    }
    guard status >= 0 else { throw Self.unwritable(path, "the attribute \(name) cannot be written") }
  }

  private func create(_ name: String, _ type: hid_t, _ extents: [Int], _ body: (hid_t) throws -> Void) throws {
    let space = H5Screate_simple(Int32(extents.count), extents.map { hsize_t($0) }, nil)
    defer { H5Sclose(space) }
    let dataset = H5Dcreate2(file, name, type, space, labH5Default(), labH5Default(), labH5Default())
    guard dataset >= 0 else { throw Self.unwritable(path, "\(name) cannot be created") }
    defer { H5Dclose(dataset) }
    try body(dataset)
  }

  /// The error for a call of the library that has just failed.
  private static func unwritable(_ path: String, _ problem: String) -> DataError {
    let code = labH5SystemError()
    let reason = code == 0 ? problem : "\(problem): \(SystemError.text(code))"
    return .inaccessible(
      path: path, reason: reason, remedy: "check the folder, its permissions and the space that is left",
      code: code == 0 ? nil : code)
  }
}
