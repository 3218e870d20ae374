/// The baseline, and each other level of each factor on its own: the cheapest look at every level's effect.
struct OneFactorAtATimeDesign: Design {
  let name = "one-factor-at-a-time"
  let summary = "The baseline, and the baseline with one factor at each of its other levels."

  func cellCount(in space: DesignSpace) -> Int {
    1 + space.factors.reduce(0) { $0 + $1.levelCount - 1 }
  }

  func cells(in space: DesignSpace) -> [DesignCell] {
    let baseline = DesignCell(space.baseline)
    return [baseline]
      + space.factors.enumerated().flatMap { index, factor in
        factor.alternatives.map { baseline.setting(index, to: $0) }
      }
  }
}
