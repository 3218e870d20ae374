import Foundation

/// A filled shape given by its signed distance, which is negative inside.
///
/// The distance over a pixel's size is the share of the pixel that the shape covers, so shapes come out
/// anti-aliased at any size with one evaluation a pixel.
///
/// - Source: I. Quilez, "2D distance functions".
enum SignedDistance {
  case disc(center: SIMD2<Float>, radius: Float)
  /// A line with round ends.
  case segment(from: SIMD2<Float>, to: SIMD2<Float>, halfWidth: Float)
  /// An upright rectangle.
  case box(center: SIMD2<Float>, halfSize: SIMD2<Float>)
  /// A circle drawn with a pen.
  case ring(center: SIMD2<Float>, radius: Float, halfWidth: Float)
  /// A part of a ring with round ends, `halfSpan` radians to both sides of a direction.
  case arc(center: SIMD2<Float>, radius: Float, halfWidth: Float, direction: SIMD2<Float>, halfSpan: Float)
  /// A convex polygon, its corners clockwise as seen with y pointing down, widened all round by a radius.
  case polygon(corners: [SIMD2<Float>], radius: Float)

  /// The distance from a point to the shape's edge.
  func distance(_ point: SIMD2<Float>) -> Float {
    switch self {
    case .disc(let center, let radius):
      return Self.length(point - center) - radius
    case .segment(let from, let to, let halfWidth):
      let along = to - from
      let squared = (along * along).sum()
      let share = squared > 0 ? min(1, max(0, ((point - from) * along).sum() / squared)) : 0
      return Self.length(point - from - along * share) - halfWidth
    case .box(let center, let halfSize):
      let offset = point - center
      let excess = SIMD2(abs(offset.x), abs(offset.y)) - halfSize
      let outside = SIMD2(max(excess.x, 0), max(excess.y, 0))
      return Self.length(outside) + min(0, max(excess.x, excess.y))
    case .ring(let center, let radius, let halfWidth):
      return abs(Self.length(point - center) - radius) - halfWidth
    case .arc(let center, let radius, let halfWidth, let direction, let halfSpan):
      // Mirrored about its direction, the arc has a single end.
      let offset = point - center
      let local = SIMD2(
        (offset * direction).sum(), abs(offset.y * direction.x - offset.x * direction.y))
      let end = SIMD2(cosf(halfSpan), sinf(halfSpan))
      let isBeyondEnd = local.y * end.x - local.x * end.y > 0
      let distance = isBeyondEnd ? Self.length(local - end * radius) : abs(Self.length(local) - radius)
      return distance - halfWidth
    case .polygon(let corners, let radius):
      return Self.polygonDistance(point, corners) - radius
    }
  }

  private static func length(_ vector: SIMD2<Float>) -> Float { (vector * vector).sum().squareRoot() }

  private static func polygonDistance(_ point: SIMD2<Float>, _ corners: [SIMD2<Float>]) -> Float {
    var nearest = Float.infinity
    var isInside = true
    for index in corners.indices {
      let start = corners[index]
      let along = corners[index + 1 == corners.count ? 0 : index + 1] - start
      let offset = point - start
      let share = min(1, max(0, (offset * along).sum() / (along * along).sum()))
      let gap = offset - along * share
      nearest = min(nearest, (gap * gap).sum())
      if along.x * offset.y - along.y * offset.x < 0 { isInside = false }
    }
    return isInside ? -nearest.squareRoot() : nearest.squareRoot()
  }
}

extension SignedDistance {
  /// An arc from one angle to another in degrees, clockwise from the right as seen with y pointing down.
  static func arc(
    _ x: Float, _ y: Float, radius: Float, halfWidth: Float, from start: Float, to end: Float
  ) -> SignedDistance {
    let middle = (start + end) / 2 * .pi / 180
    return .arc(
      center: SIMD2(x, y), radius: radius, halfWidth: halfWidth, direction: SIMD2(cosf(middle), sinf(middle)),
      halfSpan: (end - start) / 2 * .pi / 180)
  }

  /// A line with round ends.
  static func line(_ x1: Float, _ y1: Float, _ x2: Float, _ y2: Float, _ halfWidth: Float) -> SignedDistance {
    .segment(from: SIMD2(x1, y1), to: SIMD2(x2, y2), halfWidth: halfWidth)
  }

  /// A disc.
  static func dot(_ x: Float, _ y: Float, _ radius: Float) -> SignedDistance {
    .disc(center: SIMD2(x, y), radius: radius)
  }

  /// A rectangle from one corner to the opposite one.
  static func block(_ left: Float, _ top: Float, _ right: Float, _ bottom: Float) -> SignedDistance {
    .box(
      center: SIMD2((left + right) / 2, (top + bottom) / 2), halfSize: SIMD2((right - left) / 2, (bottom - top) / 2))
  }

  /// The shape after scaling about the origin and then moving.
  func placed(x: Float, y: Float, scale: Float = 1) -> SignedDistance {
    func move(_ point: SIMD2<Float>) -> SIMD2<Float> { point * scale + SIMD2(x, y) }
    return switch self {
    case .disc(let center, let radius): .disc(center: move(center), radius: radius * scale)
    case .segment(let from, let to, let halfWidth):
      .segment(from: move(from), to: move(to), halfWidth: halfWidth * scale)
    case .box(let center, let halfSize): .box(center: move(center), halfSize: halfSize * scale)
    case .ring(let center, let radius, let halfWidth):
      .ring(center: move(center), radius: radius * scale, halfWidth: halfWidth * scale)
    case .arc(let center, let radius, let halfWidth, let direction, let halfSpan):
      .arc(
        center: move(center), radius: radius * scale, halfWidth: halfWidth * scale, direction: direction,
        halfSpan: halfSpan)
    case .polygon(let corners, let radius): .polygon(corners: corners.map(move), radius: radius * scale)
    }
  }

  /// The shape mirrored left to right.
  var mirrored: SignedDistance {
    func flip(_ point: SIMD2<Float>) -> SIMD2<Float> { SIMD2(-point.x, point.y) }
    return switch self {
    case .disc(let center, let radius): .disc(center: flip(center), radius: radius)
    case .segment(let from, let to, let halfWidth): .segment(from: flip(from), to: flip(to), halfWidth: halfWidth)
    case .box(let center, let halfSize): .box(center: flip(center), halfSize: halfSize)
    case .ring(let center, let radius, let halfWidth):
      .ring(center: flip(center), radius: radius, halfWidth: halfWidth)
    case .arc(let center, let radius, let halfWidth, let direction, let halfSpan):
      .arc(
        center: flip(center), radius: radius, halfWidth: halfWidth, direction: flip(direction), halfSpan: halfSpan)
    case .polygon(let corners, let radius): .polygon(corners: corners.map(flip).reversed(), radius: radius)
    }
  }
}
