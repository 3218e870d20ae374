import LabCore
import LabRecords
import LabStats

/// A few variants of a sweep, or runs, side by side: what they are, what differs in their configurations, what comes of it.
///
/// The first one is what the others are compared with. Differences of two variants are those of `labrun table` with the
/// first one as the baseline; a single run tells nothing of chance, and its differences have no interval.
package struct SideBySide: Sendable {
  /// A variant with all its runs, or a run.
  package struct Member: Sendable {
    /// The label of the variant, or of the run's variant.
    package var variant: String
    /// Its runs: those of the variant, or the one.
    package var runs: [Run]
    /// Whether it is a single run.
    package var isRun: Bool

    /// Creates a member.
    package init(variant: String, runs: [Run], isRun: Bool) {
      self.variant = variant
      self.runs = runs
      self.isRun = isRun
    }

    /// What it is called beside the others.
    package var label: String {
      isRun ? "\(variant.singleLine), seed \(runs.first?.seed ?? 0)" : variant.singleLine
    }

    /// The runs that have a result.
    var completed: [Run] { runs.filter { $0.state == .completed } }
  }

  /// The fewest and the most members.
  package static let counts = 2...6
  /// The most epochs that courses are read of.
  package static let epochLimit = 100_000
  /// The most classes of which confusions are drawn.
  static let classLimit = 60

  /// The sweep that the variants are of; nil where runs are of none.
  let sweep: Sweep?
  /// What is compared, first what the others are compared with.
  package let members: [Member]
  /// The epochs and the final records of their runs.
  let records: SweepRecords
  /// The names of the members, each another one.
  let labels: [String]

  /// Puts members side by side.
  ///
  /// - Parameters:
  ///   - members: as many as ``counts`` says.
  ///   - sweep: the sweep that variants are of.
  ///   - records: the epochs and final records of their runs; what is missing is not shown.
  package init(_ members: [Member], of sweep: Sweep?, records: SweepRecords) {
    self.members = members
    self.sweep = sweep
    self.records = records
    let labels = members.map(\.label)
    // Runs of two sweeps may have one name.
    self.labels = zip(members, labels).map { member, label in
      labels.count { $0 == label } > 1 ? "\(label), run \(member.runs.first?.identity.short ?? "")" : label
    }
  }

  /// The name of what others are compared with.
  var first: String { labels.first ?? "" }

  /// A metric as the sweep describes it.
  func metric(_ name: MetricName) -> MetricDescription {
    sweep?.metric(named: name.key) ?? MetricDescription(named: name.key)
  }

  // MARK: The page

  /// The sections of a page.
  package var sections: [ReportPage.Section] {
    [
      ReportPage.Section("compared", title: "What is compared", [.table(memberTable)]),
      .init("configuration", title: "What differs in the configuration", configurationBlocks),
      .init("results", title: "Results", results.map { [.table($0)] } ?? [.paragraph("There is no result yet.")]),
      .init("courses", title: "Courses", courseBlocks),
      .init("classes", title: "Classes", classes.map { [.table($0.table)] } ?? []),
      .init("confusions", title: "Differences in what is taken for what", confusionBlocks),
    ].filter { !$0.blocks.isEmpty }
  }

  /// What is compared, a row a member.
  package var memberTable: ReportTable {
    ReportTable(
      kind: "compared", title: "Variants and runs",
      columns: [
        .init("compared", fields: ["label", "variant", "is_run"], wraps: true), .init("runs", fields: ["runs"]),
        .init("seeds", fields: ["seeds"]), .init("completed", fields: ["completed"], alignment: .right),
        .init("epochs", fields: ["epochs"], alignment: .right),
      ],
      rows: zip(members, labels).map { member, label in
        let epochs = member.runs.map(\.plannedEpochs)
        return .init([
          .init(label, values: [.string(label), .string(member.variant), .boolean(member.isRun)]),
          .init(
            member.isRun ? member.runs[0].identity.short : "\(member.runs.count)",
            values: [.array(member.runs.map { .string($0.identity.description) })]),
          .init(
            NumberText.ranges(member.runs.map(\.seed)), values: [.array(member.runs.map { JSONValue(seed: $0.seed) })]),
          .init("\(member.completed.count)/\(member.runs.count)", values: [.integer(member.completed.count)]),
          .init("\(epochs.max() ?? 0)", values: [.integer(epochs.max() ?? 0)]),
        ])
      })
  }

  // MARK: The configuration

  /// The settings that are not the same everywhere, a row each; a missing one has no value.
  var configuration: (table: ReportTable, sameCount: Int) {
    let settings = members.map { member in
      Dictionary(
        RunReport.flattened(member.runs.first?.configuration ?? [:]).map { ($0.path, $0.text) },
        uniquingKeysWith: { first, _ in first })
    }
    let paths = Set(settings.flatMap(\.keys)).sorted()
    let differing = paths.filter { path in Set(settings.map { $0[path] }).count > 1 }
    let table = ReportTable(
      kind: "configuration", title: "Settings",
      columns: [.init("setting", fields: ["setting"], wraps: true)]
        + labels.enumerated().map { .init($1, fields: ["value_\($0 + 1)"], wraps: true) },
      rows: differing.map { path in
        .init([.string(path)] + settings.map { $0[path].map { .string($0) } ?? .missing() })
      })
    return (table, paths.count - differing.count)
  }

  private var configurationBlocks: [ReportPage.Block] {
    let (table, sameCount) = configuration
    let same = "\(sameCount) \(sameCount == 1 ? "setting is" : "settings are") the same"
    guard !table.rows.isEmpty else { return [.paragraph("Nothing differs: \(same).")] }
    return [.table(table), .paragraph("\(same.prefix(1).uppercased() + same.dropFirst()) everywhere.")]
  }

  // MARK: For programs

  /// All of it as JSON, with tables as commands print them.
  package var json: JSONValue {
    var object: [String: JSONValue] = [
      "members": memberTable.json["rows"] ?? [], "configuration": configuration.table.json,
      "courses": .array(courses.map { $0.json }),
    ]
    object["sweep"] = (sweep?.name).map(JSONValue.string) ?? .null
    object["results"] = results?.json ?? .null
    object["classes"] = classes?.table.json ?? .null
    object["confusions"] =
      confusions.map { confusions in
        .object([
          "classes": .array(confusions.classes.map(JSONValue.string)),
          "counts": .array(
            confusions.counts.map { counts in
              counts.map { .array($0.map { .array($0.map(JSONValue.number)) }) } ?? .null
            }),
        ])
      } ?? .null
    return .object(object)
  }
}
