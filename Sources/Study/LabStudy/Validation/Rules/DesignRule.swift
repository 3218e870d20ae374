import LabCore

/// The design exists, and has the options and cells that it takes.
struct DesignRule: SpecRule {
  func issues(in context: SpecContext) -> [SpecIssue] {
    guard let choice = context.draft.design else { return [] }
    guard let design = context.design else {
      let names = context.schema.designs.names
      let expected = "one of " + names.map { "\"\($0)\"" }.joined(separator: ", ")
      return [
        SpecIssue(
          at: choice.nameLocation, keyPath: "design",
          message: "expected \(expected), found the string \"\(choice.name)\"", found: "the string \"\(choice.name)\"",
          expected: expected, suggestion: NearestName.suggestion(for: choice.name, among: names))
      ]
    }
    var issues = design.options.resolve(choice.options, at: "design").issues
      .located(in: context.draft.root)
    let isMalformed = context.draft.shapeIssues.contains { $0.keyPath.hasPrefix("design.cells") }
    if design.takesCells, (choice.cells ?? []).isEmpty, !isMalformed {
      issues.append(
        SpecIssue(
          at: choice.location, keyPath: "design",
          message: "the design \"\(design.name)\" needs a list of cells, each an object from factors to levels",
          expected: "a list \"cells\"",
          hint: "Write \"design\": { \"name\": \"\(design.name)\", \"cells\": [ { … }, … ] }."))
    }
    if !design.takesCells, choice.cells != nil {
      issues.append(
        SpecIssue(
          at: context.draft.root.location(of: "design.cells", preferKey: true), keyPath: "design.cells",
          message: "the design \"\(design.name)\" takes no cells of its own; \"include\" adds cells to any design",
          found: "the key \"cells\""))
    }
    return issues
  }
}
