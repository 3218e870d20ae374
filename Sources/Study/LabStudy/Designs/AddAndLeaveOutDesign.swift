/// What each part of the full model brings on its own, and what it contributes to the whole: the two differ where parts
/// help or hinder each other.
///
/// A part is a factor whose level in the full model is not the baseline's.
struct AddAndLeaveOutDesign: Design {
  let name = "add-and-leave-out"
  let summary = "The baseline, the full model, the baseline with each part, and the full model without each part."
  let needsFullModel = true

  func cellCount(in space: DesignSpace) -> Int {
    let parts = space.factors.count(where: \.isInFullModel)
    // Of two parts, what is left of the full model without one is the baseline with the other.
    return parts < 2 ? 1 + parts : parts == 2 ? 4 : 2 + 2 * parts
  }

  func cells(in space: DesignSpace) -> [DesignCell] {
    var seen: Set<[Int]> = []
    return (AddOneInDesign().cells(in: space) + LeaveOneOutDesign().cells(in: space)).filter {
      seen.insert($0.levels).inserted
    }
  }
}
