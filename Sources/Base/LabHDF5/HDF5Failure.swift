import CHDF5
import LabCore

/// A refusal of the HDF5 library, before it is known which file it concerns.
package struct HDF5Failure: Error {
  /// What was being done, such as `write the dataset "fc.weight"`.
  package var action: String
  /// The library's reason.
  package var problem: String
  /// The system's error number, where the library's reason is one.
  package var code: Int32?

  /// Describes the failure that has just happened.
  init(_ action: String) {
    self.action = action
    let code = labH5SystemError()
    self.code = code == 0 ? nil : code
    problem = self.code.map(SystemError.text) ?? HDF5Failure.innermostProblem() ?? "unknown problem"
  }

  /// Describes a failure whose cause the library does not know.
  package init(_ action: String, problem: String) {
    self.action = action
    self.problem = problem
  }

  /// The system's error number, where the machine and not the file is to blame.
  package var machineCode: Int32? { code.flatMap { SystemError.isOfMachine($0) ? $0 : nil } }

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

/// Checks the status that HDF5 returned.
@discardableResult
func checkHDF5<Status: SignedInteger>(_ status: Status, _ action: @autoclosure () -> String) throws -> Status {
  guard status >= 0 else { throw HDF5Failure(action()) }
  return status
}
