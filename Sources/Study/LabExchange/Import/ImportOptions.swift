import LabRecords

/// What a user says of columns; what is nil is guessed where it is clear.
public struct ImportOptions: Sendable, Hashable {
  /// The name of the sweep; nil for the file's.
  public var name: String?
  /// The columns that are factors, each as `COLUMN` or `NAME=COLUMN`.
  public var factors: [String]?
  /// The column of seeds.
  public var seed: String?
  /// The columns that are metrics, each as `COLUMN` or `NAME=COLUMN`, with a `%` at the end of a column in percent.
  public var metrics: [String]?
  /// The column of epochs or steps.
  public var epoch: String?
  /// The variant that others are compared with: a label, or levels as `FACTOR=LEVEL`; `none` for none.
  public var baseline: [String]
  /// Which values are better of metrics that are not known: `higher` or `lower`, or `METRIC=higher`.
  public var better: [String]

  /// Creates options.
  public init(
    name: String? = nil, factors: [String]? = nil, seed: String? = nil, metrics: [String]? = nil,
    epoch: String? = nil, baseline: [String] = [], better: [String] = []
  ) {
    self.name = name
    self.factors = factors
    self.seed = seed
    self.metrics = metrics
    self.epoch = epoch
    self.baseline = baseline
    self.better = better
  }
}

/// A column as an option names it.
struct ColumnRequest {
  /// What it is called here; nil for the column's own name.
  var name: String?
  /// The column.
  var column: String
  /// Whether its numbers are in percent.
  var isPercentage = false

  /// Reads `COLUMN`, `NAME=COLUMN` or, of metrics, `NAME=COLUMN%`.
  ///
  /// - Parameter known: the columns that there are, one of which may have an equals sign in its name.
  init(_ text: String, takesPercentages: Bool, known: (String) -> Bool) {
    column = text
    if !known(text), let equals = text.firstIndex(of: "="), equals > text.startIndex {
      name = String(text[..<equals])
      column = String(text[text.index(after: equals)...])
    }
    if takesPercentages, !known(column), column.hasSuffix("%") {
      column.removeLast()
      isPercentage = true
    }
  }
}
