import Foundation
import LabCore
import LabRecords
import LabStudy
import Testing

@Suite struct CellForecastTests {
  private static func known(
    _ state: RunState, _ epochs: Int = 3, reason: String? = nil, isRetriable: Bool = false
  ) -> Run {
    var run = Run(
      identity: RunIdentity(hash: ContentHash(of: "run")), configuration: [:], dataHash: ContentHash(of: "data"),
      seed: 1, plannedEpochs: 10)
    (run.state, run.reason, run.isRetriable, run.completedEpochs) = (state, reason, isRetriable, epochs)
    return run
  }

  private static let now = Date(timeIntervalSince1970: 5)
  private static let retrying = ClaimPolicy.retryingFailed(endedBefore: now)
  private static let fresh = ClaimPolicy.fresh(endedBefore: now)

  @Test(
    arguments: [
      (nil, .unfinished, .run, "never started"),
      (known(.pending, 0), .unfinished, .run, "never started"),
      (known(.running), .unfinished, .skip, "another process trains it, now after epoch 3 of 10"),
      (known(.running), fresh, .skip, "another process trains it, now after epoch 3 of 10"),
      (known(.interrupted), .unfinished, .resume, "interrupted after epoch 3 of 10"),
      (known(.interrupted, 0), .unfinished, .run, "interrupted in its first epoch"),
      (known(.interrupted), fresh, .run, "interrupted after epoch 3 of 10; trained afresh"),
      (known(.completed, 10), .unfinished, .reuse, "completed"),
      (known(.completed, 10), retrying, .reuse, "completed"),
      (known(.completed, 10), fresh, .run, "completed; trained afresh"),
      (known(.failed, reason: "no memory"), .unfinished, .skip, "failed after epoch 3 of 10: no memory"),
      (
        known(.failed, reason: "no disk", isRetriable: true), .unfinished, .resume,
        "failed after epoch 3 of 10: no disk; tried again"
      ),
      (known(.failed, 0), retrying, .run, "failed after epoch 0 of 10; tried again"),
      (known(.diverged), .unfinished, .skip, "diverged after epoch 3 of 10"),
      (known(.diverged), retrying, .resume, "diverged after epoch 3 of 10; tried again"),
    ] as [(Run?, ClaimPolicy, RunAction, String)])
  func everyStateHasAnActionAndAReason(
    known: Run?, policy: ClaimPolicy, action: RunAction, reason: String
  ) throws {
    let cell = try makePlan().cells[0]
    let forecast = CellForecast(
      cell: cell, identity: cell.identity(dataHash: ContentHash(of: "data")), known: known, policy: policy)
    #expect(forecast.action == action)
    #expect(forecast.reason == reason)
  }

  @Test func plansAreForecastCellByCell() throws {
    let plan = try makePlan()
    let data = ContentHash(of: "data")
    let done = plan.cells[2].identity(dataHash: data)
    let forecasts = plan.forecast(dataHash: { _ in data }) { $0 == done ? Self.known(.completed) : nil }
    #expect(forecasts.map(\.action) == plan.cells.indices.map { $0 == 2 ? .reuse : .run })
    #expect(forecasts.map(\.cell) == plan.cells)
    #expect(Set(forecasts.map(\.identity)).count == 12)
  }
}
