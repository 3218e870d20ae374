import LabCore
import LabReport
import LabWorkbench

extension Resources {
  static let datasets = Route(
    kind: .resource, path: "/api/v1/data", summary: "The data sets that sweeps use, each with its digits"
  ) { call in .json(DataListPage.table(try call.datasets()).json) }

  static let dataset = Route(
    kind: .resource, path: "/api/v1/data/{data}",
    summary: "What a data set consists of and what is odd about it; waits up to 20 seconds for it to be read",
    command: "labrun data inspect DATASET --json", isWaiting: true,
    respond: { call in .json(try call.inspection(of: call.dataset()).view.json) })
}
