import LabCore
import LabNN
import LabStudy
import LabTrain

extension SpecValidator {
  /// What an error says, at the key that it is about; else at the section in which it happened; one of the machine is thrown.
  func issue(_ section: String, _ error: any Error) throws -> [SpecIssue] {
    if error.isErrorOfMachine { throw error }
    let training: ConfigurationPath = "training"
    switch error {
    case let error as TrainingError:
      if case .singleImage = error {
        return [
          SpecIssue(keyPath: training.appending("batch_size"), message: error.problem, hint: error.remedy)
        ]
      }
      if case .configuration(let key, let problem) = error, ["initial_prefix", "recalibrate_statistics"].contains(key) {
        return [SpecIssue(keyPath: training.appending(key), message: problem)]
      }
    case ModelError.pattern(let key, let index, _, _):
      return [SpecIssue(keyPath: training.appending(key).appending(index: index), message: "\(error)")]
    case ModelError.option(subject: "parameter_groups", let problem):
      return [SpecIssue(keyPath: training.appending("parameter_groups"), message: problem)]
    case let error as ConfigurationError:
      return error.issues.map { SpecIssue(keyPath: ConfigurationPath(section), message: "\($0)") }
    default: break
    }
    return [SpecIssue(keyPath: ConfigurationPath(section), message: "\(error)")]
  }
}
