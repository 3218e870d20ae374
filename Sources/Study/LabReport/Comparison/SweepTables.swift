import LabRecords

/// The tables on a sweep, as a user asks for them.
public enum SweepTables {
  /// The comparison of all variants, or with one or two factors the means by their levels.
  ///
  /// - Throws: ``ReportError`` where the request names what the sweep does not have.
  public static func table(
    _ sweep: Sweep, by factors: [String] = [], options: ReportOptions = .init()
  ) throws(ReportError) -> ReportTable {
    factors.isEmpty
      ? try ComparisonTable(sweep, options: options).table
      : try FactorTable(sweep, by: factors, options: options).table
  }

  /// The tables of a layout, as one document where there are several.
  ///
  /// - Parameters:
  ///   - sweep: the sweep.
  ///   - layout: the layout.
  ///   - factors: the factors that were asked for, by name.
  ///   - options: what is shown and how it is judged.
  ///   - format: the format, which has to have room for the tables.
  ///   - rendering: what the format takes into account.
  /// - Returns: the text.
  /// - Throws: ``ReportError`` where the request names what the sweep does not have, or asks a layout or a format for what
  ///   it cannot do.
  public static func rendered(
    _ sweep: Sweep, layout: any TableLayout, by factors: [String] = [], options: ReportOptions = .init(),
    as format: any TableFormat = TableFormats.text, rendering: TableRenderingOptions = .init()
  ) throws(ReportError) -> String {
    try rendering.validate(for: format)
    let tables = try layout.tables(sweep, by: factors, options: options)
    if tables.count == 1, let table = tables.first { return table.rendered(as: format, options: rendering) }
    if format.holdsOneTable { throw .severalTables("--format \(format.name)", count: tables.count) }
    if rendering.caption != nil { throw .severalTables("--caption", count: tables.count) }
    if rendering.label != nil { throw .severalTables("--label", count: tables.count) }
    return ReportDocument(
      kind: layout.name, title: sweep.reportTitle, sections: tables.map { .init(table: $0) },
      metadata: sweep.metadata(options)
    ).rendered(as: format, options: rendering)
  }
}
