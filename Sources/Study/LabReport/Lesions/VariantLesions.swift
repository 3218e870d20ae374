import LabRecords
import LabStats

/// The lesions of a variant's runs that can be compared over the same images.
struct VariantLesions: Sendable {
  /// The variant.
  let variant: Variant
  /// What the lesions are of, but for the weights.
  let setting: LesionPredictions.Setting
  /// What they change.
  let comparison: LesionComparison
  /// The runs that have them, and how many completed runs there are.
  let runCount: (lesioned: Int, completed: Int)
  /// The number of lesions that only some of the runs have, which are left out.
  let partialCount: Int

  /// All that is on record of a variant's lesions, a comparison for each setting.
  static func all(of variant: Variant, in records: SweepRecords, level: Double) -> [VariantLesions] {
    let completed = variant.runs.filter { $0.state == .completed }.sorted { $0.seed < $1.seed }
    let found = completed.flatMap { records.lesions[$0.identity] ?? [] }.filter { !$0.rows.isEmpty }
    var groups: [[LesionPredictions]] = []
    for lesions in found {
      let place = groups.firstIndex { group in
        group[0].setting.images == lesions.setting.images && group[0].labels == lesions.labels
          && group[0].classNames == lesions.classNames
      }
      if let place { groups[place].append(lesions) } else { groups.append([lesions]) }
    }
    return groups.compactMap { VariantLesions(variant, $0, of: completed.count, level: level) }
  }

  /// - Parameter group: a variant's runs in one setting; nil where they have no lesion in common.
  private init?(_ variant: Variant, _ group: [LesionPredictions], of completedCount: Int, level: Double) {
    let shared = group[0].rows.map(\.lesion).filter { lesion in
      group.allSatisfy { $0.classes(of: lesion.key) != nil }
    }
    let all = Set(group.flatMap { $0.rows.map(\.lesion.key) })
    guard !shared.isEmpty, !group[0].labels.isEmpty else { return nil }
    self.variant = variant
    setting = group[0].setting.images
    runCount = (group.count, completedCount)
    partialCount = all.count - shared.count
    comparison = LesionComparison(
      shared.map { lesion in
        (
          .init(part: lesion.part, layer: lesion.layer, replacement: lesion.replacement),
          group.map { $0.classes(of: lesion.key) ?? [] }
        )
      }, intact: group.map(\.intact), labels: group[0].labels, classNames: group[0].classNames, level: level,
      comparesMacroF1: false)
  }

  /// What is compared, and what is not, a sentence each.
  var notes: [String] {
    var notes: [String] = []
    if runCount.lesioned < runCount.completed {
      notes.append(
        "\(runCount.lesioned) of \(runCount.completed) completed runs \(runCount.lesioned == 1 ? "has" : "have") lesions "
          + "on record.")
    }
    if partialCount > 0 {
      notes.append(
        "\(partialCount) \(partialCount == 1 ? "lesion" : "lesions") that only some of the runs have \(partialCount == 1 ? "is" : "are") left "
          + "out.")
    }
    return notes + LesionComparison.notes(on: comparison.effects.map(\.subject), sampleCount: setting.sampleLimit)
  }
}

extension SweepReport {
  /// The most lesions that a figure has a row for.
  private static let mostRows = 40

  /// What `labrun lesion` found of the sweep's runs.
  var lesionBlocks: [ReportPage.Block] {
    let all = sweep.variants.flatMap { VariantLesions.all(of: $0, in: records, level: options.confidenceLevel) }
    guard !all.isEmpty else { return [] }
    let introduction =
      "Parts of trained models are replaced, without training, and the models compared with themselves as they are. A "
      + "part that costs little may still have helped the training, and one that costs much may be replaceable by a "
      + "training without it: that is what the variants compare."
    return [.paragraph(introduction)]
      + all.flatMap { lesions -> [ReportPage.Block] in
        let images = NumberText.grouped(lesions.comparison.labels.count)
        var blocks: [ReportPage.Block] = [
          .heading("\(lesions.variant.label.singleLine), \(images) \(lesions.setting.split) images")
        ]
        blocks += (lesions.comparison.paragraphs + lesions.notes).map { .paragraph($0) }
        if let figure = try? lesionFigure(lesions) { blocks.append(.figure(figure)) }
        return blocks + [.details("The numbers", [.table(lesions.comparison.table)])]
      }
  }

  private func lesionFigure(_ lesions: VariantLesions) throws -> any Figure {
    var data = lesionFigureData
    fill(&data, with: lesions)
    return try LesionFigure.kind.figure(of: data)
  }

  /// Lesions are judged by the accuracy, whatever the sweep's metric is.
  private var lesionFigureData: FigureData {
    FigureData(
      name: sweep.name.singleLine, metric: .init("accuracy", unit: "%", differenceUnit: "points", decimals: 2),
      confidence: options.confidenceLevel)
  }

  func fillLesions(of data: inout FigureData, _ options: PlotOptions) throws(PlotError) {
    var variants = sweep.variants
    if let label = options.variant {
      do {
        variants = [sweep.variants[try sweep.variantIndex(labeled: label)]]
      } catch {
        throw PlotError(error.description)
      }
    }
    let found = variants.flatMap {
      VariantLesions.all(of: $0, in: records, level: self.options.confidenceLevel)
    }
    guard let lesions = found.max(by: { $0.comparison.labels.count < $1.comparison.labels.count }) else {
      throw PlotError(
        "no run \(options.variant.map { "of \($0.singleLine) " } ?? "")has lesions on record: `labrun lesion \(sweep.name.singleLine) "
          + "--variant LABEL` evaluates and stores them")
    }
    data = lesionFigureData
    fill(&data, with: lesions)
    if found.count > 1, options.variant == nil {
      let others = found.filter { $0.variant.label != lesions.variant.label }.map(\.variant.label.singleLine)
      if !others.isEmpty { data.notes.append("Lesions of \(others.inWords) are on record as well.") }
    }
  }

  private func fill(_ data: inout FigureData, with lesions: VariantLesions) {
    let effects = lesions.comparison.effects
    var places = Array(effects.indices)
    if places.count > Self.mostRows {
      places = places.sorted { abs(effects[$0].accuracy.difference) > abs(effects[$1].accuracy.difference) }
      places = places.prefix(Self.mostRows).sorted()
      data.notes.append("The \(Self.mostRows) largest of \(effects.count) differences are shown.")
    }
    let replacements = Set(effects.map(\.subject.replacement))
    let smallest = metric.name == "test_accuracy" ? smallestEffect : nil
    let rows = places.map { place -> FigureData.Comparisons.Row in
      let (subject, change) = (effects[place].subject, effects[place].accuracy)
      let interval = FigureData.Interval(change.interval, scale: 100)
      let isSimultaneous = effects.count > 1
      return .init(
        "\(subject.part), \(subject.layer)" + (replacements.count > 1 ? ", \(subject.replacement)" : ""),
        estimate: change.difference * 100, single: isSimultaneous ? nil : interval,
        simultaneous: isSimultaneous ? interval : nil,
        verdict: Verdict(interval: change.interval, smallestEffect: smallest))
    }
    data.lesions = .init(
      lesions.variant.label.singleLine,
      .init(rows, smallestEffect: smallest.map { $0 * 100 }, method: "Bonferroni", subject: "lesion"))
    if replacements.count == 1, let only = replacements.first { data.notes.append("Replaced by \(only).") }
  }
}
