import Foundation
import LabReport
import Testing

/// Colours as people with any colour vision see them, and in grey.
@Suite struct PaletteTests {
  /// Of linear red, green and blue, for people without one kind of cone: Machado, Oliveira and Fernandes 2009, severity 1.
  private static let visions: [(name: String, matrix: [[Double]])] = [
    ("usual", [[1, 0, 0], [0, 1, 0], [0, 0, 1]]),
    (
      "protanopia",
      [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    (
      "deuteranopia",
      [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    (
      "tritanopia",
      [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
  ]

  /// L*, a* and b* of a colour, as a vision sees it.
  private func lab(_ color: UInt32, _ matrix: [[Double]] = visions[0].matrix) -> [Double] {
    let linear = [color >> 16 & 0xff, color >> 8 & 0xff, color & 0xff].map(Paint.linear)
    let seen = matrix.map { row in min(1, max(0, zip(row, linear).map(*).reduce(0, +))) }
    let toXYZ = [
      [0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041],
    ]
    let xyz = toXYZ.map { row in zip(row, seen).map(*).reduce(0, +) / row.reduce(0, +) }
    let f = xyz.map { $0 > 216.0 / 24389 ? cbrt($0) : (24389.0 / 27 * $0 + 16) / 116 }
    return [116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])]
  }

  private func distance(_ first: [Double], _ second: [Double]) -> Double {
    zip(first, second).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
  }

  private func contrast(_ first: UInt32, _ second: UInt32) -> Double {
    let values = [first, second].map(Paint.luminance).sorted()
    return (values[1] + 0.05) / (values[0] + 0.05)
  }

  private static let series = (0..<Paint.seriesCount).map(Paint.series) + [.ink]
  private static let verdicts = [Paint.better, .worse, .equivalent, .undecided]

  @Test(arguments: [series, verdicts], [\Paint.light, \Paint.dark] as [KeyPath<Paint, UInt32> & Sendable])
  func coloursAreToldApartByEverybody(_ paints: [Paint], _ ground: KeyPath<Paint, UInt32> & Sendable) {
    for vision in PaletteTests.visions {
      let seen = paints.map { lab($0[keyPath: ground], vision.matrix) }
      for (index, color) in seen.enumerated() {
        for other in seen.indices where other > index {
          #expect(distance(color, seen[other]) > 17, "\(paints[index].name), \(paints[other].name): \(vision.name)")
        }
      }
    }
    let grey = paints.map { lab($0[keyPath: ground])[0] }.sorted()
    #expect(zip(grey, grey.dropFirst()).allSatisfy { $1 - $0 > 6.5 }, "\(grey)")
    for paint in paints {
      let paper = Paint.paper[keyPath: ground]
      #expect(contrast(paint[keyPath: ground], paper) >= 3, "\(paint.name)")
    }
  }

  @Test(arguments: [\Paint.light, \Paint.dark] as [KeyPath<Paint, UInt32> & Sendable])
  func textsAreReadable(_ ground: KeyPath<Paint, UInt32> & Sendable) {
    for paint in [Paint.ink, .muted] {
      for behind in [Paint.paper, .region] {
        #expect(contrast(paint[keyPath: ground], behind[keyPath: ground]) >= 4.5, "\(paint.name) on \(behind.name)")
      }
    }
    for step in 0...64 {
      for paint in [Paint.share(Double(step) / 64), .change(Double(step) / 32 - 1)] {
        #expect(contrast(paint.label[keyPath: ground], paint[keyPath: ground]) >= 4.5, "\(paint.name)")
      }
    }
  }

  @Test(arguments: [\Paint.light, \Paint.dark] as [KeyPath<Paint, UInt32> & Sendable])
  func rampsGoOneWay(_ ground: KeyPath<Paint, UInt32> & Sendable) {
    for vision in PaletteTests.visions {
      for ramp in [{ Paint.share($0) }, { Paint.change($0) }, { Paint.change(-$0) }] as [(Double) -> Paint] {
        let lightness = (0...16).map { lab(ramp(Double($0) / 16)[keyPath: ground], vision.matrix)[0] }
        let steps = zip(lightness, lightness.dropFirst()).map { $1 - $0 }
        #expect(steps.allSatisfy { $0 > 0.5 } || steps.allSatisfy { $0 < -0.5 }, "\(vision.name)")
      }
    }
    #expect(Paint.share(.nan) == Paint.share(0) && Paint.change(.nan) == Paint.change(0))
    #expect(Paint.share(7) == Paint.share(1) && Paint.change(-7) == Paint.change(-1))
  }
}
