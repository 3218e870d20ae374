import LabCore

/// Where the results of a sweep come from that labrun did not train: what stands in place of a spec.
///
/// Nothing of such a sweep was measured by labrun, and every table on it says so.
public struct ImportRecord: Sendable, Codable, Hashable {
  /// A file that results were read from.
  public struct Source: Sendable, Codable, Hashable {
    /// The file's name, without its folder.
    public var name: String
    /// The hash of the file's bytes.
    public var sha256: ContentHash

    /// Creates a source.
    public init(name: String, sha256: ContentHash) {
      self.name = name
      self.sha256 = sha256
    }
  }

  /// What became of a column.
  public struct Column: Sendable, Codable, Hashable {
    /// What it was taken for.
    public enum Role: String, Sendable, Codable, Hashable, CaseIterable {
      case factor, seed, metric, epoch, variant, baseline, state, reason, parameters
      case multiplyAdds = "multiply_adds"
      /// A setting of runs that is kept and not compared.
      case setting
      /// Not kept.
      case leftOut = "left_out"
    }

    /// The column as the file heads it.
    public var header: String
    /// What it was taken for.
    public var role: Role
    /// The name of the factor, metric or setting.
    public var name: String
    /// What its numbers were divided by; nil for 1.
    public var divisor: Double?
    /// Why it was left out; nil where it was not.
    public var reason: String?

    /// Creates a column.
    public init(header: String, role: Role, name: String, divisor: Double? = nil, reason: String? = nil) {
      self.header = header
      self.role = role
      self.name = name
      self.divisor = divisor
      self.reason = reason
    }
  }

  /// The name of the format that they were read in, such as `csv`.
  public var format: String
  /// The files, that of the runs first.
  public var sources: [Source]
  /// What became of each column of the file of runs, in its order.
  public var columns: [Column]
  /// Which values are better of metrics that the catalog does not know, by their names.
  public var directions: [String: Metric.Direction]

  /// Creates a record.
  public init(
    format: String, sources: [Source], columns: [Column], directions: [String: Metric.Direction] = [:]
  ) {
    self.format = format
    self.sources = sources
    self.columns = columns
    self.directions = directions
  }
}

extension ImportRecord {
  /// The names of the metrics, in the order of their columns.
  public var metricNames: [String] { columns.filter { $0.role == .metric }.map(\.name) }

  /// The hash of the record's meaning: names of files are no part of it.
  public var meaningHash: ContentHash {
    var record = self
    for index in record.sources.indices { record.sources[index].name = "" }
    return (try? JSONValue(encoding: record).contentHash) ?? ContentHash(of: "\(record)")
  }

  /// The files with the first digits of their hashes, such as `runs.csv (SHA-256 3fa9…)`.
  public var sourceText: String {
    sources.map { "\($0.name) (SHA-256 \($0.sha256.short)…)" }.joined(separator: " and ")
  }

  /// What everybody who reads a number of the sweep has to know.
  public var sentence: String {
    "Imported from \(sourceText) in the format \(format): labrun trained none of these runs and measured none of these "
      + "numbers."
  }
}

/// A sweep that was trained elsewhere, with all that is known of its runs.
public struct ImportedSweep: Sendable, Hashable {
  /// What is known of a run.
  public struct Result: Sendable, Hashable {
    /// How it ended.
    public var outcome: RunOutcome
    /// Its epochs, from 0 on without a gap.
    public var epochs: [EpochRecord]
    /// Its training time in seconds, where the file tells.
    public var trainSeconds: Double?
    /// Its throughput in images per second, where the file tells.
    public var imagesPerSecond: Double?

    /// Creates a result.
    public init(
      outcome: RunOutcome, epochs: [EpochRecord] = [], trainSeconds: Double? = nil, imagesPerSecond: Double? = nil
    ) {
      self.outcome = outcome
      self.epochs = epochs
      self.trainSeconds = trainSeconds
      self.imagesPerSecond = imagesPerSecond
    }
  }

  /// The sweep with its record, in which a variant has no run of a seed that no row has.
  public var sweep: Sweep
  /// What is known of each of its runs.
  public var results: [RunIdentity: Result]

  /// Creates a sweep that was trained elsewhere.
  public init(sweep: Sweep, results: [RunIdentity: Result]) {
    self.sweep = sweep
    self.results = results
  }
}

extension Run {
  /// The name of the file that the run was imported from; nil of a run that labrun trains.
  public var importSource: String? { configuration[path: "imported.file"]?.stringValue }
}
