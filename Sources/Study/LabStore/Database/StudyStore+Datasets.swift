import GRDB
import LabCore
import LabRecords

/// The data that runs of a sweep are configured to be trained on.
package struct SweepDataset: Sendable, Hashable {
  /// The number of the sweep.
  package var sweep: Int64
  /// Its name.
  package var name: String
  /// The section `dataset` of the runs' configuration.
  package var configuration: JSONValue
}

extension StudyStore {
  /// What the runs of each sweep are trained on, each configuration once a sweep, the sweep registered last first.
  ///
  /// Data of anybody's programs, and of results that were imported, are not known.
  ///
  /// - Throws: an error of the store where it cannot be read.
  package func datasets() throws -> [SweepDataset] {
    try read { database in
      // Runs of a variant have one configuration.
      try Row.fetchAll(
        database,
        sql: """
          SELECT DISTINCT sweep.id, sweep.name, json_extract(run.configuration, '$.dataset')
          FROM sweep JOIN variant ON variant.sweep_id = sweep.id
          JOIN cell ON cell.variant_id = variant.id AND cell.position =
            (SELECT MIN(position) FROM cell AS other WHERE other.variant_id = variant.id)
          JOIN run ON run.id = cell.run_id
          WHERE json_type(run.configuration, '$.dataset') = 'object'
            AND json_type(run.configuration, '$.program') IS NULL
            AND json_type(run.configuration, '$.imported') IS NULL
          ORDER BY sweep.last_registered_at DESC, sweep.id DESC, variant.position
          """
      ).map { SweepDataset(sweep: $0[0], name: $0[1], configuration: try JSONValue(parsing: $0[2] as String)) }
    }
  }
}
