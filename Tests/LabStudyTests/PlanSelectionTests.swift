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

  // MARK: Forecasts

  private func forecast(_ known: KnownRun?, policy: RerunPolicy = .unfinished) throws -> CellForecast {
    let cell = try makePlan().cells[0]
    return CellForecast(
      cell: cell, identity: cell.identity(dataHash: ContentHash(of: "data")), known: known, policy: policy)
  }

  @Test func everyStateHasAnActionAndAReason() throws {
    func expect(
      _ known: KnownRun?, policy: RerunPolicy = .unfinished, _ action: CellForecast.Action, _ reason: String,
      sourceLocation: Testing.SourceLocation = #_sourceLocation
    ) throws {
      let forecast = try forecast(known, policy: policy)
      #expect(forecast.action == action, sourceLocation: sourceLocation)
      #expect(forecast.reason == reason, sourceLocation: sourceLocation)
    }
    func known(_ state: RunState, _ epochs: Int = 3, reason: String? = nil, sweep: String? = nil) -> KnownRun {
      KnownRun(state: state, completedEpochs: epochs, plannedEpochs: 10, reason: reason, sweep: sweep)
    }
    try expect(nil, .run, "never started")
    try expect(known(.pending, 0), .run, "never started")
    try expect(known(.running), .wait, "another process trains it, now after epoch 3 of 10")
    try expect(known(.interrupted), .resume, "interrupted after epoch 3 of 10")
    try expect(known(.interrupted, 0), .run, "interrupted in its first epoch")
    try expect(known(.completed, 10), .reuse, "completed before")
    try expect(known(.completed, 10, sweep: "quick"), .reuse, "completed before in the sweep \"quick\"")
    try expect(known(.failed, reason: "out of memory"), .skip, "failed after epoch 3 of 10: out of memory")
    try expect(known(.diverged), .skip, "diverged after epoch 3 of 10")
    try expect(known(.diverged), policy: .retryingFailed, .resume, "diverged after epoch 3 of 10; tried again")
    try expect(known(.failed, 0), policy: .retryingFailed, .run, "failed after epoch 0 of 10; tried again")
    try expect(known(.completed), policy: .retryingFailed, .reuse, "completed before")
    try expect(known(.completed), policy: .fresh, .run, "completed before; everything is trained afresh")
    try expect(known(.interrupted), policy: .fresh, .run, "interrupted before; everything is trained afresh")
    try expect(known(.running), policy: .fresh, .wait, "another process trains it, now after epoch 3 of 10")
  }

  @Test func plansAreForecastCellByCell() throws {
    let plan = try makePlan()
    let data = ContentHash(of: "data")
    let done = plan.cells[2].identity(dataHash: data)
    let forecasts = plan.forecast(dataHash: { _ in data }) { $0 == done ? KnownRun(state: .completed) : nil }
    #expect(forecasts.map(\.action) == plan.cells.indices.map { $0 == 2 ? .reuse : .run })
    #expect(forecasts.map(\.cell) == plan.cells)
    #expect(Set(forecasts.map(\.identity)).count == 12)
  }
}
