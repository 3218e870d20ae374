import LabCore

/// A spec that leaves out one part of a component after the other.
public struct AblationSpec {
  /// The component.
  public let component: ComponentParts
  /// Prepares the spec.
  ///
  /// - Throws: ``SpecError/noParts(component:)`` where the component has no part that it can do without.
  public init(of component: ComponentParts) throws {
    guard !component.removableParts.isEmpty else {
      throw SpecError.noParts(component: "\(component.key).\(component.name)")
    }
    self.component = component
  }

  /// The text of the spec.
  ///
  /// - Parameters:
  ///   - name: the study's name.
  ///   - format: the language to write it in.
  public func text(name: String, format: SourceFormat) -> String {
    switch format {
    case .json: json(name: name)
    case .yaml: yaml(name: name)
    }
  }

  /// A part as a factor: its key, what it means, and the level without it.
  private struct Factor {
    var key: String
    var comment: String
    var off: String
    var on: String
  }

  private var factors: [Factor] {
    component.removableParts.map { part in
      let path = part.path.keys.reduce(component.key) { $0.appending($1) }
      return Factor(
        key: path.description, comment: part.summary, off: (part.off ?? .null).canonicalText,
        on: Self.short(part.defaultValue))
    }
  }

  /// A value as a spec would have it: a component without options by its name.
  private static func short(_ value: JSONValue) -> String {
    value["name"]?.canonicalText ?? value.canonicalText
  }

  /// The component, and the other sections, which a study of any component needs.
  private var sections: [(key: String, members: [(key: String, value: String, comment: String?)])] {
    var model: [(key: String, value: String, comment: String?)] = [
      ("architecture", "\"resnet\"", nil), ("depth", "20", nil), ("width", "16", nil),
    ]
    var training: [(key: String, value: String, comment: String?)] = [
      ("epochs", "20", nil), ("batch_size", "64", nil),
    ]
    var dataset: [(key: String, value: String, comment: String?)] = [
      ("name", "\"fashion-mnist\"", "or \"synthetic-signs\", which needs no files"),
      ("train_limit", "6000", "a stratified subset; leave it out for all images"),
    ]
    let member = (
      key: component.key.keys.last ?? "", value: "\"\(component.name)\"", comment: Optional("the full model")
    )
    switch component.key.keys.first {
    case "dataset": dataset = [(key: "name", value: member.value, comment: member.comment)]
    case "training": training.append(member)
    default:
      if member.key == "architecture" { model = [member] } else { model.append(member) }
    }
    return [("dataset", dataset), ("model", model), ("training", training)]
  }

  private func json(name: String) -> String {
    var lines = [
      "// What does each part of \(component.name) contribute? The full model, the model without each part, and without all.",
      "//", "//   labrun sweep \(name) --dry-run    shows what would be trained",
      "//   labrun sweep \(name)              trains what is missing, then prints the table", "{",
      "  \"$schema\": \"spec.schema.json\",", "  \"name\": \"\(name)\",",
      "  \"description\": \"The parts of \(component.name), left out one by one\",", "",
    ]
    for (key, members) in sections {
      lines.append("  \"\(key)\": {")
      lines += members.enumerated().map { index, member in
        "    \"\(member.key)\": \(member.value)\(index + 1 < members.count ? "," : "")"
          + (member.comment.map { " // \($0)" } ?? "")
      }
      lines.append("  },")
    }
    lines += ["", "  // Each part is a factor; its first level is without the part.", "  \"factors\": {"]
    for (index, factor) in factors.enumerated() {
      lines.append("    // \(factor.comment)")
      lines.append("    \"\(factor.key)\": [\(factor.off), \(factor.on)]\(index + 1 < factors.count ? "," : "")")
    }
    lines += ["  },", "", "  // Without all parts, and with all of them.", "  \"baseline\": {"]
    lines += members(\.off) + ["  },", "  \"full\": {"] + members(\.on) + ["  },", ""]
    lines += [
      "  // \"add-and-leave-out\" adds each part alone, too: what it does by itself beside what it does to the rest.",
      "  \"design\": \"leave-one-out\",", "", "  // Three seeds or more tell a difference from noise.",
      "  \"seeds\": [0, 1, 2]", "}", "",
    ]
    return lines.joined(separator: "\n")
  }

  private func members(_ level: KeyPath<Factor, String>) -> [String] {
    factors.enumerated().map { index, factor in
      "    \"\(factor.key)\": \(factor[keyPath: level])\(index + 1 < factors.count ? "," : "")"
    }
  }

  private func yaml(name: String) -> String {
    var lines = [
      "# yaml-language-server: $schema=spec.schema.json",
      "# What does each part of \(component.name) contribute? The full model, the model without each part, and without all.",
      "#", "#   labrun sweep \(name) --dry-run    shows what would be trained",
      "#   labrun sweep \(name)              trains what is missing, then prints the table", "name: \"\(name)\"",
      "description: The parts of \(component.name), left out one by one", "",
    ]
    for (key, members) in sections {
      lines.append("\(key):")
      lines += members.map { "  \($0.key): \($0.value)\($0.comment.map { " # \($0)" } ?? "")" }
    }
    lines += ["", "# Each part is a factor; its first level is without the part.", "factors:"]
    for factor in factors {
      lines += ["  # \(factor.comment)", "  \(factor.key): [\(factor.off), \(factor.on)]"]
    }
    lines += ["", "# Without all parts, and with all of them.", "baseline:"]
    lines += factors.map { "  \($0.key): \($0.off)" }
    lines.append("full:")
    lines += factors.map { "  \($0.key): \($0.on)" }
    lines += [
      "", "# add-and-leave-out adds each part alone, too: what it does by itself beside what it does to the rest.",
      "design: leave-one-out", "", "# Three seeds or more tell a difference from noise.", "seeds: [0, 1, 2]", "",
    ]
    return lines.joined(separator: "\n")
  }
}
