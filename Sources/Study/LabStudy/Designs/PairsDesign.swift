/// The baseline, each other level on its own, and each two of different factors together: main effects and two-way
/// interactions without the cost of a full grid.
struct PairsDesign: Design {
  let name = "pairs"
  let summary = "The baseline, every single change, and every two changes of different factors together."

  func cellCount(in space: DesignSpace) -> Int {
    // Each new factor adds its alternatives alone and with every single change before it.
    var singles = 0
    var cells = 1
    for factor in space.factors {
      let alternatives = factor.levelCount - 1
      cells += alternatives * (1 + singles)
      singles += alternatives
    }
    return cells
  }

  func cells(in space: DesignSpace) -> [DesignCell] {
    let baseline = DesignCell(space.baseline)
    var pairs: [DesignCell] = []
    for (first, firstFactor) in space.factors.enumerated() {
      for (second, secondFactor) in space.factors.enumerated().dropFirst(first + 1) {
        for level in firstFactor.alternatives {
          pairs += secondFactor.alternatives.map { baseline.setting(first, to: level).setting(second, to: $0) }
        }
      }
    }
    return OneFactorAtATimeDesign().cells(in: space) + pairs
  }
}
