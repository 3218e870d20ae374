import Foundation
import LabCore
import LabRecords
import LabStats

/// One run in full: results, curves, metrics by class, confusions, configuration and provenance.
public struct RunReport: Sendable {
  /// What the report shows.
  public struct Options: Sendable, Hashable {
    /// The width of the terminal in cells.
    public var width: Int
    /// Whether the text is coloured.
    public var style: Style
    /// Whether every epoch has a row of numbers instead of every metric a curve.
    public var showsEpochs: Bool
    /// The number of pairs of classes that are listed where the confusion matrix is too large to show.
    public var confusedPairCount: Int

    /// Creates options.
    public init(width: Int = 120, style: Style = .plain, showsEpochs: Bool = false, confusedPairCount: Int = 15) {
      self.width = width
      self.style = style
      self.showsEpochs = showsEpochs
      self.confusedPairCount = confusedPairCount
    }
  }

  /// The run.
  public let details: RunDetails

  /// Creates a report.
  public init(_ details: RunDetails) { self.details = details }

  /// The report for a terminal; no line is longer than the width.
  public func text(options: Options = .init()) -> String {
    let style = options.style
    func heading(_ text: String) -> [String] { text.wrapped(to: options.width).map { style.apply(.heading, to: $0) } }
    func block(_ table: ReportTable) -> [String] {
      let rendering = TableRenderingOptions(width: options.width, style: style, showsLegend: false)
      return [String(TextTableFormat().render(table, options: rendering).dropLast())]
    }
    let header = headerLines
    var blocks = [heading(header[0]) + header.dropFirst().flatMap { $0.wrapped(to: options.width) }]
    blocks += tables(options).map(block)
    if let matrix {
      if let lines = matrix.lines(width: options.width, style: style) {
        blocks.append(heading(ConfusionView.title) + lines)
      } else {
        blocks.append(block(matrix.pairTable(limit: options.confusedPairCount)))
      }
    }
    for (title, facts) in factLists where !facts.isEmpty {
      blocks.append(heading(title) + factLines(facts, options))
    }
    return blocks.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
  }

  /// The report as GitHub-flavoured Markdown.
  public func markdown(options: Options = .init()) -> String {
    let header = headerLines.map(MarkdownTableFormat.escaped)
    var blocks = ["## " + header[0] + "\n\n" + header.dropFirst().joined(separator: "  \n") + "\n"]
    var tables = tables(options)
    if let matrix {
      tables.append(matrix.isCompact ? matrix.table : matrix.pairTable(limit: options.confusedPairCount))
    }
    tables += factLists.filter { !$0.facts.isEmpty }.map { title, facts in
      ReportTable(
        kind: "facts", title: title, columns: [.init("key", fields: ["key"]), .init("value", fields: ["value"])],
        rows: facts.map { .init([.string($0.name), .string($0.value)]) })
    }
    blocks += tables.map { MarkdownTableFormat().render($0, options: .init(showsLegend: false)) }
    return blocks.joined(separator: "\n")
  }

  /// The run as a JSON value in full precision.
  public var json: JSONValue {
    let classes = details.confusion.map { confusion in
      confusion.classMetrics.enumerated().map { index, metrics in
        JSONValue.object([
          "class": .string(details.className(index)), "precision": .number(metrics.precision),
          "recall": .number(metrics.recall), "f1": .number(metrics.f1), "support": .integer(metrics.support),
        ])
      }
    }
    let matrix = details.confusion.map { confusion in
      JSONValue.array(
        (0..<confusion.classCount).map { label in
          .array((0..<confusion.classCount).map { .integer(confusion[label: label, prediction: $0]) })
        })
    }
    return .object([
      "run": .string(details.run.identity.description), "variant": .string(details.variant),
      "seed": JSONValue(seed: details.run.seed), "sweeps": .array(details.sweeps.map(JSONValue.string)),
      "state": .string(details.run.state.rawValue), "reason": details.run.reason.map(JSONValue.string) ?? .null,
      "planned_epochs": .integer(details.run.plannedEpochs), "progress": details.run.progressJSON,
      "configuration": details.run.configuration,
      "metrics": details.metrics.json,
      "best_epoch": details.bestEpoch.map(JSONValue.integer) ?? .null,
      "evaluated_epoch": details.evaluatedEpoch.map(JSONValue.integer) ?? .null,
      "health": .array(
        (details.final?.health ?? []).map {
          .object([
            "kind": .string($0.kind), "message": .string($0.message), "value": $0.value.map(JSONValue.number) ?? .null,
          ])
        }),
      "epochs": .array(
        details.epochs.map { .object(["epoch": .integer($0.number), "metrics": $0.metrics.json]) }),
      "classes": classes.map(JSONValue.array) ?? .null, "confusion_matrix": matrix ?? .null,
      "provenance": .object(
        Dictionary(details.provenance.map { ($0.name, .string($0.value)) }, uniquingKeysWith: { _, last in last })),
      "choices": .object(details.choices),
      "log": .array(details.log.map { .object(["at": .string($0.name), "message": .string($0.value)]) }),
    ])
  }

}

extension RunReport {
  var headerLines: [String] {
    let progress = "\(details.epochs.count) of \(details.run.plannedEpochs) epochs"
    let state = [details.run.state.rawValue, progress, details.run.reason].compactMap { $0?.singleLine }
    let sweeps = details.sweeps.isEmpty ? [] : ["in " + details.sweeps.map(\.singleLine).joined(separator: ", ")]
    return ["run \(details.run.identity.short) · \(details.variant.singleLine) · seed \(details.run.seed)"]
      + [(state + sweeps).joined(separator: " · ")]
      + (details.run.progress == nil ? [] : ["now: " + details.run.progressParts(at: Date()).joined(separator: " · ")])
  }

  var matrix: ConfusionView? {
    details.confusion.map { confusion in
      ConfusionView(confusion, classNames: (0..<confusion.classCount).map(details.className))
    }
  }

  private func tables(_ options: Options) -> [ReportTable] {
    var tables = [ReportTable]()
    if !details.metrics.isEmpty { tables.append(resultTable) }
    if !details.epochs.isEmpty { tables.append(options.showsEpochs ? epochTable : curveTable(options)) }
    if let confusion = details.confusion { tables.append(classTable(confusion)) }
    return tables
  }

  var factLists: [(title: String, facts: [RunDetails.Fact])] {
    [
      (
        "Health",
        (details.final?.health ?? []).map { RunDetails.Fact(HealthChecks.check($0.kind)?.title ?? $0.kind, $0.message) }
      ),
      ("Weights", weightFacts),
      ("Configuration", RunReport.flattened(details.run.configuration).map { RunDetails.Fact($0, $1) }),
      ("Provenance", details.provenance),
      ("Log", details.log),
    ]
  }

  /// Which epoch's weights the results are those of, and which epoch was the best.
  private var weightFacts: [RunDetails.Fact] {
    [
      details.evaluatedEpoch.map { RunDetails.Fact("evaluated", "those after epoch \($0)") },
      details.bestEpoch.map { RunDetails.Fact("best validation accuracy", "after epoch \($0)") },
    ].compactMap(\.self)
  }

  private func factLines(_ facts: [RunDetails.Fact], _ options: Options) -> [String] {
    let indent = min(facts.map(\.name.displayWidth).max() ?? 0, options.width / 2) + 4
    return facts.flatMap { fact -> [String] in
      let name = "  " + fact.name.singleLine
      let value = fact.value.singleLine.wrapped(to: max(2, options.width - indent))
      // A name that is too long for its column has a line of its own.
      let first =
        name.displayWidth <= indent - 2 ? [name.padded(to: indent) + value[0]] : name.wrapped(to: options.width)
      let rest = name.displayWidth <= indent - 2 ? value[1...] : value[...]
      return first + rest.map { String(repeating: " ", count: indent) + $0 }
    }
  }

  /// The leaves of a configuration by their dotted path, in the order of their names.
  static func flattened(_ value: JSONValue, path: String = "") -> [(path: String, text: String)] {
    switch value {
    case .object(let members) where !members.isEmpty:
      return members.sorted { $0.key < $1.key }
        .flatMap { flattened($1, path: path.isEmpty ? $0 : path + "." + $0) }
    case .object where path.isEmpty: return []
    case .string(let text): return [(path, text)]
    case .array: return [(path, value.prettyText().split(whereSeparator: \.isWhitespace).joined(separator: " "))]
    default: return [(path, value.canonicalText)]
    }
  }
}
