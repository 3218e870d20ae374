/// The full model, and the full model without each of its parts: what each part contributes to the whole.
///
/// A part is a factor whose level in the full model is not the baseline's; without it means at the baseline's level.
/// The baseline is trained too, because tables compare with it.
struct LeaveOneOutDesign: Design {
  let name = "leave-one-out"
  let summary = "The baseline, the full model, and the full model with each factor set back to the baseline."
  let needsFullModel = true

  func cellCount(in space: DesignSpace) -> Int { 2 + space.factors.count(where: \.isInFullModel) }

  func cells(in space: DesignSpace) -> [DesignCell] {
    let full = DesignCell(space.full, role: .full)
    return [DesignCell(space.baseline), full]
      + space.factors.enumerated().filter { $0.element.isInFullModel }.map { index, factor in
        full.setting(index, to: factor.baseline, role: .fullWithout(factor: index))
      }
  }
}
