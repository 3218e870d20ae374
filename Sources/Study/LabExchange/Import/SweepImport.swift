import Foundation
import LabCore
import LabRecords
import LabStudy

/// Another program's results as a sweep: what is stored, and what a user should know before.
public struct SweepImport: Sendable {
  /// The sweep with its results.
  public let imported: ImportedSweep
  /// What became of the columns.
  public let record: ImportRecord
  /// What was decided beside the columns, a sentence each.
  public let remarks: [String]

  /// Makes a sweep of a file of runs.
  ///
  /// - Parameters:
  ///   - path: the file, or what else the format reads.
  ///   - format: how it is written.
  ///   - epochsPath: a file of the same format with a row an epoch; nil where there is none.
  ///   - options: what the user says of columns.
  /// - Throws: ``ExchangeError``; `FileError` where a file cannot be read.
  public init(
    _ path: String, format: any ImportFormat, epochs epochsPath: String? = nil, options: ImportOptions = .init()
  ) throws {
    let table = try format.read(path)
    guard !table.rows.isEmpty else {
      throw ExchangeError.content(file: table.file, problem: "has column names and no row below them")
    }
    let assignment = try ColumnAssignment(table, options: options)
    var runs = try ImportedRuns(assignment).entries
    var sources = [ImportRecord.Source(name: table.file, sha256: table.sha256)]
    var remarks = table.remarks
    if let epochsPath {
      if assignment.place(.epoch) != nil || !table.courses.isEmpty {
        throw ExchangeError.request("\(table.file) has the epochs of its runs already, so that --epochs adds nothing")
      }
      let courses = try format.read(epochsPath)
      remarks += try ImportedCourses(courses, of: assignment, epoch: options.epoch).add(to: &runs)
      sources.append(.init(name: courses.file, sha256: courses.sha256))
    } else if let courses = table.courses.first {
      remarks += try ImportedCourses(courses, of: assignment, epoch: options.epoch).add(to: &runs)
    }
    let name = options.name ?? SweepImport.name(of: path)
    guard StudySpec.isUsableName(name) else {
      throw ExchangeError.request(
        "\"\(name)\" is no name of a sweep, which has letters, digits, \"-\", \"_\" and \".\" and starts with a letter or "
          + "digit: give one by --name")
    }
    let directions = try MetricDirections(assignment, better: options.better).directions
    let record = ImportRecord(
      format: format.name, sources: sources, columns: assignment.columns, directions: directions)
    let variants = try ImportedVariants(runs, assignment, baseline: options.baseline)
    remarks += variants.remarks
    self.record = record
    self.remarks = remarks
    imported = variants.sweep(named: name, record: record)
  }

  private static func name(of path: String) -> String {
    let name = ((path as NSString).lastPathComponent as NSString).deletingPathExtension
    return String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) ? $0 : "-" })
  }
}

/// Which values are better of metrics that the catalog does not know.
private struct MetricDirections {
  private(set) var directions: [String: Metric.Direction] = [:]

  init(_ assignment: ColumnAssignment, better: [String]) throws {
    let metrics = assignment.places(.metric).compactMap { assignment.assigned[$0]?.name }
    guard !metrics.isEmpty else {
      throw ExchangeError.request(
        "\(assignment.table.file) has no column that is known as a metric: name those of results by --metrics, such as "
          + "--metrics test_accuracy=acc")
    }
    let unknown = metrics.filter { ForeignMetricName.metric($0) == nil }
    var used: Set<String> = []
    for text in better {
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard let word = parts.last, let direction = Self.direction(word) else {
        throw ExchangeError.request(
          "--better takes higher, lower or neither, or METRIC=higher and the like, but \"\(text)\" was given")
      }
      let named = parts.count == 2 ? [parts[0]] : unknown
      for name in named {
        guard metrics.contains(name) else {
          throw ExchangeError.request(
            "--better names the metric \"\(name)\", which is not imported\(NearestName.hint(for: name, among: metrics))"
          )
        }
        if let metric = ForeignMetricName.metric(name) {
          throw ExchangeError.request(
            "of \(name), \(metric.direction.rawValue) values are better: --better cannot change it")
        }
        directions[name] = direction
        used.insert(text)
      }
      if !used.contains(text) {
        throw ExchangeError.request(
          "--better \(text) has no effect: it is known of all metrics which values are better")
      }
    }
    let missing = unknown.filter { directions[$0] == nil }
    guard missing.isEmpty else {
      throw ExchangeError.request(
        "labrun does not know which values of \(missing.joined(separator: ", ")) are better: say so by --better "
          + "\(missing[0])=higher, lower or neither")
    }
  }

  private static func direction(_ word: String) -> Metric.Direction? {
    word == "neither" ? .neutral : word == "neutral" ? nil : Metric.Direction(rawValue: word)
  }
}
