import LabRecords

extension Sweep {
  /// That runs were trained on several kinds of processor, which do not give the same bits.
  var processorNotes: [String] {
    guard processors.count > 1 else { return [] }
    let kinds = processors.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let shown = kinds.prefix(4).map {
      "\($0.key.singleLine.truncated(to: 80)) (\($0.value) \($0.value == 1 ? "run" : "runs"))"
    }
    let rest = kinds.count > 4 ? [" and \(kinds.count - 4) more"] : []
    return [
      "Runs were trained on \(kinds.count) kinds of processor, so that the same run would not give the same bits on each, and "
        + "times are not comparable: \((shown + rest).joined(separator: ", "))."
    ]
  }
}
