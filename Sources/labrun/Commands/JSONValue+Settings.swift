import LabCore

extension JSONValue {
  /// Sets members from texts of the form key=value, where the value is JSON or else a string.
  ///
  /// - Throws: ``CommandError`` for a text of another form.
  mutating func apply(settings: [String]) throws {
    for setting in settings {
      guard let equals = setting.firstIndex(of: "=") else {
        throw CommandError("--set takes key=value, such as dropout=0.5, but \"\(setting)\" was given")
      }
      let text = String(setting[setting.index(after: equals)...])
      self[path: String(setting[..<equals])] = (try? JSONValue(parsing: text)) ?? .string(text)
    }
  }
}
