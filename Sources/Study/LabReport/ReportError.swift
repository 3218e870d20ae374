import LabCore

/// What is wrong with a request for a table.
public enum ReportError: Error, Equatable, CustomStringConvertible {
  /// A metric that no run of the sweep has.
  case unknownMetric(String, available: [String])
  /// A variant that the sweep does not have.
  case unknownVariant(String, available: [String])
  /// A comparison of a variant with itself.
  case sameVariant(String)
  /// All pairs of more variants than anybody reads of.
  case tooManyPairs(variants: Int, limit: Int)
  /// A metric in which single test images have no part.
  case metricWithoutImages(String)
  /// No run with test predictions that could be used; with what is wrong with those that there are.
  case noPredictions(problems: [String])
  /// Sweeps that do not make one comparison over data sets, and why.
  case dataSets(String)
  /// No runs that vary yet.
  case noSpread(metric: String)
  /// A factor that the sweep does not have.
  case unknownFactor(String, available: [String])
  /// A level that the factor does not have.
  case unknownLevel(String, factor: String, available: [String])
  /// A filter that is not `factor=level`.
  case malformedFilter(String)
  /// A precision that is not `metric ± size`.
  case malformedPrecision(String, problem: String)
  /// A column that cannot be sorted by.
  case unknownColumn(String, available: [String])
  /// A sort order that is neither ascending nor descending.
  case unknownDirection(String)
  /// An output format that does not exist.
  case unknownFormat(String, available: [String])
  /// A layout of tables that does not exist.
  case unknownLayout(String, available: [String])
  /// Something asked of a format that cannot do it.
  case unsupportedFeature(TableFeature, format: String, available: [String])
  /// A label that TeX could not refer to.
  case invalidLabel(String)
  /// An option that changes nothing in a layout: what it is, and why.
  case optionWithoutEffect(String, layout: String, reason: String)
  /// A layout by factors of a sweep that has too few.
  case tooFewFactors(layout: String, needed: Int, found: [String])
  /// Several tables where there is room for one.
  case severalTables(String, count: Int)
  /// A confidence level outside of (0, 1).
  case invalidConfidenceLevel(Double)
  /// More factors than a table of means can be made for, or one factor twice.
  case invalidGrouping([String])
  /// Other than two different factors for the rows and the columns of a grid.
  case invalidGrid([String])
  /// An order or a mean of values of different loss functions, with a metric that could be asked for instead.
  case incomparableLoss(metric: String, functions: [String], remedy: String?)

  /// One sentence for the user.
  public var description: String {
    switch self {
    case .unknownMetric(let name, let available):
      return "no run has a metric \"\(name)\"" + choices(name, available)
    case .unknownVariant(let name, let available):
      return "the sweep has no variant \"\(name)\"" + choices(name, available)
    case .sameVariant(let name): return "a comparison needs two variants, but \"\(name)\" was given twice"
    case .tooManyPairs(let variants, let limit):
      return "all pairs are compared of at most \(limit) variants, and the sweep has \(variants); compare with a "
        + "baseline, or two of them by `labrun compare`"
    case .metricWithoutImages(let name):
      return "--images is about metrics in which every test image has a part, \(ImageStatistic.names), and not about "
        + "\(name): ask for one of them with --metric"
    case .noPredictions(let problems):
      return "no run has test predictions that --images could use"
        + (problems.isEmpty ? "" : ": " + FairnessAudit.listed(problems))
    case .dataSets(let problem): return problem
    case .noSpread(let metric):
      return "no seeds can be planned yet: it takes two variants with two seeds each whose runs vary in \(metric)"
    case .unknownFactor(let name, let available):
      return "the sweep has no factor \"\(name)\"" + choices(name, available)
    case .unknownLevel(let name, let factor, let available):
      return "factor \"\(factor)\" has no level \"\(name)\"" + choices(name, available)
    case .malformedFilter(let text):
      return "a filter is written factor=level, such as conv=static, but \"\(text)\" was given"
    case .malformedPrecision(let text, let problem):
      return "a precision is a metric, ± and a size, such as \"test_accuracy ± 0.3\", but \"\(text)\" was given: "
        + problem
    case .unknownColumn(let name, let available):
      return "the table has no column \"\(name)\" to sort by" + choices(name, available)
    case .unknownDirection(let text):
      return "a sort order is ascending or descending, but \"\(text)\" was given"
    case .unknownFormat(let name, let available):
      return "there is no format \"\(name)\"" + choices(name, available)
    case .unknownLayout(let name, let available):
      return "there is no layout \"\(name)\"" + choices(name, available)
    case .unsupportedFeature(let feature, let format, let available):
      return "--\(feature.rawValue) has no effect with the format \(format); it goes with "
        + "--format \(available.joined(separator: " or "))"
    case .invalidLabel(let label):
      return "a label has letters, digits and : - _ . / + only, such as tab:ablation, but \"\(label)\" was given"
    case .optionWithoutEffect(let option, let layout, let reason):
      return "\(option) has no effect in the layout \(layout): \(reason)"
    case .tooFewFactors(let layout, let needed, let found):
      return
        "the layout \(layout) needs \(needed == 1 ? "a factor" : "\(needed) factors") with several levels, and the "
        + "sweep has \(found.isEmpty ? "none" : "only " + found.joined(separator: ", ")); ask for --layout variants"
    case .severalTables(let option, let count):
      return "\(option) is for one table, and there are \(count), one a metric; give one --metric"
    case .invalidConfidenceLevel(let level):
      return "a confidence level lies between 0 and 1, such as 0.95, but \(level) was given"
    case .invalidGrouping(let factors):
      return "means can be taken by one factor or by two different ones, but \(factors.count) were given: "
        + factors.joined(separator: ", ")
    case .invalidGrid(let factors):
      return "a grid has one factor in its rows and another in its columns, such as --by conv --by downsample, but "
        + "\(factors.count) \(factors.count == 1 ? "was" : "were") given: \(factors.joined(separator: ", "))"
    case .incomparableLoss(let metric, let functions, let remedy):
      return "\(metric) is the value of different loss functions here (\(functions.joined(separator: "; "))), "
        + "which are not comparable: they cannot be sorted by it or averaged over; "
        + (remedy.map { "ask for \($0), the same function for every run, or keep to one loss with --filter" }
          ?? "keep to one loss with --filter (these runs were stored without test_log_loss, the same function for every run)")
    }
  }

  /// The nearest name, or all of them where none is near.
  private func choices(_ name: String, _ available: [String]) -> String {
    let hint = NearestName.hint(for: name, among: available)
    if !hint.isEmpty { return hint }
    let shown = available.prefix(40).joined(separator: ", ")
    let rest = available.count > 40 ? " and \(available.count - 40) more" : ""
    return available.isEmpty ? "; there are none" : "; there are " + shown + rest
  }
}
