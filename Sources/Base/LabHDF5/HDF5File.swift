import CHDF5
import Foundation

/// An open HDF5 file, on the disk or in memory.
package struct HDF5File: HDF5Location, ~Copyable {
  private let handle: HDF5Handle
  /// The bytes before the file proper, which HDF5 leaves to the application.
  private let userBlockByteCount: Int

  package var identifier: Int64 { handle.id }

  /// Opens a file of the disk, to read it.
  ///
  /// - Throws: ``HDF5Failure``.
  package init(reading path: String) throws {
    handle = try HDF5Handle(
      H5Fopen(path, labH5ReadOnly(), labH5Default()), closedBy: H5Fclose, "open the file")
    userBlockByteCount = 0
  }

  /// Opens a file whose bytes are given, to read it.
  ///
  /// - Throws: ``HDF5Failure``.
  package init(reading image: Data) throws {
    let access = try Self.memory()
    // The library copies the bytes and changes only its copy.
    var bytes = image
    let status = bytes.withUnsafeMutableBytes { H5Pset_file_image(access.id, $0.baseAddress, $0.count) }
    try checkHDF5(status, "take the file's bytes")
    handle = try HDF5Handle(
      H5Fopen(Self.nameInMemory(), labH5ReadOnly(), access.id), closedBy: H5Fclose, "open the file")
    userBlockByteCount = 0
  }

  /// Creates a file of the disk in place of one that may be there.
  ///
  /// - Throws: ``HDF5Failure``.
  package init(creating path: String) throws {
    handle = try HDF5Handle(
      H5Fcreate(path, labH5Truncate(), labH5Default(), labH5Default()), closedBy: H5Fclose, "create the file")
    userBlockByteCount = 0
  }

  /// Creates a file that is never on the disk.
  ///
  /// - Parameter userBlockByteCount: the bytes before the file proper, which are left to the caller: a power of two that
  ///   is at least 512.
  /// - Throws: ``HDF5Failure``.
  package init(inMemoryBehind userBlockByteCount: Int) throws {
    let access = try Self.memory()
    let creation = try HDF5Handle(H5Pcreate(labH5FileCreate()), closedBy: H5Pclose, "create a property list")
    try checkHDF5(H5Pset_userblock(creation.id, hsize_t(userBlockByteCount)), "reserve the user block")
    handle = try HDF5Handle(
      H5Fcreate(Self.nameInMemory(), labH5Truncate(), creation.id, access.id), closedBy: H5Fclose, "create a file")
    self.userBlockByteCount = userBlockByteCount
  }

  /// Whether a file of the disk begins like an HDF5 file.
  package static func isHDF5(_ path: String) -> Bool { H5Fis_hdf5(path) > 0 }

  /// Hands everything that was written to the system, or to memory.
  ///
  /// - Throws: ``HDF5Failure``.
  package func flush() throws { try checkHDF5(H5Fflush(handle.id, H5F_SCOPE_GLOBAL), "complete the file") }

  /// The bytes of the file behind a user block of zeros.
  ///
  /// - Throws: ``HDF5Failure``.
  package func bytes() throws -> Data {
    let size = try checkHDF5(H5Fget_file_image(handle.id, nil, 0), "measure the file")
    var image = Data(count: userBlockByteCount + size)
    let copied = image.withUnsafeMutableBytes {
      H5Fget_file_image(handle.id, $0.baseAddress! + userBlockByteCount, size)
    }
    try checkHDF5(copied, "copy the file")
    return image
  }

  /// Closes the file and reports what the library has failed to write.
  ///
  /// - Throws: ``HDF5Failure``.
  package consuming func close() throws { try handle.close("complete the file") }

  /// The core driver keeps a file in memory.
  private static func memory() throws -> HDF5Handle {
    let access = try HDF5Handle(H5Pcreate(labH5FileAccess()), closedBy: H5Pclose, "create a property list")
    try checkHDF5(H5Pset_fapl_core(access.id, 1 << 22, false), "choose the memory driver")
    return access
  }

  /// A name that only tells open files apart.
  private static func nameInMemory() -> String { "labrun-\(UUID().uuidString)" }
}
