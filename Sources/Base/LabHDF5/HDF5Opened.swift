import CHDF5

/// A kind of objects that a file holds.
package protocol HDF5Kind {
  /// What messages call one.
  static var noun: String { get }
}

/// An open object of a file, which closes itself.
package struct HDF5Opened<Kind: HDF5Kind>: ~Copyable {
  private let handle: HDF5Handle
  private let name: String

  /// The library's number of the object, which is good as long as this is open.
  package var identifier: Int64 { handle.id }

  /// The object in messages.
  var label: String { "the \(Kind.noun) \"\(name)\"" }

  init(_ handle: consuming HDF5Handle, name: String) {
    self.handle = handle
    self.name = name
  }

  /// Where the object lies.
  ///
  /// - Throws: ``HDF5Failure``.
  package func address() throws -> HDF5Address { try HDF5Address(of: identifier, name) }

  /// Closes the object and reports what the library has failed to write.
  ///
  /// - Throws: ``HDF5Failure``.
  package consuming func close() throws {
    let label = label
    try handle.close("close \(label)")
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
