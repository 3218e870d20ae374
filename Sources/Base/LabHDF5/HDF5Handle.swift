import CHDF5

/// Owns an open HDF5 object and closes it.
struct HDF5Handle: ~Copyable {
  typealias Close = @convention(c) (hid_t) -> herr_t

  let id: hid_t
  private let release: Close

  /// Takes an identifier that the library has just returned.
  init(_ id: hid_t, closedBy release: @escaping Close, _ action: @autoclosure () -> String) throws {
    guard id >= 0 else { throw HDF5Failure(action()) }
    self.id = id
    self.release = release
  }

  deinit { _ = release(id) }

  /// Closes the object and reports what `deinit` could not.
  consuming func close(_ action: @autoclosure () -> String) throws {
    let status = release(id)
    discard self
    guard status >= 0 else { throw HDF5Failure(action()) }
  }
}
