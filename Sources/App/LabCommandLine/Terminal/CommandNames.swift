import ArgumentParser
import LabCore

/// The names of commands, which the argument parser does not compare with what was typed.
enum CommandNames {
  /// Refuses a name that is no command's and names the nearest one.
  ///
  /// - Parameter command: the command whose subcommands the first argument names.
  /// - Throws: ``CommandError``.
  static func check(_ arguments: ArraySlice<String>, below command: any ParsableCommand.Type) throws {
    let subcommands = command.configuration.subcommands
    // Options, such as --help, are the parser's; so is its own command "help".
    guard !subcommands.isEmpty, let given = arguments.first, !given.hasPrefix("-"), given != "help" else { return }
    let names = subcommands.map { $0._commandName }
    guard let index = names.firstIndex(of: given) else {
      let path = command == Labrun.self ? "labrun" : "labrun \(command._commandName)"
      throw CommandError(
        "there is no command \"\(path) \(given)\"\(hint(for: given, among: names, after: path)); there are "
          + "\(names.joined(separator: ", ")) (`\(path) --help` says what they do)")
    }
    try check(arguments.dropFirst(), below: subcommands[index])
  }

  private static func hint(for name: String, among names: [String], after path: String) -> String {
    NearestName.suggestion(for: name, among: names).map { " (did you mean \"\(path) \($0)\"?)" } ?? ""
  }
}
