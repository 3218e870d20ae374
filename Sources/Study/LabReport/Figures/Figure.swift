import LabCore

/// A picture of data that says what it shows.
///
/// It is a value made of ``FigureData``; formats (``FigureFormats``) write it.
public protocol Figure: Sendable {
  /// The title.
  var title: String { get }
  /// What the picture shows, in sentences with its numbers, for those who do not see it.
  var summary: String { get }
  /// Draws the picture; the canvas has its width, and grows downwards.
  func draw(on canvas: inout Canvas)
  /// The data, and a Vega-Lite view of them: the members of a specification but for its `$schema`, `title` and
  /// `description`.
  var vegaLite: [String: JSONValue] { get }
}

extension Figure {
  /// The picture as text in the format SVG 1.1, which stands by itself and within a page.
  public func svg(_ options: FigureOptions = .init()) -> String {
    drawn(options).svg(
      title: title, summary: summary, hasGround: options.hasGround, hasStyleSheet: options.hasStyleSheet)
  }

  /// The picture with where its parts are.
  package func drawn(_ options: FigureOptions = .init()) -> Canvas {
    var canvas = Canvas(width: options.width, theme: options.theme)
    canvas.hasValues = options.hasValues
    draw(on: &canvas)
    return canvas
  }
}

/// A kind of figure that a user can ask for.
///
/// A new kind is one file with a type that conforms to ``Figure`` and its kind, and its line in ``Figures/registry``;
/// another package adds its own to the registry.
public struct FigureKind: Sendable {
  /// The name that a user gives, in lower case.
  public let name: String
  /// The name that people read.
  public let title: String
  /// What it shows, in a sentence.
  public let summary: String
  /// The data that it cannot do without.
  public let needs: [FigureData.Part]
  private let make: @Sendable (FigureData) -> any Figure

  /// Creates a kind.
  ///
  /// - Parameters:
  ///   - name: the name that a user gives, in lower case.
  ///   - title: the name that people read.
  ///   - summary: what it shows, in a sentence.
  ///   - needs: the data that it cannot do without.
  ///   - make: makes the figure of data that have what it needs.
  public init(
    _ name: String, title: String, summary: String, needs: [FigureData.Part],
    make: @escaping @Sendable (FigureData) -> any Figure
  ) {
    self.name = name
    self.title = title
    self.summary = summary
    self.needs = needs
    self.make = make
  }

  /// The figure of data.
  ///
  /// - Throws: ``FigureError/missingData(kind:part:)``.
  public func figure(of data: FigureData) throws(FigureError) -> any Figure {
    if let part = needs.first(where: { !data.parts.contains($0) }) {
      throw FigureError.missingData(kind: name, part: part)
    }
    return make(data)
  }
}

/// The kinds of figures that a user can choose from.
public enum Figures {
  /// The kinds in the order of help texts and reports.
  public static let registry = Registry<FigureKind>(
    "figures",
    [
      ForestFigure.kind, InteractionFigure.kind, HalfNormalFigure.kind, CurveFigure.kind, SeedFigure.kind,
      ParetoFigure.kind, ClassFigure.kind, ConfusionFigure.kind, ReliabilityFigure.kind, RankFigure.kind,
      ImportanceFigure.kind, LesionFigure.kind,
    ]
  ) { [$0.name] }

  /// The kind of a name.
  ///
  /// - Throws: ``FigureError/unknownKind(_:available:)``.
  public static func named(_ name: String) throws(FigureError) -> FigureKind {
    guard let kind = registry[name.lowercased()] else {
      throw .unknownKind(name, available: registry.names)
    }
    return kind
  }
}
