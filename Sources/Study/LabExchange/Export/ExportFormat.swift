import LabCore

/// A way of giving a sweep's results to other programs.
///
/// A new one is a file and a line in ``ExportFormats/registry``.
public protocol ExportFormat: Sendable {
  /// What `--to` calls it.
  var name: String { get }

  /// What it writes, in a phrase.
  var summary: String { get }

  /// Whether it has a place for the predictions for each test image.
  var takesPredictions: Bool { get }

  /// Writes the results.
  ///
  /// - Parameters:
  ///   - results: the sweep with what is known of its runs.
  ///   - destination: a folder, a file, or where a server is.
  ///   - options: what is exported beside runs and epochs.
  /// - Returns: what was written, a sentence each.
  /// - Throws: ``ExchangeError``; `FileError` where a file cannot be written; what the results throw.
  func export(_ results: ExportedResults, to destination: String, options: ExportOptions) throws -> [String]
}

extension ExportFormat {
  public var takesPredictions: Bool { false }
}

/// The ways of giving results to other programs.
public enum ExportFormats {
  /// Every format.
  public static let registry = Registry<any ExportFormat>(
    "formats of exports",
    [
      RowExport(
        name: "csv",
        summary: "comma-separated values for pandas, R and spreadsheets: runs.csv and epochs.csv in a folder",
        header: { $0.map(DelimitedText.quoted).joined(separator: ",") + "\n" }, row: { RowExport.csv($1) }),
      RowExport(
        name: "jsonl", summary: "a JSON object a line, with the same names: runs.jsonl and epochs.jsonl in a folder",
        header: { _ in "" }, row: RowExport.jsonLine),
      TensorBoardExport(), MLflowExport(),
    ]
  ) { [$0.name] }

  /// What leads to formats that are asked for and not written.
  private static let instead = [
    "parquet": "use --to csv, and then pandas.read_csv(\"runs.csv\").to_parquet(\"runs.parquet\") in Python, or "
      + "arrow::write_parquet(read.csv(\"runs.csv\"), \"runs.parquet\") in R",
    "wandb": "what `wandb sync` reads is not documented; use --to csv, whose rows W&B's own library logs, as its "
      + "documentation shows for CSV files of experiments",
  ]

  /// The format of a name.
  ///
  /// - Throws: ``ExchangeError/request(_:)`` where there is none.
  public static func named(_ name: String) throws -> any ExportFormat {
    if let instead = instead[name] {
      throw ExchangeError.request("there is no format \"\(name)\" to export to: \(instead)")
    }
    guard let format = registry[name] else {
      throw ExchangeError.request(
        "there is no format \"\(name)\" to export to\(NearestName.hint(for: name, among: registry.names)); there are "
          + registry.names.joined(separator: ", "))
    }
    return format
  }
}
