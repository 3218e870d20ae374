/// A row a run, or a row an epoch, with a column for all that is known of it.
struct CSVImport: ImportFormat {
  let name = "csv"
  let summary = "a row a run, or a row an epoch, with column names in the first line"

  func read(_ path: String) throws -> ImportTable {
    var own: ExportedColumns?
    return try ImportTable(contentsOf: path, headers: { own = ExportedColumns($0) }) { header in
      // The prefix keeps factors apart from columns that labrun has itself.
      let name = header.hasPrefix("factor_") && header.count > 7 ? String(header.dropFirst(7)) : header
      if let own, own.factors.contains(header) { return .init(header: header, name: name, hint: .factor) }
      if header == "run" || header == "sweep" {
        return .init(header: header, name: header, hint: .bookkeeping("it names the run where it was trained"))
      }
      let isMetric = own.map { !$0.others.contains(header) } ?? false
      return .init(header: header, name: header, hint: isMetric ? .metric : .unknown)
    }
  }
}

/// The columns of a file that labrun has exported: factors stand between `is_baseline` and `seed`, and what is none of its
/// own columns is a metric.
private struct ExportedColumns {
  let factors: Set<String>
  let others = Set(ExportRows.before + ExportRows.after + ["epoch"])

  /// - Returns: nil for the columns of another program.
  init?(_ headers: [String]) {
    guard headers.starts(with: ExportRows.before), let seed = headers.firstIndex(of: "seed") else { return nil }
    factors = Set(headers[ExportRows.before.count..<max(ExportRows.before.count, seed)])
  }
}
