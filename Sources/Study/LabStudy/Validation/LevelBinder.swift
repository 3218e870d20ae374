import LabCore

/// Finds the factors and levels that a baseline or a cell names.
struct LevelBinder {
  let factors: [SpecDraft.Factor]

  /// The level that a value names: by its label, or by meaning the same value.
  func level(_ value: SourceValue, of factor: SpecDraft.Factor) -> Int? {
    let label = LevelLabel.text(of: value, key: factor.key)
    if let index = factor.levels.firstIndex(where: { $0.label == label }) { return index }
    guard let kind = factor.key?.kind else { return nil }
    let wanted = kind.resolve(value.json)
    guard wanted.issues.isEmpty else { return nil }
    return factor.levels.firstIndex { level in
      level.settings.count == 1 && level.settings[0].isNamedByFactor
        && kind.resolve(level.settings[0].value.json) == wanted
        && kind.companions(of: level.settings[0].value.json) == kind.companions(of: value.json)
    }
  }

  /// The levels that a value names, where it may be a list of several.
  ///
  /// - Returns: for each named level its index, or nil where there is no such level.
  func levels(_ value: SourceValue, of factor: SpecDraft.Factor) -> [(value: SourceValue, index: Int?)] {
    // A level may itself be a list.
    if let index = level(value, of: factor) { return [(value, index)] }
    guard let elements = value.elements else { return [(value, nil)] }
    return elements.map { ($0, level($0, of: factor)) }
  }

  /// The pattern of an assignment; nil where it names an unknown factor or level.
  func pattern(_ assignment: SpecDraft.Assignment) -> CellPattern? {
    var pattern = CellPattern(levels: [:])
    for entry in assignment.entries {
      guard let index = factors.firstIndex(where: { $0.name == entry.factor }) else { return nil }
      let levels = levels(entry.value, of: factors[index]).map(\.index)
      guard !levels.contains(nil) else { return nil }
      pattern.levels[index] = Set(levels.compactMap(\.self))
    }
    return pattern
  }

  /// The one cell of an assignment that names a level of every factor.
  func cell(_ assignment: SpecDraft.Assignment) -> [Int]? {
    guard let pattern = pattern(assignment) else { return nil }
    let levels = factors.indices.compactMap { index in
      pattern.levels[index].flatMap { $0.count == 1 ? $0.first : nil }
    }
    return levels.count == factors.count ? levels : nil
  }

  /// The one cell of an assignment that may leave factors at another cell's level.
  func cell(_ assignment: SpecDraft.Assignment, elsewhere: [Int]) -> [Int]? {
    guard let cells = cells([assignment], elsewhere: elsewhere), cells.count == 1 else { return nil }
    return cells[0]
  }

  /// The cells of assignments; several levels of a factor give a cell each.
  func cells(_ assignments: [SpecDraft.Assignment], elsewhere: [Int]) -> [[Int]]? {
    var cells: [[Int]] = []
    for assignment in assignments {
      guard let pattern = pattern(assignment) else { return nil }
      let choices = factors.indices.map { pattern.levels[$0]?.sorted() ?? [elsewhere[$0]] }
      // The product of the choices is bounded before it is made.
      let count = choices.reduce(1) { $0 > CellSelection.largestDesign ? $0 : $0 * $1.count }
      guard cells.count + count <= CellSelection.largestDesign else { return nil }
      cells += choices.reduce([[Int]()]) { prefixes, levels in
        prefixes.flatMap { prefix in levels.map { prefix + [$0] } }
      }
    }
    return cells
  }
}
