import LabCore

/// There are seeds, each once.
struct SeedsRule: SpecRule {
  func issues(in context: SpecContext) -> [SpecIssue] {
    guard let seeds = context.draft.seeds else { return [] }
    if seeds.values.isEmpty, !context.draft.shapeIssues.contains(where: { $0.keyPath.hasPrefix("seeds") }) {
      return [
        SpecIssue(
          at: seeds.location, keyPath: "seeds", message: "the list of seeds is empty", found: "an empty list",
          expected: "one seed or more")
      ]
    }
    var seen = Set<UInt64>()
    return seeds.values.enumerated().filter { !seen.insert($0.element.seed).inserted }.map { index, entry in
      SpecIssue(
        at: entry.location, keyPath: ConfigurationPath("seeds").appending(index: index),
        message: "the seed \(entry.seed) is listed twice", found: "a second \(entry.seed)")
    }
  }
}
