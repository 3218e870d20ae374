extension ConfigurationSchema {
  /// An object of switches, which may be written as the list of those that are on; all of them are on by default.
  ///
  /// - Parameter switches: the name of each, and what it means in one sentence.
  public static func switches(_ switches: [(name: String, summary: String)]) -> ConfigurationSchema {
    var schema = ConfigurationSchema(
      switches.map { Field($0.name, .boolean, default: true, $0.summary).compared(off: false) })
    schema.isListed = true
    return schema
  }

  fileprivate func writingOutSwitches(_ value: JSONValue) -> JSONValue {
    guard case .object(var members) = value else { return value }
    for field in fields {
      guard let member = members[field.name] else { continue }
      members[field.name] = field.kind.writingOutSwitches(member)
    }
    return .object(members)
  }
}

extension ConfigurationSchema.Kind {
  /// The value with objects of switches in place of the lists that stand for them, so that a switch inside can be set.
  ///
  /// A list that is not valid stays as it is, for its mistakes to be found where they are.
  public func writingOutSwitches(_ value: JSONValue) -> JSONValue {
    switch self {
    case .object(let schema):
      if schema.isListed, case .array = value {
        let resolution = resolve(value)
        return resolution.issues.isEmpty ? resolution.value : value
      }
      return schema.writingOutSwitches(value)
    case .variant(let variants):
      guard case .string(let name)? = value["name"],
        let variant = ConfigurationSchema.Variant.find(name, in: variants)?.variant
      else { return value }
      return variant.options.writingOutSwitches(value)
    case .optional(let kind): return kind.writingOutSwitches(value)
    case .either(let kinds): return kinds.reduce(value) { $1.writingOutSwitches($0) }
    case .boolean, .integer, .number, .string, .choice, .array: return value
    }
  }
}
