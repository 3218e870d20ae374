import Foundation

/// The pictures on the signs, about one unit in size and centred on the origin.
enum SignPictograms {
  static func person(x: Float, height: Float) -> [SignedDistance] {
    let strokes: [SignedDistance] = [
      .dot(0, -0.4, 0.12), .line(0, -0.2, 0.02, 0.08, 0.09), .line(0.02, 0.08, 0.2, 0.46, 0.06),
      .line(0.02, 0.08, -0.2, 0.46, 0.06), .line(0, -0.18, 0.24, 0.04, 0.05), .line(0, -0.18, -0.24, 0.02, 0.05),
    ]
    return strokes.map { $0.placed(x: x, y: 0, scale: height) }
  }

  static let digger: [SignedDistance] = [
    .dot(-0.02, -0.42, 0.11), .line(-0.04, -0.22, -0.2, 0.06, 0.1), .line(-0.2, 0.06, -0.02, 0.42, 0.06),
    .line(-0.2, 0.06, -0.38, 0.42, 0.06), .line(-0.04, -0.2, 0.14, 0.02, 0.05), .line(-0.12, -0.14, 0.38, 0.24, 0.04),
    .polygon(corners: [SIMD2(0.36, 0.2), SIMD2(0.56, 0.46), SIMD2(0.16, 0.46)], radius: 0.02),
  ]

  static let bicycle: [SignedDistance] = [
    .ring(center: SIMD2(-0.34, 0.16), radius: 0.22, halfWidth: 0.045),
    .ring(center: SIMD2(0.34, 0.16), radius: 0.22, halfWidth: 0.045),
    .line(-0.34, 0.16, -0.12, -0.18, 0.045), .line(-0.12, -0.18, 0.24, -0.18, 0.045),
    .line(0.24, -0.18, 0, 0.16, 0.045), .line(-0.12, -0.18, 0, 0.16, 0.045), .line(0, 0.16, -0.34, 0.16, 0.045),
    .line(0.34, 0.16, 0.2, -0.36, 0.045), .line(0.2, -0.36, 0.34, -0.38, 0.05), .line(-0.22, -0.28, -0.04, -0.28, 0.05),
  ]

  /// A car seen from the front.
  static func car(x: Float, scale: Float) -> [SignedDistance] {
    let shapes: [SignedDistance] = [
      .block(-0.34, -0.04, 0.34, 0.22),
      .polygon(corners: [SIMD2(-0.18, -0.28), SIMD2(0.18, -0.28), SIMD2(0.27, 0), SIMD2(-0.27, 0)], radius: 0.03),
      .block(-0.32, 0.2, -0.16, 0.36), .block(0.16, 0.2, 0.32, 0.36),
    ]
    return shapes.map { $0.placed(x: x, y: 0, scale: scale) }
  }

  /// A lorry seen from the side.
  static let lorry: [SignedDistance] = [
    .block(-0.56, -0.34, 0.14, 0.2), .block(0.18, -0.14, 0.5, 0.2), .dot(-0.36, 0.26, 0.13), .dot(0.3, 0.26, 0.13),
  ]

  static let deer: [SignedDistance] = [
    .line(-0.3, 0, 0.18, -0.08, 0.13), .line(-0.34, 0.04, -0.48, 0.42, 0.045), .line(-0.28, 0.06, -0.26, 0.44, 0.045),
    .line(0.16, 0, 0.2, 0.44, 0.045), .line(0.2, -0.04, 0.44, 0.32, 0.045), .line(0.2, -0.12, 0.32, -0.4, 0.07),
    .line(0.32, -0.4, 0.48, -0.34, 0.06), .line(0.3, -0.44, 0.16, -0.66, 0.03), .line(0.32, -0.44, 0.36, -0.68, 0.03),
    .line(0.22, -0.56, 0.08, -0.56, 0.03),
  ]

  static let snowflake: [SignedDistance] = [0, 60, 120].flatMap { (degrees: Float) -> [SignedDistance] in
    let direction = rotated(SIMD2(1, 0), by: degrees)
    let tips: [SignedDistance] = [1, -1].flatMap { (end: Float) -> [SignedDistance] in
      [35, -35].map { (spread: Float) -> SignedDistance in
        let from = direction * (0.26 * end)
        return .segment(from: from, to: from + rotated(direction * end, by: spread) * 0.2, halfWidth: 0.035)
      }
    }
    return [.segment(from: direction * -0.48, to: direction * 0.48, halfWidth: 0.05)] + tips
  }

  /// A straight arrow from one point to another, with its head at the second.
  static func arrow(
    _ from: SIMD2<Float>, _ to: SIMD2<Float>, halfWidth: Float = 0.11, head: Float = 0.34
  ) -> [SignedDistance] {
    let along = to - from
    let direction = along / (along * along).sum().squareRoot()
    let across = SIMD2(-direction.y, direction.x)
    let neck = to - direction * head
    return [
      .segment(from: from, to: neck, halfWidth: halfWidth),
      .polygon(corners: [to, neck + across * (head * 0.8), neck - across * (head * 0.8)], radius: 0.02),
    ]
  }

  /// An arrow that comes from below and turns to the right.
  static let turnRight: [SignedDistance] =
    [.line(-0.28, 0.5, -0.28, -0.08, 0.11)] + arrow(SIMD2(-0.28, -0.1), SIMD2(0.56, -0.1))

  /// A line that bends to the right on its way up.
  static let bendRight: [SignedDistance] =
    [.line(-0.2, 0.46, -0.2, 0.1, 0.09), .line(-0.2, 0.1, 0.08, -0.2, 0.09)]
    + arrow(SIMD2(0.08, -0.2), SIMD2(0.3, -0.44), halfWidth: 0.09, head: 0.26)

  static let doubleBend: [SignedDistance] = [
    .line(-0.2, 0.46, -0.2, 0.24, 0.09), .line(-0.2, 0.24, 0.18, 0, 0.09), .line(0.18, 0, -0.2, -0.24, 0.09),
    .line(-0.2, -0.24, -0.2, -0.46, 0.09),
  ]

  static let bumps: [SignedDistance] = [
    .block(-0.56, 0.18, 0.56, 0.32), .arc(-0.25, 0.2, radius: 0.17, halfWidth: 0.09, from: 180, to: 360),
    .arc(0.25, 0.2, radius: 0.17, halfWidth: 0.09, from: 180, to: 360), .dot(-0.25, 0.14, 0.12), .dot(0.25, 0.14, 0.12),
  ]

  static let skid: [SignedDistance] =
    car(x: 0, scale: 0.8).map { $0.placed(x: 0, y: -0.2) } + [
      .line(-0.2, 0.16, -0.32, 0.3, 0.05), .line(-0.32, 0.3, -0.16, 0.42, 0.05), .line(-0.16, 0.42, -0.28, 0.54, 0.05),
      .line(0.2, 0.16, 0.08, 0.3, 0.05), .line(0.08, 0.3, 0.24, 0.42, 0.05), .line(0.24, 0.42, 0.12, 0.54, 0.05),
    ]

  static let narrowing: [SignedDistance] = [
    .line(-0.24, 0.46, -0.24, -0.46, 0.08), .line(0.34, 0.46, 0.34, 0.14, 0.08), .line(0.34, 0.14, 0.06, -0.12, 0.08),
    .line(0.06, -0.12, 0.06, -0.46, 0.08),
  ]

  static let crossroads: [SignedDistance] = [
    .line(-0.32, -0.36, 0.32, 0.4, 0.1), .line(0.32, -0.36, -0.32, 0.4, 0.1),
  ]

  static let exclamation: [SignedDistance] = [
    .polygon(
      corners: [SIMD2(-0.1, -0.5), SIMD2(0.1, -0.5), SIMD2(0.05, 0.14), SIMD2(-0.05, 0.14)], radius: 0.04),
    .dot(0, 0.38, 0.12),
  ]

  /// Three arrows that chase each other round a circle.
  static let roundabout: [SignedDistance] = [0, 120, 240].flatMap { (degrees: Float) -> [SignedDistance] in
    let tip = rotated(SIMD2(0.46, 0), by: degrees + 100)
    let tangent = rotated(SIMD2(0, 1), by: degrees + 100)
    let outward = rotated(SIMD2(1, 0), by: degrees + 100)
    return [
      .arc(0, 0, radius: 0.46, halfWidth: 0.09, from: degrees + 15, to: degrees + 85),
      .polygon(
        corners: [tip + tangent * 0.12, tip - tangent * 0.16 - outward * 0.22, tip - tangent * 0.16 + outward * 0.22],
        radius: 0.02),
    ]
  }

  private static func rotated(_ vector: SIMD2<Float>, by degrees: Float) -> SIMD2<Float> {
    let angle = degrees * .pi / 180
    let (cosine, sine) = (cosf(angle), sinf(angle))
    return SIMD2(vector.x * cosine - vector.y * sine, vector.x * sine + vector.y * cosine)
  }
}
