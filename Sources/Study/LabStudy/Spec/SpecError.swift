import LabCore

/// Why a spec cannot be used.
public enum SpecError: Error, Equatable, CustomStringConvertible {
  /// No spec has this path or name.
  case notFound(String, folder: String, available: [String], suggestion: String?)
  /// A folder is no spec; these specs are in it.
  case isFolder(String, specs: [String])
  /// Several specs have this name.
  case ambiguous(String, candidates: [String])
  /// The file cannot be read.
  case unreadable(path: String, reason: String)
  /// The spec has errors; the issues include its warnings.
  case invalid(path: String, issues: [SpecIssue])
  /// A filter of the cells names nothing in the plan.
  case badFilter(String, problem: String, suggestion: String?)
  /// No component has this name, or components of several keys have it.
  case component(name: String, suggestion: String?, matches: [String])
  /// The component has no part that it can do without.
  case noParts(component: String)

  /// The error in one clear sentence; a line an issue for an invalid spec.
  public var description: String {
    if case .invalid(_, let issues) = self {
      let (shown, rest) = issues.forPrinting()
      return (shown.map(\.description) + (rest.map { [$0] } ?? [])).joined(separator: "\n")
    }
    return sentence.printable
  }

  private var sentence: String {
    switch self {
    case .notFound(let name, let folder, let available, let suggestion):
      "there is no spec \"\(name)\"" + (suggestion.map { " (did you mean \"\($0)\"?)" } ?? "")
        + (available.isEmpty
          ? "; the folder \(folder) has none" : "; \(folder) has \(available.joined(separator: ", "))")
    case .isFolder(let path, let specs):
      "\(path) is a folder, and a spec is a JSON or YAML file"
        + (specs.isEmpty
          ? "; the folder has none (`labrun data inspect \(path)` looks at images)"
          : ": name one of \(specs.prefix(20).joined(separator: ", "))"
            + (specs.count > 20 ? " and \(specs.count - 20) more" : ""))
    case .ambiguous(let name, let candidates):
      "\"\(name)\" could be \(candidates.joined(separator: " or ")); name one of them by its whole path"
    case .unreadable(let path, let reason): "cannot read the spec \(path): \(reason)"
    case .invalid(let path, _): "the spec \(path) has errors"
    case .badFilter(let filter, let problem, let suggestion):
      "cannot select the cells \"\(filter)\": \(problem)" + (suggestion.map { " (did you mean \"\($0)\"?)" } ?? "")
    case .component(let name, let suggestion, let matches):
      matches.isEmpty
        ? "nothing that a spec can name is called \"\(name)\"" + (suggestion.map { " (did you mean \"\($0)\"?)" } ?? "")
          + "; expected a convolution, a block, an architecture, a loss or the like"
        : "\"\(name)\" could be \(matches.joined(separator: " or ")); name one of them with its key"
    case .noParts(let component):
      "\(component) has no part that it can do without; `labrun describe --parts` lists what can be varied of it"
    }
  }
}
