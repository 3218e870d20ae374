import LabCore

/// Sets keys of a configuration.
enum ConfigurationOverride {
  /// The configuration with keys set, outer ones before inner ones.
  ///
  /// A key may lie inside a value that another setting wrote in its short form: `model.conv.kernels` inside
  /// `"odconv"` gives `{"name": "odconv", "kernels": …}`, and `model.conv.attentions.spatial` sets one switch of a list.
  ///
  /// - Parameter schema: that of the configuration.
  static func apply(
    _ settings: [(path: ConfigurationPath, value: JSONValue)], to base: JSONValue, schema: ConfigurationSchema
  ) -> JSONValue {
    let ordered = settings.enumerated().sorted {
      ($0.element.path.components.count, $0.offset) < ($1.element.path.components.count, $1.offset)
    }
    return ordered.reduce(base) { target, setting in
      // Only what lies inside an option can be a switch.
      let keys = setting.element.path.keys
      let written = keys.count > 2 ? ConfigurationSchema.Kind.object(schema).writingOutSwitches(target) : target
      return set(setting.element.value, at: keys[...], in: written)
    }
  }

  private static func set(_ value: JSONValue, at keys: ArraySlice<String>, in target: JSONValue) -> JSONValue {
    guard let key = keys.first else { return value }
    var members: [String: JSONValue]
    switch target {
    case .object(let existing): members = existing
    case .string: members = ["name": target]
    default: members = [:]
    }
    members[key] = set(value, at: keys.dropFirst(), in: members[key] ?? .null)
    return .object(members)
  }
}
