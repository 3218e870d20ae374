/// Names of marks in a plot, beside them where there is room, else by number in a key below.
struct MarkNames {
  private var placed = [(text: String, label: LabelPlacement.Placed)]()
  /// The lines of the key, such as `1 static, 2 focal loss`; empty where all names stand beside their marks.
  private(set) var key = [String]()

  /// Finds places for names.
  ///
  /// - Parameters:
  ///   - names: the names, the most important first.
  ///   - points: the middle of each mark.
  ///   - others: what must not be covered.
  ///   - area: where names may be.
  init(_ names: [String], at points: [Canvas.Point], avoiding others: [Canvas.Box] = [], within area: Canvas.Box) {
    let size = 11.0
    let shown = names.map { TextMeasure.shortened($0.singleLine, to: area.width * 0.4, size: size) }
    let beside = LabelPlacement.beside(shown, at: points, avoiding: others, size: size, within: area)
    placed = beside.map { (shown[$0.index], $0) }
    let found = Set(beside.map(\.index))
    let left = names.indices.filter { !found.contains($0) }
    guard !left.isEmpty else { return }
    // Numbers go where names had no room, so the marks that have a name are to be avoided too.
    let order = left + names.indices.filter(found.contains)
    let widest = String(repeating: "8", count: String(left.count).count)
    let numbers = LabelPlacement.beside(
      left.map { _ in widest }, at: order.map { points[$0] }, avoiding: others + beside.map(\.box), size: 9, radius: 4,
      within: area)
    // Only those that have a place are counted, so that no number is missing.
    placed += numbers.enumerated().map { (String($0 + 1), $1) }
    let entries = numbers.enumerated().map { "\($0 + 1) \(names[left[$1.index]])" }
    if !entries.isEmpty { key.append(entries.joined(separator: ", ") + ".") }
    let numbered = Set(numbers.map(\.index))
    let hidden = left.indices.filter { !numbered.contains($0) }.map { names[left[$0]] }
    if !hidden.isEmpty { key.append("Without room for a name: \(hidden.joined(separator: ", ")).") }
  }

  /// Writes the names; a number is smaller.
  func draw(on canvas: inout Canvas) {
    for (text, label) in placed {
      let isNumber = label.box.height < 10
      canvas.text(
        text, at: label.place, size: isNumber ? 9 : 11, anchor: label.anchor, paint: isNumber ? .muted : .ink,
        hasHalo: true)
    }
  }
}
