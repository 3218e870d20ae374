import LabCore

/// Keys and values given as `key=value`.
package enum Settings {
  /// Takes a setting apart; a value that is no JSON is a text.
  ///
  /// - Parameters:
  ///   - option: the option that it was given to.
  ///   - example: a setting that the option takes.
  /// - Throws: ``WorkbenchError`` for a text of another form.
  package static func parse(_ setting: String, of option: String, example: String) throws -> (
    key: String, value: JSONValue
  ) {
    guard let equals = setting.firstIndex(of: "="), equals > setting.startIndex else {
      throw WorkbenchError("\(option) takes key=value, such as \(example), but \"\(setting)\" was given")
    }
    let text = String(setting[setting.index(after: equals)...])
    return (String(setting[..<equals]), (try? JSONValue(parsing: text)) ?? .string(text))
  }

  /// The members that settings of one level of keys stand for; the last one of a key counts.
  package static func members(
    _ settings: [String], of option: String = "--set", example: String = "image_size=32"
  ) throws -> [String: JSONValue] {
    try settings.reduce(into: [:]) { members, setting in
      let (key, value) = try parse(setting, of: option, example: example)
      members[key] = value
    }
  }
}

extension JSONValue {
  /// Sets members by paths of keys.
  ///
  /// - Throws: ``WorkbenchError`` for a text that is not of the form key=value.
  package mutating func apply(settings: [String]) throws {
    for setting in settings {
      let (path, value) = try Settings.parse(setting, of: "--set", example: "dropout=0.5")
      self[path: path] = value
    }
  }
}
