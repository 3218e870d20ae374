/// Where labels go so that none lies on another.
package enum LabelPlacement {
  /// Moves labels along a line apart, each as little as possible, in the order of the places that they want.
  ///
  /// - Parameters:
  ///   - wanted: the middle that each label wants, in pixels.
  ///   - spacing: the least distance between two middles.
  ///   - range: where middles may be; it is exceeded downwards where there are too many.
  /// - Returns: the middle of each label.
  package static func spread(_ wanted: [Double], spacing: Double, within range: ClosedRange<Double>) -> [Double] {
    // Each block's labels touch; blocks that overlap become one around their mean, which is the least squares solution.
    struct Block {
      var members: [Int]
      var sum: Double
      func top(_ spacing: Double) -> Double { sum / Double(members.count) - spacing * Double(members.count - 1) / 2 }
    }
    let order = wanted.indices.sorted { (wanted[$0], $0) < (wanted[$1], $1) }
    var blocks = [Block]()
    for index in order {
      blocks.append(Block(members: [index], sum: wanted[index]))
      while blocks.count > 1 {
        let (upper, lower) = (blocks[blocks.count - 2], blocks[blocks.count - 1])
        guard upper.top(spacing) + spacing * Double(upper.members.count) > lower.top(spacing) else { break }
        blocks.removeLast(2)
        blocks.append(Block(members: upper.members + lower.members, sum: upper.sum + lower.sum))
      }
    }
    var places = wanted
    var free = range.lowerBound
    for block in blocks {
      var place = max(free, block.top(spacing))
      for index in block.members {
        places[index] = place
        place += spacing
      }
      free = place
    }
    // What goes beyond the end pushes those before it back, as far as there is room.
    var limit = max(range.upperBound, range.lowerBound + spacing * Double(max(0, wanted.count - 1)))
    for index in order.reversed() {
      places[index] = min(places[index], limit)
      limit = places[index] - spacing
    }
    return places
  }

  /// A label beside a mark.
  package struct Placed: Sendable {
    /// Which of the marks it belongs to.
    package let index: Int
    /// Where its base line begins or ends.
    package let place: Canvas.Point
    package let anchor: Canvas.Anchor
    package let box: Canvas.Box
  }

  /// Puts labels beside their marks where they cover neither a mark nor another label; those without such a place get none.
  ///
  /// - Parameters:
  ///   - labels: the labels, the most important first.
  ///   - points: the middle of each mark.
  ///   - others: what must not be covered, besides the marks.
  ///   - size: the font's size in pixels.
  ///   - radius: the marks' radius in pixels.
  ///   - area: where labels may be.
  package static func beside(
    _ labels: [String], at points: [Canvas.Point], avoiding others: [Canvas.Box] = [], size: Double = 11,
    radius: Double = 5, within area: Canvas.Box
  ) -> [Placed] {
    let marks = points.map {
      Canvas.Box(left: $0.x, top: $0.y, right: $0.x, bottom: $0.y).expanded(by: radius)
    }
    var taken = others
    var placed = [Placed]()
    for (index, label) in labels.enumerated() {
      let point = points[index]
      let candidates: [(Double, Double, Canvas.Anchor)] = [
        (radius + 3, 0.3 * size, .start), (-radius - 3, 0.3 * size, .end), (0, -radius - 4, .middle),
        (0, radius + 3 + 0.8 * size, .middle), (radius, -radius - 1, .start), (-radius, -radius - 1, .end),
        (radius, radius + 0.8 * size, .start), (-radius, radius + 0.8 * size, .end),
      ]
      for (dx, dy, anchor) in candidates {
        let place = Canvas.Point(point.x + dx, point.y + dy)
        let box = Canvas.textBox(label, at: place, size: size, anchor: anchor)
        guard area.contains(box), !taken.contains(where: box.overlaps) else { continue }
        guard !marks.indices.contains(where: { $0 != index && marks[$0].overlaps(box) }) else { continue }
        taken.append(box)
        placed.append(Placed(index: index, place: place, anchor: anchor, box: box))
        break
      }
    }
    return placed
  }
}
