import LabCore
import LabData
import LabReport

/// An inspection as people and programs read it.
package struct InspectionView {
  private let inspection: DatasetInspection
  private let listed: Int

  package init(_ inspection: DatasetInspection, listed: Int) {
    self.inspection = inspection
    self.listed = listed
  }

  private var catalog: SampleCatalog { inspection.catalog }

  /// The images of each class.
  package var bars: BarChart {
    let splits = SplitName.allCases.filter { inspection.classCounts[$0] != nil }
    let counts = splits.map { inspection.classCounts[$0] ?? [] }
    return BarChart(
      title: "Images of each class", parts: splits.map(\.rawValue),
      bars: catalog.classNames.enumerated().map { index, name in .init(name, values: counts.map { $0[index] }) })
  }

  /// The images of each size.
  package var scatter: ScatterChart {
    ScatterChart(
      title: "Sizes", xLabel: "width", yLabel: "height",
      points: inspection.sizes.map { .init(x: $0.width, y: $0.height, count: $0.count) })
  }

  /// Both as a picture.
  package var figure: some Figure { CountFigure(bars: bars, scatter: scatter) }

  /// Both as a picture for a page: nothing is drawn of sizes where there is but one, nor bars of more classes than have room.
  package var pageFigure: (any Figure)? {
    let isDrawn = catalog.classNames.count <= InspectionView.barLimit
    guard isDrawn || inspection.sizes.count > 1 else { return nil }
    return CountFigure(bars: isDrawn ? bars : nil, scatter: inspection.sizes.count > 1 ? scatter : nil)
  }

  /// The most classes of which a page draws bars.
  private static let barLimit = 200

  package func text(width: Int, style: Style) -> String {
    var blocks = [header(style), findings(style), bars.text(width: width, style: style)].filter { !$0.isEmpty }
    if inspection.sizes.count > 1 { blocks.append(scatter.text(width: width, style: style)) }
    let lines = facts.map { $0.name.padded(to: 12) + $0.value + "\n" }
    blocks += [lines.prefix(3), lines.dropFirst(3)].filter { !$0.isEmpty }.map { $0.joined() }
    blocks.append(duplicates(style))
    let names = catalog.samples.map(\.name)
    blocks.append(
      listing("Damaged files", inspection.unreadable.map(\.problem), none: "no damaged files", style))
    blocks.append(
      listing(
        "Suspicious sizes", inspection.suspicions.map { "\(names[$0.sample]): \($0.reason)" },
        none: "no suspicious sizes", style))
    return blocks.joined(separator: "\n")
  }

  /// What is odd, each with its remedy below it.
  private func findings(_ style: Style) -> String {
    let findings = inspection.findings
    guard !findings.isEmpty else { return "" }
    let lines = findings.flatMap { finding in
      ["  \(finding.severity.rawValue): \(finding.message)"] + (finding.remedy.map { ["    \($0)"] } ?? [])
    }
    return ([style.apply(.warning, to: "Findings (\(findings.count))")] + lines).joined(separator: "\n") + "\n"
  }

  private func count(_ split: SplitName) -> Int { inspection.classCounts[split]?.reduce(0, +) ?? 0 }

  /// How many images there are of which kind, in one line.
  package var extent: String {
    let groups = inspection.groupCount.map { ", in \(NumberText.grouped($0)) groups" } ?? ""
    let validation =
      inspection.classCounts[.validation] == nil ? "" : "\(NumberText.grouped(count(.validation))) validation images, "
    return "\(NumberText.grouped(count(.train))) training images\(groups), \(validation)"
      + "\(NumberText.grouped(count(.test))) test images, \(catalog.classNames.count) classes"
  }

  /// The folder, file or generator that the images are from.
  package var origin: String { catalog.origin.printable }

  /// What became of every file; nil where the data do not come as image files.
  package var account: String? { inspection.account.map { "\($0)".printable } }

  private func header(_ style: Style) -> String {
    style.apply(.heading, to: "\(catalog.dataset): \(catalog.origin)".printable) + "\n" + extent + "\n"
      + (account.map { $0 + "\n" } ?? "")
  }

  /// Sizes and statistics of the pixels, each with its name.
  package var facts: [(name: String, value: String)] {
    guard !inspection.sizes.isEmpty else { return [] }
    func range(_ side: KeyPath<DatasetInspection.Size, Int>) -> String {
      let values = inspection.sizes.flatMap { Array(repeating: $0[keyPath: side], count: $0.count) }.sorted()
      return "\(values[0]) to \(values[values.count - 1]), median \(values[values.count / 2])"
    }
    let first = inspection.sizes[0]
    let sizes = "\(inspection.sizes.count) different, most often \(first.width)×\(first.height) "
    var facts = [
      ("sizes", sizes + "(\(NumberText.grouped(first.count)))"), ("width", range(\.width)), ("height", range(\.height)),
    ]
    guard let statistics = inspection.statistics else { return facts }
    func list(_ values: [Double]) -> String {
      values.map { NumberText.fixed($0, decimals: 4) }.joined(separator: ", ")
    }
    facts += [("mean", list(statistics.mean)), ("deviation", list(statistics.standardDeviation))]
    return facts
  }

  /// Images that are there several times, first those that are both training and test images, then those of several classes.
  var duplicatesByGravity: [DatasetInspection.Duplicates] {
    let found = inspection.duplicates
    return found.filter(\.crossesParts) + found.filter { $0.differsInClass && !$0.crossesParts }
      + found.filter { !$0.crossesParts && !$0.differsInClass }
  }

  /// How many images are there several times, in one line; nil where none is.
  package var duplicateSummary: String? {
    let found = inspection.duplicates
    guard !found.isEmpty else { return nil }
    let surplus = found.reduce(0) { $0 + $1.samples.count - 1 }
    return
      "\(NumberText.grouped(surplus)) images are exact duplicates of others; \(found.count(where: \.crossesParts)) "
      + "pictures are both among training and test images; \(found.count(where: \.differsInClass)) have different classes"
  }

  private func duplicates(_ style: Style) -> String {
    guard let summary = duplicateSummary else { return "no duplicates\n" }
    let lines = duplicatesByGravity.map { group in
      group.samples.prefix(5).map { catalog.samples[$0] }
        .map { "\($0.name) (\(catalog.classNames[$0.label]))" }.joined(separator: " = ")
        + (group.samples.count > 5 ? " = \(group.samples.count - 5) more" : "")
    }
    return listing("Duplicates", lines, none: "", style, subtitle: summary)
  }

  private func listing(
    _ title: String, _ lines: [String], none: String, _ style: Style, subtitle: String? = nil
  ) -> String {
    guard !lines.isEmpty else { return none + "\n" }
    let rest =
      lines.count > listed ? ["… and \(NumberText.grouped(lines.count - listed)) more (--list shows more)"] : []
    let head = style.apply(.warning, to: "\(title) (\(NumberText.grouped(lines.count)))")
    return ([head] + (subtitle.map { [$0] } ?? []) + lines.prefix(listed).map { "  " + $0.printable } + rest)
      .joined(separator: "\n") + "\n"
  }

  package var json: JSONValue {
    let names = catalog.samples.map(\.name)
    func strings(_ indices: [Int]) -> JSONValue { .array(indices.map { .string(names[$0]) }) }
    return [
      "dataset": .string(catalog.dataset), "origin": .string(catalog.origin),
      "classes": .array(
        catalog.classNames.enumerated().map { index, name in
          [
            "class": .string(name), "train": .integer(inspection.classCounts[.train]?[index] ?? 0),
            "validation": .integer(inspection.classCounts[.validation]?[index] ?? 0),
            "test": .integer(inspection.classCounts[.test]?[index] ?? 0),
          ]
        }),
      "findings": .array(
        inspection.findings.map {
          [
            "severity": .string($0.severity.rawValue), "key": .string($0.key.description),
            "message": .string($0.message),
            "remedy": $0.remedy.map(JSONValue.string) ?? .null,
          ]
        }),
      "files": inspection.account?.json ?? .null,
      "groups": inspection.groupCount.map(JSONValue.integer) ?? .null,
      "sizes": .array(
        inspection.sizes.map {
          ["width": .integer($0.width), "height": .integer($0.height), "count": .integer($0.count)]
        }),
      "mean": inspection.statistics.map { .array($0.mean.map(JSONValue.number)) } ?? .null,
      "standard_deviation": inspection.statistics.map { .array($0.standardDeviation.map(JSONValue.number)) } ?? .null,
      "duplicates": .array(
        inspection.duplicates.map {
          [
            "images": strings($0.samples), "crosses_parts": .boolean($0.crossesParts),
            "differs_in_class": .boolean($0.differsInClass),
          ]
        }),
      "unreadable": .array(
        inspection.unreadable.map { ["image": .string(names[$0.sample]), "problem": .string($0.problem)] }),
      "suspicious": .array(
        inspection.suspicions.map { ["image": .string(names[$0.sample]), "reason": .string($0.reason)] }),
    ]
  }
}
