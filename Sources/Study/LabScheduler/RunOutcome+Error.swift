import LabCore
import LabRecords

extension RunOutcome {
  /// What an error of a run makes of it.
  ///
  /// Spec and data were checked and the run's folder was made before: whatever the file system refuses then, be it a folder that
  /// has vanished, is the machine's doing, and interrupts the run. So does what speaks against any run.
  public init(of error: any Error) {
    let failure = error as? any RunFailure
    self =
      failure?.endsSweep == true || Self.isOfMachine(error) || error is any StartRefusal
      ? .interrupted(reason: "\(error)") : .failed(reason: "\(error)", isRetriable: failure?.isRetriable ?? false)
  }

  /// Whether an error of a run lies outside its configuration.
  static func isOfMachine(_ error: any Error) -> Bool { error is FileError || error.isErrorOfMachine }
}
