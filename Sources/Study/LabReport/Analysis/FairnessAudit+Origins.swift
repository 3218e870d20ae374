import LabRecords

extension FairnessAudit {
  /// How far two arms may lie apart in what they were trained on before that is a finding.
  ///
  /// 0 is where their shares agree, 1 where they have nothing in common. Whatever hands runs to the machine that is free
  /// spreads them by chance.
  private static let largestDistance = 0.5

  /// What of an origin may differ.
  private static let aspects: [(title: String, text: @Sendable (RunOrigin) -> String)] = [
    ("machines", { $0.host }), ("processors", { $0.processor }), ("operating systems", { $0.operatingSystem }),
    ("versions of the program", { "labrun \($0.programVersion)" }),
    (
      "commits of the working folder",
      { $0.repository.map { "\($0.commit.prefix(12))\($0.isDirty ? " with changes" : "")" } ?? "none" }
    ),
    (
      "versions of libraries",
      { $0.libraries.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: " and ") }
    ),
    ("numbers of threads a run", { "\($0.threads)" }),
  ]

  /// What arms were trained on or with that others were not, a sentence each.
  ///
  /// - Parameter arms: each arm's label with the number of its runs by their origin, and the number of those without one.
  static func originNotes(_ arms: [(label: String, origins: [RunOrigin: Int], unknown: Int)]) -> [String] {
    let known = arms.filter { !$0.origins.isEmpty }
    guard known.count > 1 else { return [] }
    let unknown = arms.filter { $0.origins.isEmpty && $0.unknown > 0 }.map(\.label)
    let missing =
      unknown.isEmpty
      ? [] : ["Of some arms it is not on record where they were trained and with what: \(listed(unknown))."]
    return aspects.compactMap { title, text in note(on: title, text, known) } + missing
  }

  private static func note(
    on title: String, _ text: (RunOrigin) -> String, _ arms: [(label: String, origins: [RunOrigin: Int], unknown: Int)]
  ) -> String? {
    let shares = arms.map { arm -> [String: Double] in
      let total = Double(arm.origins.values.reduce(0, +))
      return Dictionary(arm.origins.map { (text($0.key).singleLine, Double($0.value) / total) }, uniquingKeysWith: +)
    }
    // Arms of equal shares are one group, so that of many arms few pairs are looked at.
    var groups = [(shares: [String: Double], labels: [String])]()
    for (arm, share) in zip(arms, shares) {
      if let index = groups.firstIndex(where: { distance($0.shares, share) < 1e-9 }) {
        groups[index].labels.append(arm.label)
      } else {
        groups.append((share, [arm.label]))
      }
    }
    let isFinding = groups.indices.contains { index in
      groups[..<index].contains { distance($0.shares, groups[index].shares) > largestDistance }
    }
    guard isFinding else { return nil }
    let parts = groups.prefix(4).map { "\(spread($0.shares)) (\(listed($0.labels)))" }
    let rest = groups.count > 4 ? " and \(groups.count - 4) more" : ""
    return "Arms were trained with different \(title): \(parts.joined(separator: "; "))\(rest)."
  }

  /// Half the sum of what two shares differ by.
  private static func distance(_ a: [String: Double], _ b: [String: Double]) -> Double {
    Set(a.keys).union(b.keys).reduce(0) { $0 + abs((a[$1] ?? 0) - (b[$1] ?? 0)) } / 2
  }

  /// The values of an arm, the most frequent one first, with their shares where there are several.
  private static func spread(_ shares: [String: Double]) -> String {
    let ordered = shares.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    guard ordered.count > 1 else { return ordered.first?.key.truncated(to: 80) ?? "" }
    return ordered.prefix(3).map { "\(NumberText.fixed(100 * $0.value, decimals: 0)) % \($0.key.truncated(to: 80))" }
      .joined(separator: ", ") + (ordered.count > 3 ? " and \(ordered.count - 3) more" : "")
  }
}

extension SweepRecords {
  /// Where the completed runs of each variant of a sweep were trained and with what; runs without a provenance are in none.
  func origins(of sweep: Sweep) -> [[RunOrigin: Int]] {
    sweep.variants.map { variant in
      variant.runs.reduce(into: [:]) { origins, run in
        guard run.state == .completed, let provenance = attempts[run.identity]?.provenance else { return }
        origins[RunOrigin(provenance), default: 0] += 1
      }
    }
  }
}
