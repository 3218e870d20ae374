import LabCore
import LabRecords
import LabStats

/// Variants over several data sets: the levels of a factor of one sweep, or a sweep each.
///
/// Scores of different data sets have no residual in common, so each data set counts as one observation: variants are ranked
/// on each (``LabStats/FriedmanTest``), and compared with the baseline by their differences on all of them
/// (``LabStats/BayesianSignedRank``).
public struct DataSetComparison: Sendable {
  /// A variant on all data sets.
  public struct Method: Sendable {
    /// The variant's label, without the data set.
    public var label: String
    /// Whether the others are compared with it.
    public var isBaseline: Bool
    /// Its results on each data set, over seeds.
    public var summaries: [SampleSummary]
    /// How it compares with the baseline on data sets like these; nil for the baseline and without one.
    public var outcome: BayesianSignedRank?
  }

  /// The fewest data sets from which others like them are concluded about.
  ///
  /// The signed-rank test is sure of what it has seen twice: of fewer, even a sign test could not be certain.
  public static let fewestDataSets = 5

  /// The metric.
  public let metric: MetricDescription
  /// The names of the data sets.
  public let dataSets: [String]
  /// The variants with results on all data sets.
  public let methods: [Method]
  /// The ranks of the methods.
  public let ranks: FriedmanTest
  /// The smallest difference that matters, in values of the metric; nil where any does.
  public let smallestDifference: Double?
  /// The confidence of the critical difference.
  public let level: Double
  /// What was left out, a sentence each.
  public let omissions: [String]
  /// What the data sets are of, for the title.
  let source: String
  /// Which of the sweeps labrun did not train, a sentence each.
  private(set) var importNotes = [String]()

  /// The results of a variant on a data set.
  struct Entry {
    var dataSet: String
    var label: String
    var isBaseline: Bool
    var summary: SampleSummary?
  }

  /// Compares the variants of a sweep over the levels of the factor that has data sets.
  ///
  /// - Returns: nil where no factor has, or fewer than two variants have results on each of two data sets.
  /// - Throws: ``ReportError/incomparableLoss(metric:functions:remedy:)``.
  init?(
    _ sweep: Sweep, metric: MetricDescription, smallestDifference: Double?, level: Double
  ) throws(ReportError) {
    guard let factor = sweep.dataSetFactor else { return nil }
    try sweep.requireOneLossFunction(of: metric, sweep.variants)
    let others = sweep.factors.map(\.name).filter { $0 != factor.name }
    let baseline = sweep.variants.first(where: \.isBaseline)
    let entries = sweep.variants.compactMap { variant -> Entry? in
      guard let set = variant.levels[factor.name] else { return nil }
      let levels = others.compactMap { variant.levels[$0] }
      let isBaseline = baseline.map { baseline in others.allSatisfy { variant.levels[$0] == baseline.levels[$0] } }
      return Entry(
        dataSet: set, label: levels.isEmpty ? "all" : levels.joined(separator: ", ").singleLine,
        isBaseline: isBaseline ?? false, summary: variant.summary(of: metric.name))
    }
    self.init(
      entries, dataSets: factor.levels, source: sweep.name.singleLine, metric: metric,
      smallestDifference: smallestDifference, level: level)
  }

  /// Compares the variants that several sweeps have in common, by their labels.
  ///
  /// - Throws: ``ReportError``, where too little is in common among other things.
  public init(_ sweeps: [Sweep], options: AnalysisOptions = .init()) throws(ReportError) {
    let plans = sweeps.compactMap { $0.analyses.last?.plan }
    let plan = plans.first { plan in plans.count == sweeps.count && plans.allSatisfy { $0 == plan } }
    let available = sweeps.dropFirst().reduce(sweeps.first?.metricNames ?? []) { $0.intersection($1.metricNames) }
    let imported = try ImportRecord.common(to: sweeps)
    let name =
      options.metric ?? plan?.metric ?? sweeps.first?.defaultMetricNames[0] ?? MetricDescription.defaultNames[0]
    guard
      let metric = try MetricDescription.select(
        [name], available: available, own: imported == nil ? sweeps[0].ownMetrics : OwnMetrics(imported)
      ).first
    else {
      throw .unknownMetric(name, available: [])
    }
    let level = options.confidence ?? plan?.confidence ?? 0.95
    guard level > 0, level < 1 else { throw .invalidConfidenceLevel(level) }
    var entries = [Entry]()
    for sweep in sweeps {
      let sweep = try sweep.seen(from: options.baseline)
      try sweep.requireOneLossFunction(of: metric, sweep.variants)
      entries += sweep.variants.map {
        Entry(
          dataSet: sweep.name.singleLine, label: $0.label.singleLine, isBaseline: $0.isBaseline,
          summary: $0.summary(of: metric.name))
      }
    }
    let scale = metric.unit == .percent ? 0.01 : 1
    let registered = plan.flatMap { $0.metric == metric.name ? $0.smallestDifference : nil }
    let names = sweeps.map(\.name.singleLine)
    guard Set(names).count == names.count else {
      throw .dataSets("each sweep is a data set of its own, but one was given twice: \(names.joined(separator: ", "))")
    }
    guard
      let found = DataSetComparison(
        entries, dataSets: names, source: names.joined(separator: ", "), metric: metric,
        smallestDifference: options.smallestEffect.map { $0 * scale } ?? registered, level: level)
    else {
      throw .dataSets(
        "\(names.joined(separator: ", ")) have fewer than two variants in common, by their labels, with results in "
          + "\(metric.name) in each")
    }
    self = found
    importNotes = sweeps.flatMap(\.importNotes)
  }

  private init?(
    _ entries: [Entry], dataSets all: [String], source: String, metric: MetricDescription, smallestDifference: Double?,
    level: Double
  ) {
    var labels = [String]()
    for entry in entries where !labels.contains(entry.label) { labels.append(entry.label) }
    let results = Dictionary(
      entries.compactMap { entry in entry.summary.map { ([entry.dataSet, entry.label], $0) } }
    ) { first, _ in first }
    // A data set that has no result yet would leave nothing to compare.
    let sets = all.filter { set in labels.contains { results[[set, $0]] != nil } }
    let whole = labels.filter { label in sets.allSatisfy { results[[$0, label]] != nil } }
    let scores = sets.map { set in whole.compactMap { results[[set, $0]]?.mean } }
    guard let ranks = FriedmanTest(scores: scores, higherIsBetter: metric.direction != .lowerIsBetter) else {
      return nil
    }
    var omissions = all.filter { !sets.contains($0) }.map { "\($0) has no results yet." }
    for label in labels where !whole.contains(label) {
      let missing = sets.filter { results[[$0, label]] == nil }
      omissions.append("\(label) has no results on \(missing.joined(separator: ", ")), and is left out.")
    }
    // What another sweep has as its baseline cannot be the same question.
    let baselines = Set(entries.filter(\.isBaseline).map(\.label))
    let baseline = baselines.count == 1 ? whole.firstIndex(where: baselines.contains) : nil
    if baseline == nil {
      omissions.append(
        baselines.count > 1
          ? "The sweeps have different baselines (\(baselines.sorted().joined(separator: "; "))), so that nothing is compared "
            + "with one."
          : "The baseline has no results on all data sets, so that nothing is compared with it.")
    }
    let sign = metric.direction == .lowerIsBetter ? -1.0 : 1.0
    methods = whole.indices.map { index in
      let outcome = baseline.flatMap { baseline in
        index == baseline || metric.direction == .neutral
          ? nil
          : BayesianSignedRank(
            differences: scores.map { sign * ($0[index] - $0[baseline]) }, smallestEffect: smallestDifference ?? 0)
      }
      return Method(
        label: whole[index], isBaseline: index == baseline,
        summaries: sets.compactMap { results[[$0, whole[index]]] }, outcome: outcome)
    }
    self.metric = metric
    self.ranks = ranks
    self.smallestDifference = smallestDifference
    self.level = level
    self.omissions = omissions
    self.source = source
    dataSets = sets
  }
}

extension Sweep {
  /// The factor whose levels are data sets: another name, or another path, at each of them.
  ///
  /// Levels that take more or fewer images of one data set, or prepare them otherwise, are no sample of data sets.
  var dataSetFactor: Factor? {
    factors.first { factor in
      let places = factor.levels.compactMap { level -> [JSONValue?]? in
        let dataset = variants.first { $0.levels[factor.name] == level }?.configuration?["dataset"]
        return dataset?["name"].map { [$0, dataset?["path"]] }
      }
      return factor.levels.count > 1 && Set(places).count == factor.levels.count
    }
  }
}

extension Variant {
  /// The results in a metric over seeds; nil without any.
  func summary(of metric: String) -> SampleSummary? {
    SampleSummary(values(of: metric).sorted { $0.key < $1.key }.map(\.value))
  }
}
