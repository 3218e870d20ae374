/// The baseline, and the baseline with each part of the full model: what each part brings on its own.
///
/// A part is a factor whose level in the full model is not the baseline's.
struct AddOneInDesign: Design {
  let name = "add-one-in"
  let summary = "The baseline, and the baseline with each factor at its level in the full model."
  let needsFullModel = true

  func cellCount(in space: DesignSpace) -> Int { 1 + space.factors.count(where: \.isInFullModel) }

  func cells(in space: DesignSpace) -> [DesignCell] {
    let baseline = DesignCell(space.baseline)
    return [baseline]
      + space.factors.enumerated().filter { $0.element.isInFullModel }.map { index, factor in
        baseline.setting(index, to: factor.full)
      }
  }
}
