import LabCore

/// There are cells to run, not too many, the baseline among them; and what is excluded or included changes something.
struct CoverageRule: SpecRule {
  func issues(in context: SpecContext) -> [SpecIssue] {
    guard let selection = context.selection else { return [] }
    let root = context.draft.root
    guard selection.isFeasible else {
      return [
        SpecIssue(
          at: root.location(of: "design", preferKey: true), keyPath: "design",
          message: "the design \"\(selection.design.name)\" has more than \(CellSelection.largestDesign) cells",
          expected: "at most \(CellSelection.largestDesign) cells",
          hint: "Take out levels, or choose another design.")
      ]
    }
    let designCells = selection.designCells()
    let cells = selection.cells()
    var issues: [SpecIssue] = []
    if cells.isEmpty, !designCells.isEmpty {
      issues.append(
        SpecIssue(at: root.location(of: "exclude", preferKey: true), keyPath: "exclude", message: "excludes every cell")
      )
    } else if let first = cells.first, first.levels != selection.space.baseline {
      issues.append(
        SpecIssue(
          .warning, at: root.location(of: "baseline", preferKey: true), keyPath: "baseline",
          message: "the baseline is not among the cells, so there is nothing that they can be compared with"))
    }
    let runs = cells.count * max(1, context.draft.seeds?.values.count ?? 1)
    if runs > CellSelection.mostRuns {
      issues.append(
        SpecIssue(
          at: root.location(of: "seeds", preferKey: true), keyPath: "seeds",
          message: "\(cells.count) cells with these seeds are \(runs) runs",
          expected: "at most \(CellSelection.mostRuns) runs"))
    }
    for (pattern, draft) in zip(selection.exclude, context.draft.exclude) where !draft.entries.isEmpty {
      guard !designCells.contains(where: { pattern.matches($0.levels) }) else { continue }
      issues.append(
        SpecIssue(
          .warning, at: draft.location, keyPath: draft.keyPath,
          message: "matches no cell of the design and excludes nothing"))
    }
    return issues + idleIncludes(context, selection, designCells)
  }

  private func idleIncludes(
    _ context: SpecContext, _ selection: CellSelection, _ designCells: [DesignCell]
  ) -> [SpecIssue] {
    let binder = LevelBinder(factors: context.draft.factors)
    let kept = Set(
      designCells.map(\.levels).filter { cell in !selection.exclude.contains { $0.matches(cell) } })
    return context.draft.include.compactMap { draft in
      guard let cells = binder.cells([draft], elsewhere: selection.space.baseline),
        cells.allSatisfy(kept.contains)
      else { return nil }
      return SpecIssue(
        .warning, at: draft.location, keyPath: draft.keyPath,
        message: "is a cell of the design already and adds nothing")
    }
  }
}
