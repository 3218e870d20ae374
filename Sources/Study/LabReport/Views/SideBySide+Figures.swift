import LabCore
import LabRecords
import LabStats

extension SideBySide {
  /// The course of a metric over the epochs, a line a member.
  struct Courses {
    var name: MetricName
    /// The mean of each member's runs at each epoch; empty for a member without any.
    var members: [FigureData.Curves.Course]

    var json: JSONValue {
      [
        "metric": .string(name.key),
        "members": .array(
          members.map { course in
            [
              "epochs": .array(course.points.map { .integer($0.epoch) }),
              "means": .array(course.points.map { .init(finite: $0.value) }),
              "lower": .array(course.points.map { .init(finite: $0.band?.lower) }),
              "upper": .array(course.points.map { .init(finite: $0.band?.upper) }),
            ]
          }),
      ]
    }
  }

  /// The courses of all metrics of epochs but those of the machine, in their own unit.
  var courses: [Courses] {
    let known = members.reduce(into: Set<MetricName>()) { names, member in
      for run in member.runs {
        for epoch in records.epochs[run.identity] ?? [] { names.formUnion(epoch.metrics.names) }
      }
    }
    let order = ["accuracy", "loss", "macro_f1"]
    func rank(_ name: MetricName) -> Int { order.firstIndex(of: name.base) ?? order.count }
    return known.filter { !RunReport.machineMetrics.contains($0.base) }
      .sorted { (rank($0), $0.key) < (rank($1), $1.key) }
      .map { name in Courses(name: name, members: zip(members, labels).map { course(name, $0, $1) }) }
  }

  /// The mean over a member's runs at each epoch, with the standard deviation on either side.
  private func course(_ name: MetricName, _ member: Member, _ label: String) -> FigureData.Curves.Course {
    // Runs of a variant that were not trained to their end would bend its mean.
    let runs = member.isRun ? member.runs : member.completed
    var values: [Int: [Double]] = [:]
    for run in runs {
      for epoch in records.epochs[run.identity] ?? [] {
        if let value = epoch.metrics[name], value.isFinite { values[epoch.epoch + 1, default: []].append(value) }
      }
    }
    return .init(
      label,
      values.sorted { $0.key < $1.key }.compactMap { epoch, values in
        SampleSummary(values).map { summary in
          .init(
            epoch, summary.mean,
            band: summary.standardDeviation.map { .init(summary.mean - $0, summary.mean + $0) })
        }
      })
  }

  /// A figure for each metric of epochs with at least two epochs.
  var courseBlocks: [ReportPage.Block] {
    if records.epochs.isEmpty, let problem = records.problems.first { return [.paragraph(problem)] }
    return courses.compactMap { courses in
      // Where all have the same course, as mostly of the learning rate, there is nothing to see.
      guard courses.members.contains(where: { $0.points.count > 1 }), Set(courses.members.map(\.points)).count > 1
      else {
        return nil
      }
      let metric = metric(courses.name)
      let scale = metric.unit == .percent ? 100.0 : 1
      var curves = FigureData.Curves(
        means: courses.members.map { course in
          .init(
            course.label,
            course.points.map { point in
              .init(
                point.epoch, point.value * scale,
                band: point.band.map { .init($0.lower * scale, $0.upper * scale) })
            })
        })
      curves.isOfOneRun = members.allSatisfy(\.isRun)
      var data = figureData(
        .init(
          metric.proseTitle, unit: metric.unit == .percent ? "%" : "",
          decimals: metric.decimals(for: courses.members.flatMap { $0.points.map(\.value) }),
          higherIsBetter: metric.direction != .lowerIsBetter))
      data.curves = curves
      return .figure(CurveFigure(data: data))
    }
  }

  private func figureData(_ metric: FigureData.Metric) -> FigureData {
    FigureData(name: sweep?.name.singleLine ?? "runs", metric: metric, baseline: first)
  }

  // MARK: Classes

  /// The final records of a member's runs that have the same classes as those of the first record of all.
  private var confusionMatrices: (classes: [String], members: [[ConfusionMatrix]])? {
    let finals = members.map { member in member.completed.compactMap { records.finals[$0.identity] } }
    guard let names = finals.lazy.joined().first(where: { $0.confusion != nil })?.classNames, !names.isEmpty else {
      return nil
    }
    let matrices = finals.map { finals in
      finals.filter { $0.classNames == names }.compactMap(\.confusion).filter { $0.classCount == names.count }
    }
    return (names, matrices)
  }

  /// The recall and F1 of each class, a column a member; nil where none is on record.
  var classes: (names: [String], table: ReportTable)? {
    guard let (names, matrices) = confusionMatrices else { return nil }
    let metrics = matrices.map { $0.map(\.classMetrics) }
    let supports = matrices.lazy.compactMap(\.first).first?.classMetrics.map(\.support) ?? []
    let measures: [(title: String, field: String, value: @Sendable (ClassMetrics) -> Double)] = [
      ("recall %", "recall", { $0.recall }), ("F1 %", "f1", { $0.f1 }),
    ]
    let columns = measures.flatMap { measure in
      labels.enumerated().map { index, label in
        ReportTable.Column(
          label, fields: ["\(measure.field)_\(index + 1)"], alignment: .right, group: measure.title)
      }
    }
    let differences = labels.enumerated().dropFirst().map { index, label in
      ReportTable.Column(
        label, fields: ["recall_difference_\(index + 1)"], alignment: .right, group: "recall less that of \(first)")
    }
    let rows = names.indices.map { index -> ReportTable.Row in
      func mean(_ member: Int, _ value: (ClassMetrics) -> Double) -> Double? {
        SampleSummary(metrics[member].map { value($0[index]) })?.mean
      }
      func cell(_ value: Double?, signed: Bool = false) -> ReportTable.Cell {
        value.map { .init(NumberText.fixed($0 * 100, decimals: 1, signed: signed), values: [.number($0)]) }
          ?? .missing()
      }
      let reference = mean(0) { $0.recall }
      let cells = measures.flatMap { measure in members.indices.map { cell(mean($0, measure.value)) } }
      let changes = members.indices.dropFirst().map { member in
        cell(mean(member) { $0.recall }.flatMap { own in reference.map { own - $0 } }, signed: true)
      }
      return .init(
        [
          .string(names[index]),
          .init(NumberText.grouped(supports[index]), values: [.integer(supports[index])]),
        ] + cells + changes)
    }
    let left = zip(labels, matrices).filter(\.1.isEmpty).map(\.0)
    let notes =
      left.isEmpty ? [] : ["No run of the same classes is on record of \(FairnessAudit.listed(left, limit: 6))."]
    return (
      names,
      ReportTable(
        kind: "classes", title: "Classes",
        columns: [
          .init("class", fields: ["class"], wraps: true),
          .init("images", fields: ["support"], alignment: .right, legend: "test images of the class"),
        ] + columns + differences, rows: rows,
        notes: ["Means over the runs; labrun report says which differences are beyond chance."] + notes)
    )
  }

  /// How often each class was predicted, as the mean over each member's runs; nil where no run has it on record.
  var confusions: (classes: [String], counts: [[[Double]]?])? {
    guard let (names, matrices) = confusionMatrices else { return nil }
    let counts = matrices.map { matrices -> [[Double]]? in
      matrices.isEmpty
        ? nil
        : names.indices.map { label in
          names.indices.map { prediction in
            Double(matrices.reduce(0) { $0 + $1[label: label, prediction: prediction] }) / Double(matrices.count)
          }
        }
    }
    return (names, counts)
  }

  /// The difference of each member's confusions to the first one's.
  var confusionBlocks: [ReportPage.Block] {
    guard let confusions, let reference = confusions.counts[0] else { return [] }
    guard confusions.classes.count <= SideBySide.classLimit else {
      return [
        .paragraph(
          "Confusions of more than \(SideBySide.classLimit) classes are not drawn: labrun plot confusion draws those of a "
            + "variant.")
      ]
    }
    return members.indices.dropFirst().compactMap { index in
      confusions.counts[index].map { counts in
        var data = figureData(.init("images"))
        data.confusion = .init(
          classes: confusions.classes.map(\.singleLine), label: labels[index], counts: counts, otherLabel: first,
          otherCounts: reference)
        return .figure(ConfusionFigure(data: data))
      }
    }
  }
}
