import LabRecords

/// A row a variant, or with one or two factors a row a level or a pair of levels.
struct VariantsLayout: TableLayout {
  let name = "variants"
  let summary = "a row a variant, with all that is known of it; with --by, a row a level"

  func tables(_ sweep: Sweep, by factors: [String], options: ReportOptions) throws(ReportError) -> [ReportTable] {
    [try SweepTables.table(sweep, by: factors, options: options)]
  }
}
