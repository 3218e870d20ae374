import LabCore

/// Cells that are listed, included or excluded name factors and levels that exist.
struct ListedCellsRule: SpecRule {
  func issues(in context: SpecContext) -> [SpecIssue] {
    let check = AssignmentCheck(context)
    let cells = (context.draft.design?.cells ?? []) + context.draft.include + context.draft.exclude
    return cells.flatMap { check.issues(of: $0, allowsSeveral: true) }
      + context.draft.exclude.filter(\.entries.isEmpty).map {
        SpecIssue(
          at: $0.location, keyPath: $0.keyPath, message: "names no factor and so would exclude every cell",
          found: "an empty object", expected: "an object from factors to levels")
      }
      + tooMany(context)
  }

  /// Lists of levels in listed or included cells can multiply beyond any use.
  private func tooMany(_ context: SpecContext) -> [SpecIssue] {
    let binder = LevelBinder(factors: context.draft.factors)
    guard let baseline = context.baseline else { return [] }
    return [("design.cells", context.draft.design?.cells ?? []), ("include", context.draft.include)]
      .compactMap { name, cells in
        guard cells.allSatisfy({ binder.pattern($0) != nil }), binder.cells(cells, elsewhere: baseline) == nil else {
          return nil
        }
        let path = ConfigurationPath(name)
        return SpecIssue(
          at: context.draft.root.location(of: path), keyPath: path,
          message: "lists more than \(CellSelection.largestDesign) cells")
      }
  }
}
