/// What pictures are made of.
extension Canvas {
  /// A place.
  public struct Point: Sendable, Hashable {
    public var x: Double
    public var y: Double

    /// Creates a place.
    public init(_ x: Double, _ y: Double) {
      self.x = x
      self.y = y
    }
  }

  /// An upright rectangle.
  public struct Box: Sendable, Hashable {
    public var left: Double
    public var top: Double
    public var right: Double
    public var bottom: Double

    /// Creates a rectangle.
    public init(left: Double, top: Double, right: Double, bottom: Double) {
      self.left = left
      self.top = top
      self.right = right
      self.bottom = bottom
    }

    public var width: Double { right - left }
    public var height: Double { bottom - top }

    /// Whether two rectangles have more than an edge in common.
    package func overlaps(_ other: Box) -> Bool {
      left < other.right && other.left < right && top < other.bottom && other.top < bottom
    }

    /// Whether another one lies within this one.
    package func contains(_ other: Box) -> Bool {
      left <= other.left && right >= other.right && top <= other.top && bottom >= other.bottom
    }

    /// This one, greater to each side.
    func expanded(by amount: Double) -> Box {
      Box(left: left - amount, top: top - amount, right: right + amount, bottom: bottom + amount)
    }

    private static func union(_ first: Box, _ second: Box) -> Box {
      Box(
        left: min(first.left, second.left), top: min(first.top, second.top), right: max(first.right, second.right),
        bottom: max(first.bottom, second.bottom))
    }

    /// The smallest that holds two.
    func joined(with other: Box) -> Box { Box.union(self, other) }
  }

  /// Where a text stands from its place on.
  public enum Anchor: String, Sendable {
    case start
    case middle
    case end
  }

  /// How a line is broken.
  public enum Dash: String, Sendable, CaseIterable {
    case solid = ""
    case dashed = "7 3"
    case dotted = "1.5 2.5"
    case dashDot = "8 3 1.5 3"
    case long = "13 4"
    case dashDotDot = "8 3 1.5 3 1.5 3"

    /// The one of the series of an index, from 0.
    public static func series(_ index: Int) -> Dash { allCases[index % allCases.count] }
  }
}
