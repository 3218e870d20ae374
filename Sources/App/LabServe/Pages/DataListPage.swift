import LabCore
import LabReport
import LabStore
import LabWorkbench

/// The data sets that sweeps use.
enum DataListPage {
  static let route = Route(kind: .page, path: "/data", summary: "The data sets that sweeps use") { call in
    let datasets = try call.datasets()
    var content = [
      "<div id=\"head\">", "<h1>Data sets</h1>",
      "<p class=\"lead\">What the networks of sweeps are trained on. Nobody knows the data of other programs.</p>",
      "</div>",
    ]
    if datasets.isEmpty {
      content.append("<p id=\"data\">No sweep uses any yet.</p>")
    } else {
      let table = table(datasets)
      content += [
        "<section id=\"data\" aria-label=\"Data sets\">",
        HTMLParts.table(
          table, caption: table.title, links: .init(rows: datasets.map(DataPage.address)), showsLegend: false),
        "</section>",
      ]
    }
    return .page(Frame.page(title: "Data sets", trail: [.init(title: "data", address: "/data")], content))
  }

  /// The data sets, each with where it is and who uses it.
  static func table(_ datasets: [UsedDataset]) -> ReportTable {
    ReportTable(
      kind: "datasets", title: "Data sets",
      columns: [
        .init("data set", fields: ["dataset"]), .init(fields: ["data"]), .init("place", fields: ["path"]),
        .init("settings", fields: ["settings"]), .init("sweeps", fields: ["sweeps"]),
      ],
      rows: datasets.map { dataset in
        let users = dataset.users.map { "\($0.name) (\($0.sweep))" }.joined(separator: ", ")
        return .init([
          .string(dataset.name), .string(dataset.id),
          dataset.path.map { .string($0) } ?? .init("its standard place", values: [.null], role: .faint),
          .init(dataset.settings.joined(separator: ", ").singleLine, values: [.object(dataset.options)]),
          .init(users.singleLine, values: [.array(dataset.users.map { .integer(Int($0.sweep)) })]),
        ])
      })
  }
}

extension Call {
  /// The data sets that sweeps use.
  ///
  /// - Throws: an error of the store.
  func datasets() throws -> [UsedDataset] {
    try window.data.datasets(in: window.store(), changes: window.watcher.state.changes)
  }

  /// The data set of the address.
  ///
  /// - Throws: ``RequestProblem`` where no sweep uses one of that name.
  func dataset() throws -> UsedDataset {
    guard let dataset = try datasets().first(where: { $0.id == self["data"] }) else {
      throw RequestProblem(
        status: 404, description: "no sweep uses a data set \"\(self["data"])\": /data lists those that are used")
    }
    return dataset
  }

  /// What the data set of the address consists of, by whoever cannot come again for it.
  ///
  /// - Parameter isLast: whether what was looked at last will do, whatever has become of the files since.
  /// - Throws: ``RequestProblem`` where it is still being read, or cannot be.
  func inspection(of dataset: UsedDataset, isLast: Bool = false) throws -> InspectedDataset {
    let data = window.data
    switch try isLast ? data.lastInspection(of: dataset, seconds: 20) : data.inspection(of: dataset, seconds: 20) {
    case .ready(let inspected): return inspected
    case .failed(let problem): throw RequestProblem(status: 404, description: problem)
    case .pending:
      throw RequestProblem(
        status: 503, description: "data set \(dataset.name) is still being read: try again in a moment",
        headers: ["Retry-After": "5"])
    }
  }
}
