import Foundation
import LabCore
import LabRecords

/// In what the arms of a comparison differ beside what is studied: a difference may be the other thing's.
struct FairnessAudit {
  private let sweep: Sweep
  private let variants: [Variant]
  private let reference: Variant?
  /// The places of the variants by their levels.
  private let places: [[String: String]: Int]
  /// Where the completed runs of each variant were trained and with what; nil where that is not known.
  private let origins: [[RunOrigin: Int]]?

  /// - Parameters:
  ///   - sweep: the sweep.
  ///   - indices: the variants that are compared.
  ///   - reference: the index of the one that the others are compared with.
  ///   - origins: where the completed runs of each of the sweep's variants were trained and with what; nil where that is not
  ///     known.
  init(_ sweep: Sweep, variants indices: [Int], reference: Int?, origins: [[RunOrigin: Int]]? = nil) {
    self.sweep = sweep
    variants = indices.map { sweep.variants[$0] }
    self.reference = reference.map { sweep.variants[$0] }
    places = Dictionary(variants.enumerated().map { ($1.levels, $0) }) { first, _ in first }
    self.origins = origins.map { origins in indices.map { origins[$0] } }
  }

  /// What differs, a sentence each; empty where nothing does that is known.
  var notes: [String] { effortNotes + sizeNotes + factorNotes + originNotes }

  private var originNotes: [String] {
    guard let origins else { return [] }
    let arms = zip(variants, origins).map { variant, origins in
      let completed = variant.runs.count { $0.state == .completed }
      return (label: variant.label, origins: origins, unknown: completed - origins.values.reduce(0, +))
    }
    return FairnessAudit.originNotes(arms)
  }

  // MARK: Effort

  /// The settings that say how much an arm was trained and on what.
  private static let effort: [(path: String, title: String)] = [
    ("training.epochs", "epochs"), ("training.batch_size", "images a step"),
    ("training.learning_rate", "learning rate"), ("training.augmentation", "augmentation"),
    ("training.precision", "precision"), ("training.backend", "backend"), ("training.early_stopping", "early stopping"),
    ("dataset.train_limit", "training images"), ("dataset.image_size", "image size"), ("dataset.name", "data"),
  ]

  private var effortNotes: [String] {
    FairnessAudit.effort.compactMap { path, title in
      var groups = [(text: String, labels: [String])]()
      for variant in variants {
        guard let configuration = variant.configuration else { return nil }
        let text = configuration[path: path].map(FairnessAudit.text) ?? "none"
        if let index = groups.firstIndex(where: { $0.text == text }) {
          groups[index].labels.append(variant.label)
        } else {
          groups.append((text, [variant.label]))
        }
      }
      guard groups.count > 1 else { return nil }
      let parts = groups.prefix(4).map { "\($0.text) (\(FairnessAudit.listed($0.labels)))" }
      let rest = groups.count > 4 ? " and \(groups.count - 4) more" : ""
      return "Arms differ in \(title): \(parts.joined(separator: ", "))\(rest)."
    } + updatesNote
  }

  /// Completed arms that were trained for other numbers of epochs than planned.
  private var updatesNote: [String] {
    let short = variants.filter { variant in
      variant.runs.contains { $0.state == .completed && $0.completedEpochs < $0.plannedEpochs }
    }
    guard !short.isEmpty, short.count < variants.count else { return [] }
    return [
      "Training ended early in some arms only, which saw fewer images: \(FairnessAudit.listed(short.map(\.label)))."
    ]
  }

  // MARK: Size

  private var sizeNotes: [String] {
    [
      ratio("parameters", { $0.parameterCount.map(Double.init) }) { NumberText.count(Int($0)) },
      ratio("multiply-adds", { $0.multiplyAdds.map(Double.init) }) { NumberText.count(Int($0)) },
      ratio("training time", FairnessAudit.trainSeconds) { NumberText.seconds($0) },
    ].compactMap { $0 }
  }

  private static func trainSeconds(_ variant: Variant) -> Double? {
    let seconds = variant.runs.filter { $0.state == .completed }.compactMap(\.trainSeconds)
    return seconds.isEmpty ? nil : seconds.reduce(0, +) / Double(seconds.count)
  }

  /// A sentence on a quantity whose largest value is more than a tenth above its smallest one.
  private func ratio(
    _ title: String, _ value: (Variant) -> Double?, _ text: (Double) -> String
  ) -> String? {
    let values = variants.compactMap { variant in value(variant).map { (label: variant.label, value: $0) } }
    guard let least = values.min(by: { $0.value < $1.value }), let most = values.max(by: { $0.value < $1.value }),
      least.value > 0, most.value > 1.1 * least.value
    else { return nil }
    let factor = NumberText.significant(most.value / least.value, digits: 2)
    let own = reference.flatMap(value)
    let ofReference = own.map { ", \(text($0)) of \(reference?.label ?? "")" } ?? ""
    return "Arms differ in \(title) by a factor of \(factor): \(text(least.value)) (\(least.label)) to "
      + "\(text(most.value)) (\(most.label))\([least.label, most.label].contains(reference?.label) ? "" : ofReference)."
  }

  // MARK: Factors

  /// The factors whose levels set several things at once.
  private var factorNotes: [String] {
    sweep.factors.compactMap { factor in
      guard let first = factor.levels.first else { return nil }
      var keys = [String]()
      for level in factor.levels.dropFirst() {
        for key in differences(of: factor.name, level, first) where !keys.contains(key) { keys.append(key) }
      }
      guard keys.count > 1 else { return nil }
      let isTuned = keys.contains("training.learning_rate") && keys.count > 1
      return "The levels of \(factor.name) differ in \(FairnessAudit.joined(keys)) at once, so that an effect of it is "
        + "that of all of them together"
        + (isTuned ? "; the learning rate is part of it, which may have been tuned for one arm only." : ".")
    }
  }

  /// The keys in which two variants differ that share all other levels.
  private func differences(of factor: String, _ level: String, _ other: String) -> [String] {
    for variant in variants where variant.levels[factor] == level {
      var levels = variant.levels
      levels[factor] = other
      guard let partner = places[levels], let a = variant.configuration, let b = variants[partner].configuration else {
        continue
      }
      return FairnessAudit.differences(a, b)
    }
    return []
  }

  /// The keys, of two parts at most, whose values differ.
  private static func differences(_ a: JSONValue, _ b: JSONValue) -> [String] {
    let sections = Set((a.objectValue ?? [:]).keys).union((b.objectValue ?? [:]).keys).sorted()
    return sections.flatMap { section -> [String] in
      guard a[section] != b[section] else { return [] }
      guard let first = a[section]?.objectValue, let second = b[section]?.objectValue else { return [section] }
      return Set(first.keys).union(second.keys).sorted().filter { first[$0] != second[$0] }.map { "\(section).\($0)" }
    }
  }

  // MARK: Words

  private static func text(_ value: JSONValue) -> String {
    if case .null = value { return "none" }
    return value.stringValue ?? value["name"]?.stringValue ?? value.canonicalText.truncated(to: 60)
  }

  static func listed(_ labels: [String], limit: Int = 3) -> String {
    labels.prefix(limit).joined(separator: "; ") + (labels.count > limit ? " and \(labels.count - limit) more" : "")
  }

  private static func joined(_ names: [String]) -> String {
    names.count < 2 ? names.joined() : names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
  }
}
