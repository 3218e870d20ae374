import CHDF5
import LabCore

/// A refusal of the HDF5 library, before it is known which file it concerns.
struct HDF5Failure: Error {
  /// What was being done, such as `write the dataset "fc.weight"`.
  var action: String
  /// The library's reason.
  var problem: String
  /// The system's error number, where the library's reason is one.
  var code: Int32?

  /// Describes the failure that has just happened.
  init(_ action: String) {
    self.action = action
    let code = labH5SystemError()
    self.code = code == 0 ? nil : code
    problem = self.code.map(SystemError.text) ?? HDF5Failure.innermostProblem() ?? "unknown problem"
  }

  init(_ action: String, problem: String) {
    self.action = action
    self.problem = problem
  }

  /// The description of the error stack's innermost entry, which names the cause.
  private static func innermostProblem() -> String? {
    var description: String?
    _ = withUnsafeMutablePointer(to: &description) { pointer in
      H5Ewalk2(
        0, H5E_WALK_DOWNWARD,
        { _, entry, context in
          if let text = entry?.pointee.desc {
            context?.assumingMemoryBound(to: String?.self).pointee = String(cString: text)
          }
          return 0
        }, pointer)
    }
    H5Eclear2(0)
    return description
  }
}

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

/// Checks the status that HDF5 returned.
@discardableResult
func checkHDF5<Status: SignedInteger>(_ status: Status, _ action: @autoclosure () -> String) throws -> Status {
  guard status >= 0 else { throw HDF5Failure(action()) }
  return status
}

/// Runs `body` alone within the library, with errors reported through Swift only.
func withHDF5<R>(path: String, _ body: () throws -> R) throws -> R {
  try NativeLibraryLock.withHDF5 {
    labH5SilenceErrors()
    do {
      return try body()
    } catch let failure as HDF5Failure {
      if let code = failure.code, SystemError.isOfMachine(code) {
        throw FileError(action: "read", path: path, code: code)
      }
      throw StoreError.hdf5(path: path, action: failure.action, problem: failure.problem)
    }
  }
}
