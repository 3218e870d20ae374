/// The shape of a mark, which tells apart what colours tell apart.
public enum MarkShape: Sendable, Hashable, CaseIterable {
  case circle
  case square
  case diamond
  case up
  case down
  case cross
  case ring
  case frame

  /// Whether only its edge is drawn.
  var isOpen: Bool { self == .ring || self == .frame }

  /// The one of the series of an index, from 0.
  public static func series(_ index: Int) -> MarkShape {
    let shapes: [MarkShape] = [.circle, .square, .up, .diamond, .down, .cross]
    return shapes[index % shapes.count]
  }

  /// The corners of the shape around a place.
  func corners(around place: Canvas.Point, size: Double) -> [Canvas.Point] {
    let half = size / 2
    let offsets: [(Double, Double)] =
      switch self {
      case .circle, .ring: []
      case .square, .frame: [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]
      case .diamond: [(0, -1.15), (1.15, 0), (0, 1.15), (-1.15, 0)]
      case .up: [(0, -1.1), (1.1, 0.9), (-1.1, 0.9)]
      case .down: [(0, 1.1), (-1.1, -0.9), (1.1, -0.9)]
      case .cross:
        [
          (-1, -0.6), (-0.6, -1), (0, -0.4), (0.6, -1), (1, -0.6), (0.4, 0), (1, 0.6), (0.6, 1), (0, 0.4), (-0.6, 1),
          (-1, 0.6), (-0.4, 0),
        ]
      }
    return offsets.map { Canvas.Point(place.x + half * $0.0, place.y + half * $0.1) }
  }
}
