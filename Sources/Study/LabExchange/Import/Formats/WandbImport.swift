/// The table of runs that Weights & Biases exports: a row a run, with its configuration and the last values of its metrics.
struct WandbImport: ImportFormat {
  let name = "wandb-csv"
  let summary = "the table of runs that Weights & Biases exports as CSV"

  /// Columns that every table of runs has, lowercased.
  private static let own: Set<String> = [
    "name", "id", "notes", "user", "tags", "created", "runtime", "sweep", "group", "job type", "hostname", "commit",
    "github", "gpu count", "gpu type", "start time", "end time", "updated", "host", "description", "logs",
    "python version",
  ]

  func read(_ path: String) throws -> ImportTable {
    try ImportTable(contentsOf: path) { header in
      let known = header.lowercased()
      if known == "state" { return .init(header: header, name: "state", hint: .state) }
      if WandbImport.own.contains(known) || header.hasPrefix("_") || header.hasPrefix("system/") {
        return .init(header: header, name: header, hint: .bookkeeping("Weights & Biases keeps it of every run"))
      }
      return .init(header: header, name: header)
    }
  }
}
