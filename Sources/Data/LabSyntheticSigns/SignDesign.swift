import Foundation

/// The colours of the signs, before light and wear.
enum SignPaint: CaseIterable {
  case white, black, red, blue, yellow, gray, amber, green

  /// Red, green and blue between 0 and 1.
  var color: SIMD3<Float> {
    switch self {
    case .white: SIMD3(0.93, 0.93, 0.91)
    case .black: SIMD3(0.08, 0.08, 0.09)
    case .red: SIMD3(0.80, 0.10, 0.12)
    case .blue: SIMD3(0.07, 0.28, 0.66)
    case .yellow: SIMD3(0.96, 0.77, 0.08)
    case .gray: SIMD3(0.50, 0.50, 0.50)
    case .amber: SIMD3(0.95, 0.60, 0.05)
    case .green: SIMD3(0.08, 0.55, 0.22)
    }
  }
}

/// One class of sign: layers of paint within a circle of about radius 1, the first at the bottom.
package struct SignDesign {
  /// Shapes of one colour.
  struct Layer {
    var paint: SignPaint
    var shapes: [SignedDistance]
  }

  /// The name of the class.
  package var name: String
  /// The layers from the bottom up; the first is the plate.
  var layers: [Layer]

  private init(_ name: String, _ layers: [Layer]) {
    self.name = name
    self.layers = layers
  }

  /// The 43 classes in the order of their labels.
  package static let all: [SignDesign] = prohibitory + priority + warning + mandatory

  // MARK: Plates

  private static func redRing(_ name: String, _ layers: [Layer]) -> SignDesign {
    SignDesign(
      name, [Layer(paint: .red, shapes: [.dot(0, 0, 1)]), Layer(paint: .white, shapes: [.dot(0, 0, 0.77)])] + layers)
  }

  private static func endOf(_ name: String, _ layers: [Layer]) -> SignDesign {
    let stripes: [SignedDistance] = [-0.16, 0, 0.16].map { (offset: Float) in
      .line(-0.62 + offset, 0.62 + offset, 0.62 + offset, -0.62 + offset, 0.045)
    }
    let plate = [
      Layer(paint: .gray, shapes: [.dot(0, 0, 1)]), Layer(paint: .white, shapes: [.dot(0, 0, 0.93)]),
    ]
    return SignDesign(name, plate + layers + [Layer(paint: .black, shapes: stripes)])
  }

  private static func warningTriangle(_ name: String, _ layers: [Layer]) -> SignDesign {
    let corners = [SIMD2<Float>(0, -0.86), SIMD2(0.88, 0.66), SIMD2(-0.88, 0.66)]
    let center = SIMD2<Float>(0, 0.15)
    let inner = corners.map { ($0 - center) * 0.66 + center }
    return SignDesign(
      name,
      [
        Layer(paint: .red, shapes: [.polygon(corners: corners, radius: 0.1)]),
        Layer(paint: .white, shapes: [.polygon(corners: inner, radius: 0.06)]),
      ]
        + layers.map { layer in
          Layer(paint: layer.paint, shapes: layer.shapes.map { $0.placed(x: 0, y: 0.2, scale: 0.72) })
        })
  }

  private static func blueDisc(_ name: String, _ shapes: [SignedDistance]) -> SignDesign {
    SignDesign(
      name,
      [
        Layer(paint: .white, shapes: [.dot(0, 0, 1)]), Layer(paint: .blue, shapes: [.dot(0, 0, 0.94)]),
        Layer(paint: .white, shapes: shapes),
      ])
  }

  private static func black(_ shapes: [SignedDistance]) -> [Layer] { [Layer(paint: .black, shapes: shapes)] }

  // MARK: Classes

  private static let prohibitory: [SignDesign] =
    ["20", "30", "50", "60", "70", "80"].map {
      redRing("speed limit \($0)", black(SignGlyphs.text($0, height: 0.82)))
    }
    + ["100", "120"].map {
      redRing("speed limit \($0)", black(SignGlyphs.text($0, height: 0.66, advance: 0.72)))
    } + [
      endOf("end of speed limit 80", [Layer(paint: .gray, shapes: SignGlyphs.text("80", height: 0.9))]),
      endOf("end of all limits", []),
      redRing(
        "no overtaking",
        [
          Layer(paint: .red, shapes: SignPictograms.car(x: -0.34, scale: 0.8)),
          Layer(paint: .black, shapes: SignPictograms.car(x: 0.34, scale: 0.8)),
        ]),
      redRing("no lorries", black(SignPictograms.lorry)),
      redRing("no vehicles", []),
      SignDesign(
        "no entry",
        [
          Layer(paint: .red, shapes: [.dot(0, 0, 1)]),
          Layer(paint: .white, shapes: [.block(-0.72, -0.17, 0.72, 0.17)]),
        ]),
      redRing("no pedestrians", black(SignPictograms.person(x: 0, height: 1.05))),
      redRing("no bicycles", black(SignPictograms.bicycle)),
    ]

  private static let priority: [SignDesign] = {
    let down = [SIMD2<Float>(-0.88, -0.62), SIMD2(0.88, -0.62), SIMD2(0, 0.9)]
    let downCenter = SIMD2<Float>(0, -0.11)
    let octagon = (0..<8).map { index -> SIMD2<Float> in
      let angle = (Float(index) + 0.5) * .pi / 4
      return SIMD2(cosf(angle), sinf(angle))
    }
    let diamond = [SIMD2<Float>(0, -0.92), SIMD2(0.92, 0), SIMD2(0, 0.92), SIMD2(-0.92, 0)]
    return [
      SignDesign(
        "give way",
        [
          Layer(paint: .red, shapes: [.polygon(corners: down, radius: 0.1)]),
          Layer(
            paint: .white, shapes: [.polygon(corners: down.map { ($0 - downCenter) * 0.6 + downCenter }, radius: 0.06)]),
        ]),
      SignDesign(
        "stop",
        [
          Layer(paint: .white, shapes: [.polygon(corners: octagon, radius: 0)]),
          Layer(paint: .red, shapes: [.polygon(corners: octagon.map { $0 * 0.93 }, radius: 0)]),
          Layer(paint: .white, shapes: SignGlyphs.text("STOP", height: 0.56, advance: 0.76)),
        ]),
      SignDesign(
        "priority road",
        [
          Layer(paint: .white, shapes: [.polygon(corners: diamond, radius: 0.06)]),
          Layer(paint: .black, shapes: [.polygon(corners: diamond.map { $0 * 0.76 }, radius: 0.05)]),
          Layer(paint: .yellow, shapes: [.polygon(corners: diamond.map { $0 * 0.7 }, radius: 0.05)]),
        ]),
    ]
  }()

  private static let warning: [SignDesign] = [
    warningTriangle("caution", black(SignPictograms.exclamation)),
    warningTriangle("bend to the left", black(SignPictograms.bendRight.map(\.mirrored))),
    warningTriangle("bend to the right", black(SignPictograms.bendRight)),
    warningTriangle("double bend", black(SignPictograms.doubleBend)),
    warningTriangle("uneven road", black(SignPictograms.bumps)),
    warningTriangle("slippery road", black(SignPictograms.skid)),
    warningTriangle("road narrows", black(SignPictograms.narrowing)),
    warningTriangle("road works", black(SignPictograms.digger)),
    warningTriangle(
      "traffic lights",
      [
        Layer(paint: .black, shapes: [.block(-0.19, -0.56, 0.19, 0.56)]),
        Layer(paint: .red, shapes: [.dot(0, -0.37, 0.15)]), Layer(paint: .amber, shapes: [.dot(0, 0, 0.15)]),
        Layer(paint: .green, shapes: [.dot(0, 0.37, 0.15)]),
      ]),
    warningTriangle("pedestrians", black(SignPictograms.person(x: 0, height: 1.1))),
    warningTriangle(
      "children", black(SignPictograms.person(x: -0.26, height: 0.84) + SignPictograms.person(x: 0.28, height: 0.84))),
    warningTriangle("bicycles", black(SignPictograms.bicycle)),
    warningTriangle("snow and ice", black(SignPictograms.snowflake)),
    warningTriangle("wild animals", black(SignPictograms.deer)),
    warningTriangle("crossroads", black(SignPictograms.crossroads)),
  ]

  private static let mandatory: [SignDesign] = {
    let ahead = SignPictograms.arrow(SIMD2(0, 0.6), SIMD2(0, -0.66))
    let aheadOrRight =
      SignPictograms.arrow(SIMD2(-0.2, 0.6), SIMD2(-0.2, -0.66), head: 0.3)
      + SignPictograms.arrow(SIMD2(-0.2, 0.14), SIMD2(0.6, 0.14), head: 0.3)
    let keepRight = SignPictograms.arrow(SIMD2(-0.42, -0.42), SIMD2(0.5, 0.5))
    return [
      blueDisc("turn right", SignPictograms.turnRight),
      blueDisc("turn left", SignPictograms.turnRight.map(\.mirrored)),
      blueDisc("ahead only", ahead),
      blueDisc("ahead or right", aheadOrRight),
      blueDisc("ahead or left", aheadOrRight.map(\.mirrored)),
      blueDisc("keep right", keepRight),
      blueDisc("keep left", keepRight.map(\.mirrored)),
      blueDisc("roundabout", SignPictograms.roundabout),
      blueDisc("minimum speed 30", SignGlyphs.text("30", height: 0.9)),
    ]
  }()
}
