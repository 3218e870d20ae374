import CHDF5

/// An open group.
package struct HDF5Group: HDF5Location, ~Copyable {
  private let handle: HDF5Handle
  private let name: String

  package var identifier: Int64 { handle.id }

  init(_ handle: consuming HDF5Handle, name: String) {
    self.handle = handle
    self.name = name
  }

  /// Where the group lies.
  ///
  /// - Throws: ``HDF5Failure``.
  package func address() throws -> HDF5Address { try HDF5Address(of: identifier, name) }

  /// Closes the group and reports what the library has failed to do.
  ///
  /// - Throws: ``HDF5Failure``.
  package consuming func close() throws {
    let name = name
    try handle.close("close the group \"\(name)\"")
  }
}

/// What tells an object of a file from every other one, by whatever name it was opened.
package struct HDF5Address: Hashable {
  private let first, second: UInt64

  init(of object: hid_t, _ name: String) throws {
    var address: (UInt64, UInt64) = (0, 0)
    let status = withUnsafeMutableBytes(of: &address) {
      labH5ObjectAddress(object, $0.assumingMemoryBound(to: UInt64.self).baseAddress)
    }
    try checkHDF5(status, "find \"\(name)\"")
    (first, second) = address
  }
}
