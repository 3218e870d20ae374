/// Notes by number, where rows of equal fate share one.
struct NoteList {
  private var notes = [(text: String, labels: [String])]()
  private var positions = [String: Int]()

  /// The number of the note on a row's runs; nil where there is nothing to say.
  ///
  /// - Parameters:
  ///   - label: the row.
  ///   - tally: its runs.
  mutating func number(for label: String, _ tally: RunTally) -> Int? {
    guard !tally.problems.isEmpty else { return nil }
    return number(for: label, ([tally.text] + tally.problems).joined(separator: " · "))
  }

  /// The number of a note on a row.
  ///
  /// - Parameters:
  ///   - label: the row.
  ///   - text: what there is to say.
  mutating func number(for label: String, _ text: String) -> Int {
    let position = positions[text] ?? notes.count
    if position == notes.count {
      notes.append((text, []))
      positions[text] = position
    }
    // A row may say the same of several metrics.
    if notes[position].labels.last != label { notes[position].labels.append(label) }
    return position + 1
  }

  /// The notes in the order of their numbers.
  var texts: [String] {
    notes.map { text, labels in (labels.count == 1 ? labels[0] : "\(labels.count) rows") + ": " + text }
  }
}
