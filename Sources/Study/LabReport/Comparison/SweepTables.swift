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
}
