import LabCore
import LabRecords

/// A program's command has words, placeholders that mean something, and metrics with names that can be stored.
struct ProgramRule: SpecRule {
  func issues(in context: SpecContext) -> [SpecIssue] {
    guard context.schema.isOfProgram else { return [] }
    let root = context.draft.root
    return commandIssues(root, context) + metricIssues(root) + patternIssues(root) + unfilledIssues(root)
  }

  /// What a spec that `labrun init` has written still has no value for.
  private func unfilledIssues(_ root: SourceValue) -> [SpecIssue] {
    func issues(_ value: SourceValue, at path: ConfigurationPath) -> [SpecIssue] {
      switch value.content {
      case .string(ProgramDraft.placeholder):
        return [
          SpecIssue(
            at: value.location, keyPath: path,
            message: "has no value yet; expected one in the place of \"\(ProgramDraft.placeholder)\"",
            found: "\"\(ProgramDraft.placeholder)\"", expected: "a value")
        ]
      case .object(let members): return members.flatMap { issues($0.value, at: path.appending($0.key)) }
      case .array(let elements):
        return elements.enumerated().flatMap { issues($1, at: path.appending(index: $0)) }
      default: return []
      }
    }
    return ["program", "parameters", "factors"].flatMap { section in
      root[section].map { issues($0, at: ConfigurationPath(section)) } ?? []
    }
  }

  private func commandIssues(_ root: SourceValue, _ context: SpecContext) -> [SpecIssue] {
    guard let words = root["program"]?["command"]?.elements else { return [] }
    let path: ConfigurationPath = "program.command"
    guard words.first?.string?.isEmpty == false else {
      return [
        SpecIssue(
          at: root.location(of: path), keyPath: path,
          message: "expected a program and its arguments, such as [\"python3\", \"train.py\", \"{args}\"]",
          expected: "a program and its arguments")
      ]
    }
    let parameters = ProgramCommand.flat(context.base.value["parameters"] ?? [:]).map(\.name)
    let known = ProgramCommand.names + parameters
    return words.enumerated().flatMap { index, word -> [SpecIssue] in
      guard let text = word.string else { return [] }
      let names = ProgramCommand([text]).placeholders
      let place = path.appending(index: index)
      let lone = names.filter { ["args", "hydra"].contains($0) && text != "{\($0)}" }.map { name in
        SpecIssue(
          at: word.location, keyPath: place,
          message: "{\(name)} stands for several words, so that it is a word by itself", found: text)
      }
      return lone
        + names.filter { !known.contains($0) }.map { name in
          let expected = "one of the placeholders \(known.map { "{\($0)}" }.joined(separator: ", "))"
          return SpecIssue(
            at: word.location, keyPath: place, message: "unknown placeholder {\(name)}; expected \(expected)",
            found: "{\(name)}", expected: expected,
            suggestion: NearestName.suggestion(for: name, among: known).map { "{\($0)}" })
        }
    }
  }

  private func metricIssues(_ root: SourceValue) -> [SpecIssue] {
    (root["program"]?["metrics"]?.members ?? []).filter { !MetricName.isReportable($0.key) }.map { member in
      SpecIssue(
        at: member.keyLocation, keyPath: ConfigurationPath("program.metrics").appending(member.key),
        message:
          "expected a metric's name of small letters, digits and _, such as test_accuracy, found \"\(member.key)\"",
        found: "\"\(member.key)\"", expected: "a metric's name of small letters, digits and _")
    }
  }

  private func patternIssues(_ root: SourceValue) -> [SpecIssue] {
    guard let value = root["program"]?["pattern"] else { return [] }
    let patterns = value.elements ?? [value]
    return patterns.flatMap { pattern -> [SpecIssue] in
      guard let text = pattern.string else { return [] }
      let names = ProgramCommand([text]).placeholders
      let wrong = names.filter { !MetricName.isReportable($0) }
      guard names.isEmpty || !wrong.isEmpty else { return [] }
      let expected = "text with a metric's name in braces, such as \"test acc: {test_accuracy}\""
      return [
        SpecIssue(
          at: pattern.location, keyPath: "program.pattern", message: "expected \(expected), found \"\(text)\"",
          found: "\"\(text)\"", expected: expected)
      ]
    }
  }

}
