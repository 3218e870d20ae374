import Foundation
import LabCore

/// What can be wrong with a data set, its files or its options.
public enum DataError: Error, Equatable, Codable, CustomStringConvertible {
  /// No data set has that name.
  case unknownDataset(name: String, known: [String])
  /// The data set, or the augmentation, has no such option.
  case unknownOption(subject: String, key: String, known: [String])
  /// An option's value is not one that it takes.
  case invalidOption(key: String, actual: String, expected: String)
  /// The data set's files are not there; `remedy` says how to get them.
  case notFound(dataset: String, searched: [String], remedy: String)
  /// A file is truncated, corrupt or of another kind.
  case malformedFile(path: String, actual: String, expected: String)
  /// Image files are truncated, corrupt or of another kind; each with its path and what is wrong.
  case unreadableImages(subject: String, problems: [String], remedy: String)
  /// A folder or file cannot be read or written; `code` is the system's error number where it is known.
  case inaccessible(path: String, reason: String, remedy: String, code: Int32? = nil)
  /// The options ask for more, or for something else, than the data has.
  case unusableSplit(subject: String, actual: String, expected: String)

  /// One sentence: what, where, and what was expected.
  public var description: String {
    switch self {
    case .unknownDataset(let name, let known):
      let list = known.joined(separator: ", ")
      return "there is no data set \"\(name)\"\(hint(name, known)); the registered ones are \(list)"
    case .unknownOption(let subject, let key, let known):
      return "\(subject) has no option \"\(key)\"\(hint(key, known))"
    case .invalidOption(let key, let actual, let expected):
      return "option \"\(key)\" is \(actual); expected \(expected)"
    case .notFound(let dataset, let searched, let remedy):
      // Relative paths say nothing to somebody who is elsewhere.
      return "the files of \(dataset) are not in \(searched.map(\.absolutePath).joined(separator: " or ")): \(remedy)"
    case .malformedFile(let path, let actual, let expected):
      return "\(path) \(actual); expected \(expected)"
    case .unreadableImages(let subject, let problems, let remedy):
      let shown = problems.prefix(20).joined(separator: "; ")
      let rest = problems.count > 20 ? "; and \(problems.count - 20) more" : ""
      let images = problems.count == 1 ? "an image" : "\(problems.count) images"
      return "\(images) of \(subject) cannot be used: \(shown)\(rest); \(remedy)"
    case .inaccessible(let path, let reason, let remedy, _):
      return "cannot use \(path): \(reason); \(remedy)"
    case .unusableSplit(let subject, let actual, let expected):
      return "\(subject) is \(actual); expected \(expected)"
    }
  }

  private func hint(_ name: String, _ known: [String]) -> String { NearestName.hint(for: name, among: known) }
}

extension DataError {
  /// The error for a file or folder that Foundation could not read, with the system's own reason where the machine is to
  /// blame.
  ///
  /// - Parameter reason: what to say where the file is there and the system's reason is of no use.
  static func unreadable(
    _ path: String, because error: any Error, otherwise reason: String = "it cannot be read"
  ) -> DataError {
    if error.isErrorOfMachine, let code = error.systemErrorCode {
      return .inaccessible(path: path, reason: SystemError.text(code), remedy: "start again later", code: code)
    }
    let isThere = FileManager.default.fileExists(atPath: path)
    return .inaccessible(
      path: path, reason: isThere ? reason : "it is not there", remedy: "check that it exists and may be read")
  }
}

extension DataError: MachineAttributable {
  /// Whether the machine, and not the data, is to blame.
  public var isOfMachine: Bool {
    if case .inaccessible(_, _, _, let code?) = self { SystemError.isOfMachine(code) } else { false }
  }
}
