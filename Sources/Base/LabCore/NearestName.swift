/// Finds the name that a misspelt one was most likely meant to be.
public enum NearestName {
  /// The closest candidate, or nil where none is close enough to be worth suggesting.
  ///
  /// Case, `-` and `_` do not count as differences.
  public static func suggestion(for name: String, among candidates: some Sequence<String>) -> String? {
    // Nobody misspells a name to a whole page, which would take long to compare.
    guard name.utf8.count <= 400 else { return nil }
    let wanted = fold(name)
    var best: (name: String, distance: Int, goesOn: Bool)?
    for candidate in candidates {
      let folded = fold(candidate)
      let distance = editDistance(wanted, folded)
      // Of two that are equally close, the one that only goes on from the wanted name: typing stopped too early.
      let goesOn = folded.starts(with: wanted)
      let isBetter = best.map { distance < $0.distance || (distance == $0.distance && goesOn && !$0.goesOn) } ?? true
      if isBetter { best = (candidate, distance, goesOn) }
    }
    // A name that shares no letter with the wanted one is no help, however short both are.
    guard let best, best.distance <= max(2, wanted.count / 3), best.distance < max(wanted.count, fold(best.name).count)
    else { return nil }
    return best.name
  }

  /// The sentence part `" (did you mean NAME?)"`, or an empty string.
  public static func hint(for name: String, among candidates: some Sequence<String>) -> String {
    suggestion(for: name, among: candidates).map { " (did you mean \"\($0)\"?)" } ?? ""
  }

  /// The number of insertions, deletions, substitutions and swaps of neighbours between two strings.
  static func editDistance(_ a: [Character], _ b: [Character]) -> Int {
    if a.isEmpty || b.isEmpty { return a.count + b.count }
    var beforePrevious = [Int](repeating: 0, count: b.count + 1)
    var previous = Array(0...b.count)
    for i in 1...a.count {
      var current = [i] + [Int](repeating: 0, count: b.count)
      for j in 1...b.count {
        let substitution = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
        current[j] = min(previous[j] + 1, current[j - 1] + 1, substitution)
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          current[j] = min(current[j], beforePrevious[j - 2] + 1)
        }
      }
      (beforePrevious, previous) = (previous, current)
    }
    return previous[b.count]
  }

  private static func fold(_ name: String) -> [Character] {
    Array(name.lowercased().filter { $0 != "-" && $0 != "_" })
  }
}
