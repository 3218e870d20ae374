import LabCore
import LabStudy
import Testing

@Suite struct PlanSelectionTests {
  private func labels(_ only: [String], limit: Int? = nil) throws -> [String] {
    try makePlan().cells(only: only, limit: limit).map { "\($0.variant.label) \($0.seed)" }
  }

  @Test func levelsOfOneNameWidenAndNamesNarrow() throws {
    #expect(try labels([]).count == 12)
    #expect(
      try labels(["conv=odconv-4x"]) == ["odconv-4x 0", "odconv-4x + spd 0", "odconv-4x 1", "odconv-4x + spd 1"])
    #expect(try labels(["conv=static, odconv-1x", "downsample=spd", "seed=1"]) == ["spd 1", "odconv-1x + spd 1"])
    #expect(try labels(["conv=static", "conv=odconv-1x", "downsample=spd"]).count == 4)
    #expect(try labels(["variant=baseline,odconv-4x + spd", "seed=0"]) == ["baseline 0", "odconv-4x + spd 0"])
  }

  @Test func theLimitTakesTheFirstCells() throws {
    #expect(try labels([], limit: 2) == ["baseline 0", "spd 0"])
    #expect(try labels(["conv=odconv-4x"], limit: 99).count == 4)
  }

  @Test(arguments: [
    (
      ["cnov=static"],
      #"cannot select the cells "cnov=static": there is no factor "cnov"; expected one of conv, downsample, seed, variant (did you mean "conv"?)"#
    ),
    (
      ["conv=odcon-4x"],
      #"cannot select the cells "conv=odcon-4x": "odcon-4x" is not a level of "conv"; expected one of static, odconv-1x, odconv-4x (did you mean "odconv-4x"?)"#
    ),
    (
      ["conv=static,"],
      #"cannot select the cells "conv=static,": "" is not a level of "conv"; expected one of static, odconv-1x, odconv-4x"#
    ),
    (["seed=7"], #"cannot select the cells "seed=7": "7" is not a level of "seed"; expected one of 0, 1"#),
    (["conv"], #"cannot select the cells "conv": write a name, "=" and levels, such as conv=static"#),
    (
      ["variant=baseline", "downsample=spd"],
      #"cannot select the cells "variant=baseline downsample=spd": the plan has no such cell"#
    ),
  ])
  func mistakesAreExplained(only: [String], message: String) throws {
    let error = #expect(throws: SpecError.self) { try makePlan().cells(only: only) }
    #expect(error?.description == message)
  }

  @Test func limitsBelowOneAreRefused() {
    #expect(throws: SpecError.badFilter("limit 0", problem: "expected a limit of at least 1", suggestion: nil)) {
      try makePlan().cells(only: [], limit: 0)
    }
  }

  @Test func labelsMayHaveCommasAndFactorsDots() throws {
    let plan = try makePlan([
      (
        "factors",
        #"{"model.conv": ["static", {"name": "odconv", "kernels": 8, "reduction": 0.5}], "milestones": [[3, 5], [4]]}"#
      ), ("baseline", #"{"model.conv": "static", "milestones": [3, 5]}"#),
    ])
    let odconv = "odconv(kernels=8,reduction=0.5)"
    #expect(plan.factors.map(\.levels) == [["static", odconv], ["[3,5]", "[4]"]])
    #expect(try plan.cells(only: ["conv=\(odconv)"]).count == 4)
    #expect(try plan.cells(only: ["model.conv=static,\(odconv)", "milestones=[3,5]"]).count == 4)
  }
}
