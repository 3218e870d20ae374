import LabCore
import LabRecords
import LabStats

/// The runs of two variants that were tested on the same images, by their seeds.
struct Pairing: Sendable {
  /// Two runs of a seed.
  struct Runs: Sendable {
    var seed: UInt64
    var treatment: RunIdentity
    var reference: RunIdentity
  }

  /// The pairs, at least one, in the order of their seeds.
  let runs: [Runs]
  /// The place of the images among the sets of images.
  let imageSet: Int

  /// Pairs the runs that have results in a metric.
  ///
  /// - Parameter omissions: is told what is left out, and why.
  /// - Returns: nil where no pair is left.
  init?(
    of treatment: Variant, to reference: Variant, metric: String, _ predictions: TestPredictions,
    omissions: inout ImageOmissions
  ) {
    let (first, second) = (treatment.label.singleLine, reference.label.singleLine)
    func bySeed(_ variant: Variant) -> [UInt64: RunIdentity] {
      let runs = variant.runs.filter { $0.state == .completed && $0.metrics[MetricName(metric)] != nil }
      return Dictionary(runs.map { ($0.seed, $0.identity) }) { first, _ in first }
    }
    let (own, other) = (bySeed(treatment), bySeed(reference))
    let shared = own.keys.filter { other[$0] != nil }.sorted().map { seed in
      (seed: seed, runs: [own[seed], other[seed]].compactMap { $0 })
    }
    guard !shared.isEmpty else {
      omissions.add(first, second, "they share no seed")
      return nil
    }
    let known = shared.filter { pair in pair.runs.allSatisfy { predictions.entries[$0] != nil } }
    guard !known.isEmpty else {
      omissions.add(first, second, "their test predictions are not on record")
      return nil
    }
    let sets = known.map { pair in pair.runs.compactMap { predictions.entries[$0]?.imageSet } }
    let same = zip(known, sets).filter { $0.1[0] == $0.1[1] }
    guard let imageSet = same.first?.1[0] else {
      omissions.add(
        first, second,
        TestPredictions.difference(predictions.imageSets[sets[0][0]], predictions.imageSets[sets[0][1]]))
      return nil
    }
    let matched = same.filter { $0.1[0] == imageSet }.map(\.0)
    let missing = Set(shared.map(\.seed)).subtracting(matched.map(\.seed))
    if !missing.isEmpty {
      omissions.addSeeds(first, second, NumberText.ranges(missing.sorted()), isOne: missing.count == 1)
    }
    self.imageSet = imageSet
    runs = matched.map { Runs(seed: $0.seed, treatment: $0.runs[0], reference: $0.runs[1]) }
  }

  /// The images that are gained and lost; nil where an image is not either right or wrong.
  func gains(_ predictions: TestPredictions) -> ImageGains? {
    func isRight(_ run: RunIdentity) -> [Bool]? {
      if case .shares(let isRight)? = predictions.entries[run]?.content { isRight } else { nil }
    }
    return ImageGains(
      runs.compactMap { pair in
        isRight(pair.treatment).flatMap { treatment in isRight(pair.reference).map { (treatment, $0) } }
      })
  }
}

extension TestPredictions {
  /// In what two sets of images differ, as it follows `they were tested on`.
  static func difference(_ first: ImageSet, _ second: ImageSet) -> String {
    if first.labels.count != second.labels.count {
      let counts = [first, second].map { NumberText.grouped($0.labels.count) }
      return "they were tested on other numbers of images (\(counts[0]) and \(counts[1]))"
    }
    if first.classNames != second.classNames { return "they were tested on images of other classes" }
    if first.labels != second.labels { return "they were tested on images with other labels" }
    return "they were tested on other data"
  }
}
