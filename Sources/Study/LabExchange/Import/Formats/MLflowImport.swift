/// The runs of an experiment as MLflow writes them: `mlflow runs csv`, or `search_runs().to_csv()`.
struct MLflowImport: ImportFormat {
  let name = "mlflow-csv"
  let summary = "the runs of an experiment that MLflow writes by `mlflow runs csv` or search_runs().to_csv()"

  private static let own: Set<String> = [
    "run_id", "experiment_id", "artifact_uri", "start_time", "end_time", "user_id", "lifecycle_stage", "run_name",
  ]

  func read(_ path: String) throws -> ImportTable {
    try ImportTable(contentsOf: path) { header in
      if header == "status" { return .init(header: header, name: "state", hint: .state) }
      if let name = Self.name(header, behind: "params.") { return .init(header: header, name: name, hint: .parameter) }
      if let name = Self.name(header, behind: "metrics.") { return .init(header: header, name: name, hint: .metric) }
      if header.hasPrefix("tags.") {
        return .init(header: header, name: header, hint: .bookkeeping("it is a tag of MLflow"))
      }
      if MLflowImport.own.contains(header) {
        return .init(header: header, name: header, hint: .bookkeeping("MLflow keeps it of every run"))
      }
      return .init(header: header, name: header)
    }
  }

  private static func name(_ header: String, behind prefix: String) -> String? {
    header.hasPrefix(prefix) && header.count > prefix.count ? String(header.dropFirst(prefix.count)) : nil
  }
}
