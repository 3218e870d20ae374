import Foundation
import LabCore
import LabStats

extension LesionComparison {
  /// The tables and what is to be said of them.
  ///
  /// - Parameters:
  ///   - title: what was lesioned, and on which images it was evaluated.
  ///   - notes: what else is to be said, a sentence each.
  ///   - metadata: what programs may want to know beside.
  public func document(
    title: String, notes: [String] = [], metadata: [String: JSONValue] = [:]
  ) -> ReportDocument {
    var members = metadata
    members["images"] = .integer(labels.count)
    members["models"] = .integer(modelCount)
    members["lesions"] = .integer(effects.count)
    members["confidence"] = .number(level)
    members["correction"] = isPerComparison ? .null : "bonferroni-holm"
    return ReportDocument(
      kind: "lesions", title: title,
      sections: [
        .init(paragraphs: paragraphs + notes), .init(table: table), .init(table: classTable),
      ], metadata: members)
  }

  /// What takes the places of attentions, a sentence each.
  ///
  /// - Parameters:
  ///   - subjects: what is replaced.
  ///   - sampleCount: the number of training images that attentions are sampled from.
  public static func notes(on subjects: [Subject], sampleCount: Int) -> [String] {
    let replacements = Set(subjects.flatMap { $0.replacement.components(separatedBy: ", ") })
    let count = NumberText.grouped(sampleCount)
    var notes: [String] = []
    if replacements.contains("mean") {
      notes.append("Means of attentions are over \(count) training images, evenly spaced, of the model as it is.")
    }
    if replacements.contains("random") {
      notes.append(
        "At random, an image has the attention of one of \(count) training images, of the model as it is: the same one "
          + "for all parts, and each equally often.")
    }
    if replacements.contains("one") {
      notes.append("By one, weights are 1, or equal shares where they sum to 1.")
    }
    return notes
  }

  // MARK: What is said

  /// What chance differences are set against, and for how many at once.
  var paragraphs: [String] { [chance, multiplicity] + stillness }

  private var count: String { effects.count == 1 ? "1 lesion is" : "\(effects.count) lesions are" }

  private var chance: String {
    let images = NumberText.grouped(labels.count)
    guard modelCount > 1 else {
      return "\(count) compared with the model as it is, on the same \(images) images. The chance is that of the "
        + "images: the same network, trained with another seed, may need other parts."
    }
    let beginning =
      "\(count) compared with the \(modelCount) models as they are, seed by seed, on the same \(images) images. "
    guard modelCount >= Self.fewestModels else {
      return beginning
        + "\(modelCount) models are too few for intervals of the mean; one alone has intervals over images. "
        + "P-values are over images, with these networks."
    }
    return beginning + "Intervals are over seeds and images"
      + (effects.count > 1 ? ", where the spread over seeds is moderated by all lesions" : "")
      + "; p-values are over images, with these networks."
  }

  private var multiplicity: String {
    let shown = NumberText.percentage(level)
    guard modelCount == 1 || modelCount >= Self.fewestModels || hasClasses else {
      return isPerComparison || effects.count == 1
        ? "p is McNemar's mid-p value, for each lesion by itself."
        : "p is McNemar's mid-p value by Holm's correction for \(effects.count)."
    }
    guard effects.count > 1 || hasClasses else {
      return "Intervals have a level of \(shown), and p is McNemar's mid-p value."
    }
    guard !isPerComparison else {
      let chance = NumberText.significant(1 / (1 - level), digits: 2)
      return "Intervals of \(shown) and McNemar's mid-p values hold each by itself: there is no correction for "
        + "\(effects.count) lesions, and where there is nothing, one in \(chance) intervals finds something."
    }
    return "Intervals of \(shown) hold for all \(effects.count) at once, in each metric (Bonferroni), and p is "
      + "McNemar's mid-p value by Holm's correction for \(effects.count)."
      + (hasClasses ? " Those of classes are corrected for the number of classes as well." : "")
  }

  /// An interval without width claims too much.
  private var stillness: [String] {
    effects.contains { $0.accuracy.interval?.halfWidth == 0 }
      ? [
        "Where as many images were gained as lost with every seed, or none, the interval of the accuracy has no width, "
          + "though others may change."
      ] : []
  }

  private var hasClasses: Bool { effects.contains { !$0.classes.isEmpty } }

  // MARK: The tables

  private static let subjectColumns: [ReportTable.Column] = [
    .init("part", fields: ["part"], wraps: true), .init("layer", fields: ["layer"], wraps: true),
    .init("replaced by", fields: ["replacement"]),
  ]

  private static func cells(_ subject: Subject) -> [ReportTable.Cell] {
    [.string(subject.part), .string(subject.layer), .string(subject.replacement)]
  }

  /// A row for the models as they are, and one a lesion.
  var table: ReportTable {
    let metrics = ["test_accuracy", "test_macro_f1"].map { name in
      MetricText(MetricDescription(named: name), values: effects.map(\.accuracy.lesioned))
    }
    func columns(_ metric: MetricDescription, _ name: String, priority: Int = 0) -> [ReportTable.Column] {
      [
        .init(metric.titleWithUnit, fields: [name], alignment: .right, priority: priority),
        .init(
          "Δ \(metric.titleWithUnit)", fields: ["\(name)_difference", "\(name)_lower", "\(name)_upper"],
          alignment: .right,
          legend: "difference to the model as it is, with its interval"),
      ]
    }
    func value(_ number: Double, _ text: MetricText) -> ReportTable.Cell {
      .init(text.value(number), values: [.number(number)])
    }
    let hasMacroF1 = effects.contains { $0.macroF1 != nil }
    let intact = ReportTable.Row(
      [.string("none"), .missing(), .missing(), value(accuracy, metrics[0]), .missing(fieldCount: 3)]
        + (hasMacroF1 ? [value(macroF1, metrics[1]), .missing(fieldCount: 3)] : [])
        + [.missing(), .missing(), .missing()])
    return ReportTable(
      kind: "lesions", title: "Lesions",
      columns: Self.subjectColumns + columns(metrics[0].metric, "accuracy")
        + (hasMacroF1 ? columns(metrics[1].metric, "macro_f1", priority: 3) : [])
        + [
          .init(
            "lost", fields: ["lost"], alignment: .right, priority: 1,
            legend: "images that are right without the lesion only, and with it only"
              + (modelCount > 1 ? ", over all models" : "")),
          .init(
            "gained", fields: ["gained"], alignment: .right, priority: 1,
            legend: "images that are right without the lesion only, and with it only"
              + (modelCount > 1 ? ", over all models" : "")),
          .init("p", fields: ["mcnemar_p"], alignment: .right, priority: 2, legend: "McNemar's mid-p value"),
        ],
      rows: [intact]
        + effects.map { effect in
          ReportTable.Row(
            Self.cells(effect.subject) + [value(effect.accuracy.lesioned, metrics[0])]
              + [cell(effect.accuracy, metrics[0])]
              + (effect.macroF1.map { [value($0.lesioned, metrics[1]), cell($0, metrics[1])] } ?? [])
              + [
                .init(NumberText.grouped(effect.lost), values: [.integer(effect.lost)]),
                .init(NumberText.grouped(effect.gained), values: [.integer(effect.gained)]),
                Self.cell(effect.accuracy.pValue),
              ])
        })
  }

  private func cell(_ change: Change, _ text: MetricText) -> ReportTable.Cell {
    .init(
      text.difference(change.difference, change.interval),
      values: [
        .number(change.difference), MetricText.number(change.interval?.lower),
        MetricText.number(change.interval?.upper),
      ],
      role: change.interval.flatMap { $0.upper < 0 ? .worse : $0.lower > 0 ? .better : nil })
  }

  private static func cell(_ pValue: Double?) -> ReportTable.Cell {
    pValue.map { .init(NumberText.probability($0), values: [.number($0)]) } ?? .missing()
  }

  /// A row for each class of each lesion; nil unless classes are compared.
  private var classTable: ReportTable? {
    guard hasClasses else { return nil }
    let text = MetricText(MetricDescription(named: "test_accuracy"), values: [])
    var supports = [Int](repeating: 0, count: classNames.count)
    for label in labels { supports[Int(label)] += 1 }
    let absent = classNames.indices.filter { supports[$0] == 0 }.map { classNames[$0] }
    return ReportTable(
      kind: "lesion-classes", title: "Recall by class",
      columns: Self.subjectColumns + [
        .init("class", fields: ["class"], wraps: true),
        .init("images", fields: ["support"], alignment: .right, priority: 1),
        .init(
          "recall %", fields: ["recall"], alignment: .right,
          legend: "share of the class's images that are right with the lesion"),
        .init(
          "Δ recall %", fields: ["recall_difference", "recall_lower", "recall_upper"], alignment: .right,
          legend: "difference to the model as it is, with its interval"),
        .init("p", fields: ["p"], alignment: .right, priority: 2),
      ],
      rows: effects.flatMap { effect in
        effect.classes.enumerated().compactMap { index, change in
          change.map { change in
            ReportTable.Row(
              Self.cells(effect.subject) + [
                .string(classNames[index]),
                .init(NumberText.grouped(supports[index]), values: [.integer(supports[index])]),
                .init(text.value(change.lesioned), values: [.number(change.lesioned)]), cell(change, text),
                Self.cell(change.pValue),
              ])
          }
        }
      }, notes: absent.isEmpty ? [] : ["Without images, and so without a row: \(absent.joined(separator: ", "))."])
  }
}
