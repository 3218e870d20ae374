import LabCore

/// Names cells by what sets them apart from the baseline.
struct VariantLabels {
  /// Labels that cells have for themselves.
  private static let ownLabels: Set<String> = ["baseline", "full"]

  private let factors: [SpecDraft.Factor]
  private let baseline: [Int]
  private let full: [Int]
  /// How many factors have a level of this label.
  private let useCounts: [String: Int]

  init(factors: [SpecDraft.Factor], space: DesignSpace) {
    self.factors = factors
    baseline = space.baseline
    full = space.full
    useCounts = Dictionary(
      factors.flatMap { factor in Set(factor.levels.map(\.label)).map { ($0, 1) } }, uniquingKeysWith: +)
  }

  /// The label of a cell: `baseline`, `odconv-4x + spd`, `width=32`, `full without spd`.
  func label(of cell: DesignCell) -> String {
    if cell.levels == baseline { return "baseline" }
    switch cell.role {
    case .full: return "full"
    case .fullWithout(let factor):
      return "full without \(name(ofLevel: full[factor], factor: factor))"
    case .combination:
      return factors.indices.filter { cell.levels[$0] != baseline[$0] }
        .map { name(ofLevel: cell.levels[$0], factor: $0) }.joined(separator: " + ")
    }
  }

  /// The labels of cells, each once.
  func labels(of cells: [DesignCell]) -> [String] {
    var taken = Set<String>()
    return cells.map { cell in
      let label = label(of: cell)
      var unique = label
      var count = 1
      while !taken.insert(unique).inserted {
        count += 1
        unique = "\(label) (\(count))"
      }
      return unique
    }
  }

  private func name(ofFactor index: Int) -> String {
    factors[index].name.split(separator: ".").last.map(String.init) ?? factors[index].name
  }

  /// The level's label, with its factor's name where it could be taken for something else.
  private func name(ofLevel level: Int, factor: Int) -> String {
    let level = factors[factor].levels[level]
    let isClear = !level.isBareValue && useCounts[level.label] == 1 && !VariantLabels.ownLabels.contains(level.label)
    return isClear ? level.label : "\(name(ofFactor: factor))=\(level.label)"
  }
}
