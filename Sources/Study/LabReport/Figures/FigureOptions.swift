/// For which ground a figure is coloured.
public enum FigureTheme: String, Sendable, CaseIterable {
  /// For the ground that the reader prefers, by style sheet; light where what shows the figure knows none.
  case automatic
  case light
  case dark
}

/// How a figure is drawn.
public struct FigureOptions: Sendable, Hashable {
  /// The width in pixels.
  public var width: Double
  /// The ground it is coloured for.
  public var theme: FigureTheme
  /// Whether the ground is drawn; what is behind the figure is seen otherwise.
  public var hasGround: Bool
  /// Whether the colors for a dark ground are part of the figure; a page around it has them otherwise.
  package var hasStyleSheet = true
  /// Whether lines have the numbers of their places with them, for a page that shows them where the pointer is.
  package var hasValues = false

  /// The least and greatest width in pixels.
  public static let widths = 320.0...4000.0

  /// Creates options.
  ///
  /// - Parameters:
  ///   - width: the width in pixels, moved into ``widths``.
  ///   - theme: the ground it is coloured for.
  ///   - hasGround: whether the ground is drawn.
  public init(width: Double = 760, theme: FigureTheme = .automatic, hasGround: Bool = true) {
    self.width =
      width.isFinite ? min(FigureOptions.widths.upperBound, max(FigureOptions.widths.lowerBound, width)) : 760
    self.theme = theme
    self.hasGround = hasGround
  }

  /// Creates options for a figure within a page.
  package init(width: Double, hasGround: Bool, hasStyleSheet: Bool, hasValues: Bool = false) {
    self.init(width: width, hasGround: hasGround)
    self.hasStyleSheet = hasStyleSheet
    self.hasValues = hasValues
  }
}
