import Foundation

/// A colour of a figure, on a light ground and on a dark one.
///
/// The colours of ``series(_:)`` are a variant of those by Okabe and Ito, with their hues, but with lightness in steps:
/// they stay apart for people with any colour vision, and in grey, and all have a contrast of three or more to the
/// ground. What has a colour has a shape, a dash or a label too.
///
/// - Source: Okabe and Ito, Color Universal Design, 2008; Machado, Oliveira and Fernandes, IEEE Transactions on
///   Visualization and Computer Graphics 15, 2009, for the simulation of colour vision that the tests use.
public struct Paint: Sendable, Hashable {
  /// A name that tells it from all others, of letters, digits and hyphens.
  public let name: String
  /// The colour on a light ground as 0xRRGGBB.
  public let light: UInt32
  /// The colour on a dark ground as 0xRRGGBB.
  public let dark: UInt32

  /// Creates a colour.
  ///
  /// - Parameters:
  ///   - name: a name that no other colour has, of letters, digits and hyphens.
  ///   - light: the colour on a light ground as 0xRRGGBB.
  ///   - dark: the colour on a dark ground as 0xRRGGBB.
  public init(_ name: String, light: UInt32, dark: UInt32) {
    self.name = name
    self.light = light
    self.dark = dark
  }

  /// The ground.
  public static let paper = Paint("paper", light: 0xffffff, dark: 0x0d1117)
  /// Texts, axes, and what everything is compared with.
  public static let ink = Paint("ink", light: 0x1f2328, dark: 0xe6edf3)
  /// Texts of less importance.
  public static let muted = Paint("muted", light: 0x59636e, dark: 0x9198a1)
  /// Lines of a grid.
  public static let grid = Paint("grid", light: 0xd8dee4, dark: 0x30363d)
  /// What lies behind data, such as the region of equivalence.
  public static let region = Paint("region", light: 0xe9edf1, dark: 0x21262d)

  /// Better than what it is compared with.
  public static let better = Paint("better", light: 0x0a58a8, dark: 0x79b8ff)
  /// Worse than what it is compared with.
  public static let worse = Paint("worse", light: 0xc8501e, dark: 0xe07b4f)
  /// As good as what it is compared with.
  public static let equivalent = Paint("equivalent", light: 0x1f2328, dark: 0xe6edf3)
  /// Neither of these is known.
  public static let undecided = Paint("undecided", light: 0x8a9099, dark: 0x7d8590)

  private static let lightSeries: [UInt32] = [0x63699c, 0x812b10, 0x45a570, 0x64006d, 0x9a7c36, 0x00646b]
  private static let darkSeries: [UInt32] = [0x73b0fb, 0xc66f51, 0x7aeaaa, 0xe1b1e2, 0xbc9431, 0x008099]

  /// How many series have a colour of their own; more of them need panels of their own.
  public static let seriesCount = lightSeries.count

  /// The colour of the series of an index, from 0; they begin anew after ``seriesCount``.
  public static func series(_ index: Int) -> Paint {
    let index = index % seriesCount
    return Paint("series-\(index)", light: lightSeries[index], dark: darkSeries[index])
  }

  /// The steps of ``share(_:)``, and of each half of ``change(_:)``.
  static let steps = 16

  /// The colour of a share from 0 to 1: from nearly the ground's to a strong one.
  public static func share(_ share: Double) -> Paint {
    let step = step(share)
    let part = Double(step) / Double(steps)
    return Paint(
      "share-\(step)", light: mixed(0xf3f5f8, 0x0a3f7a, part), dark: mixed(0x161b22, 0x9dccff, part))
  }

  /// The colour of a change from −1, the worst, by 0 to 1, the best.
  public static func change(_ change: Double) -> Paint {
    let step = step(abs(change))
    let part = Double(step) / Double(steps)
    if change < 0, step > 0 {
      return Paint("loss-\(step)", light: mixed(0xf3f5f8, 0xb8450f, part), dark: mixed(0x161b22, 0xf0986a, part))
    }
    return Paint("gain-\(step)", light: mixed(0xf3f5f8, 0x0a58a8, part), dark: mixed(0x161b22, 0x79b8ff, part))
  }

  /// The colour of a text on this colour.
  package var label: Paint {
    func reader(_ color: UInt32) -> UInt32 {
      // The one of black and white that has more contrast.
      let luminance = Paint.luminance(color) + 0.05
      return luminance * luminance > 1.05 * 0.05 ? 0x000000 : 0xffffff
    }
    return Paint("\(name)-label", light: reader(light), dark: reader(dark))
  }

  /// Every colour that the figures of this package have, with those of texts on it.
  package static var all: [Paint] {
    let shares = (0...steps).map { share(Double($0) / Double(steps)) }
    let changes = (-steps...steps).map { change(Double($0) / Double(steps)) }
    let plain = [paper, ink, muted, grid, region, better, worse, equivalent, undecided]
    let maps = shares + changes
    return plain + (0..<seriesCount).map(series) + maps + maps.map(\.label)
  }

  private static func step(_ share: Double) -> Int {
    share.isFinite ? Int((min(1, max(0, share)) * Double(steps)).rounded()) : 0
  }

  private static func mixed(_ first: UInt32, _ second: UInt32, _ part: Double) -> UInt32 {
    [16, 8, 0].reduce(0) { color, shift in
      let (a, b) = (Double(first >> UInt32(shift) & 0xff), Double(second >> UInt32(shift) & 0xff))
      return color | UInt32((a + (b - a) * part).rounded()) << UInt32(shift)
    }
  }

  /// The relative luminance of an sRGB colour, from 0 to 1.
  package static func luminance(_ color: UInt32) -> Double {
    zip([16, 8, 0], [0.2126, 0.7152, 0.0722]).reduce(0) { sum, part in
      sum + part.1 * linear(color >> UInt32(part.0) & 0xff)
    }
  }

  /// The linear intensity of an sRGB value from 0 to 255.
  package static func linear(_ value: UInt32) -> Double {
    let share = Double(value) / 255
    return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
  }
}
