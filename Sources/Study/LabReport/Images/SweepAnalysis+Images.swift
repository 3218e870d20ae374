import LabCore
import LabRecords
import LabStats

extension SweepAnalysis {
  /// Considers the choice of the test images as a second source of chance, beside the seeds.
  ///
  /// Verdicts stay as they are; those that another draw of images may undo are marked.
  ///
  /// - Parameters:
  ///   - predictions: what the sweep's runs predicted, for the metric of the analysis.
  ///   - progress: is told, from any thread, the share of the work that is done.
  /// - Throws: ``ReportError`` where the predictions are for another metric, or of no run.
  public mutating func consider(
    _ predictions: TestPredictions, progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) throws(ReportError) {
    guard predictions.metric.key == metric.name else { throw .metricWithoutImages(metric.name) }
    guard !predictions.isEmpty else { throw .noPredictions(problems: predictions.problems) }
    images = ImageChance(self, predictions, progress: progress)
  }

  // MARK: What is said

  /// Which verdicts hold for these images only; nothing where none does.
  var imageCaution: [String] {
    guard let images else { return [] }
    let marked = comparisons.indices.filter { images.comparisons[$0]?.holdsForTheseImagesOnly == true }
    guard !marked.isEmpty else { return [] }
    let names = marked.map { name(of: comparisons[$0]) }
    return [
      marked.count == 1
        ? "One verdict holds for these test images only, and another draw of images may undo it: \(names[0])."
        : "\(marked.count) verdicts hold for these test images only, and another draw of images may undo them: "
          + FairnessAudit.listed(names, limit: 12) + "."
    ]
  }

  private func name(of comparison: Comparison) -> String {
    comparesAllPairs || isPair
      ? "\(label(comparison.variant)) against \(label(comparison.reference))" : label(comparison.variant)
  }

  /// How images come in, how many verdicts survive, and what is left out; nothing unless images are considered.
  var imageParagraphs: [String] {
    guard let images else { return [] }
    let known = images.comparisons.compactMap { $0 }
    guard !known.isEmpty else { return images.leftOut }
    let counts = Set(known.map(\.difference.imageCount)).sorted().map(NumberText.grouped)
    let resamples =
      images.resampleCount.map { "by \(NumberText.grouped($0)) resamples of the images" }
      ?? "by all resamples of the images at once"
    let lead =
      "All variants of a seed are tested on the same \(counts.joined(separator: " or ")) images, which are a sample too. The "
      + "interval over seeds and images adds what other images would change (\(resamples)) to what other seeds would, "
      + "at the same level; it is never the shorter one."
    let decided = comparisons.indices.filter {
      comparisons[$0].verdict != .undecided && images.comparisons[$0]?.interval != nil
    }
    let survivors = decided.count { images.comparisons[$0]?.holdsForTheseImagesOnly == false }
    let verdicts =
      decided.isEmpty
      ? "No verdict is decided over seeds, so that there is none for other images to undo."
      : decided.count == 1
        ? "The one verdict \(survivors == 1 ? "would" : "may not") survive another draw of images."
        : "\(survivors) of \(decided.count) verdicts would survive another draw of images."
    return [lead + " " + verdicts] + images.leftOut
  }

  /// What says of a comparison that it holds for these images only: the value for programs, and the number of the note.
  func imageMark(_ index: Int, _ notes: inout NoteList) -> (value: [JSONValue], notes: [Int]) {
    guard let images else { return ([], []) }
    guard let comparison = images.comparisons[index] else { return ([.null], []) }
    guard comparison.holdsForTheseImagesOnly else { return ([.boolean(false)], []) }
    return (
      [.boolean(true)],
      [
        notes.number(
          for: name(of: comparisons[index]), "holds for these test images only; another draw of images may undo it")
      ]
    )
  }

  var imageMetadata: [String: JSONValue] {
    guard let images else { return [:] }
    return [
      "image_counts": .array(
        Set(images.comparisons.compactMap { $0?.difference.imageCount }).sorted().map(JSONValue.integer)),
      "image_resamples": images.resampleCount.map(JSONValue.integer) ?? .null,
      "image_omissions": .array(images.leftOut.map(JSONValue.string)),
    ]
  }

  // MARK: The table

  /// A row a comparison with both chances; nil unless images are considered, and where there is nothing to show.
  var imageTable: ReportTable? {
    guard let images else { return nil }
    let rows = comparisons.indices.compactMap { index in images.comparisons[index].map { row(comparisons[index], $0) } }
    guard !rows.isEmpty else { return nil }
    return ReportTable(
      kind: "test-images", title: "Seeds and test images",
      columns: [.init("variant", fields: ["variant"], wraps: true)]
        + (comparesAllPairs || isPair ? [.init("against", fields: ["reference"], wraps: true)] : [])
        + columns(images.statistic), rows: rows)
  }

  private func columns(_ statistic: ImageStatistic) -> [ReportTable.Column] {
    let name = metric.name
    let gains: [ReportTable.Column] =
      statistic.isShareOfImages
      ? [
        .init(
          "gained", fields: ["gained", "gained_by_seed"], alignment: .right, priority: 2,
          legend: "images that the variant has right and the other wrong, and the other way round, over all seeds"),
        .init(
          "lost", fields: ["lost", "lost_by_seed"], alignment: .right, priority: 2,
          legend: "images that the variant has right and the other wrong, and the other way round, over all seeds"),
        .init(
          "McNemar p", fields: ["mcnemar_p", "mcnemar_exact_p", "mcnemar_p_by_seed"], alignment: .right, priority: 3,
          legend: "mid-p value over all seeds' networks, an image counting once; of this comparison by itself"),
      ] : []
    return [
      .init(
        "Δ \(metric.titleWithUnit)",
        fields: ["\(name)_difference", "\(name)_difference_lower", "\(name)_difference_upper", "seeds"],
        alignment: .right, legend: "difference with its \(level) interval over seeds, on these images"),
      .init(
        "seeds and images", fields: ["lower_with_images", "upper_with_images"], alignment: .right,
        legend: "interval over seeds and images"),
      .init(
        "images", fields: ["lower_over_images", "upper_over_images"], alignment: .right, priority: 4,
        legend: "interval over images at the same level, with these networks"),
    ] + gains + [
      .init(
        "of images", fields: ["image_share", "seed_share", "residual_share"], alignment: .right, priority: 1,
        legend: "share of the difference's variance that the images have, whatever the seed; the rest is of the seeds, "
          + "and of what a seed does to one image"),
      .init(
        "other images", fields: ["survives_other_images"],
        legend: "whether the verdict would survive another draw of images"),
    ]
  }

  private func row(_ comparison: Comparison, _ found: ImageChance.Comparison) -> ReportTable.Row {
    let (difference, shares) = (comparison.difference, found.difference.components?.shares)
    func ends(_ interval: ConfidenceInterval?) -> ReportTable.Cell {
      guard let interval else { return .missing(fieldCount: 2) }
      return .init(
        text.interval(interval), values: [MetricText.number(interval.lower), MetricText.number(interval.upper)])
    }
    func count(_ bySeed: [Int]) -> ReportTable.Cell {
      let total = bySeed.reduce(0, +)
      return .init(
        NumberText.grouped(total), values: [.integer(total), .array(bySeed.map(JSONValue.integer))])
    }
    var cells: [ReportTable.Cell] = [.string(sweep.variants[comparison.variant].label)]
    if comparesAllPairs || isPair { cells.append(.string(sweep.variants[comparison.reference].label)) }
    cells += [
      .init(
        text.difference(difference.mean, difference.interval),
        values: [
          .number(difference.mean), MetricText.number(difference.interval?.lower),
          MetricText.number(difference.interval?.upper), .array(found.seeds.map(JSONValue.init(seed:))),
        ], role: difference.role(metric.direction)),
      ends(found.interval), ends(found.imageInterval),
    ]
    if let gains = found.gains, let tests = found.tests {
      cells += [
        count(gains.gained), count(gains.lost),
        .init(
          NumberText.probability(tests.midPValue),
          values: [
            .number(tests.midPValue), .number(tests.exactPValue), .array(tests.tests.map { .number($0.midPValue) }),
          ]),
      ]
    }
    cells.append(
      shares.map { shares in
        .init(
          NumberText.fixed(100 * shares.images, decimals: 0) + " %",
          values: [.number(shares.images), .number(shares.seeds), .number(shares.residual)])
      } ?? .missing(fieldCount: 3))
    let isJudged = comparison.verdict != .undecided && found.interval != nil
    cells.append(
      !isJudged
        ? .missing()
        : found.holdsForTheseImagesOnly
          ? .init("may undo it", values: [.boolean(false)], role: .warning)
          : .init("survives", values: [.boolean(true)]))
    return .init(cells)
  }
}

extension MetricText {
  /// An interval without its estimate, such as `[−6.39, −3.67]`.
  func interval(_ interval: ConfidenceInterval) -> String {
    if !interval.upper.isFinite { return "at least \(signed(interval.lower))" }
    if !interval.lower.isFinite { return "at most \(signed(interval.upper))" }
    return "[\(signed(interval.lower)), \(signed(interval.upper))]"
  }
}
