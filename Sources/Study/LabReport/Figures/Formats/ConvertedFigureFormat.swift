import Foundation

/// A format that librsvg's `rsvg-convert` writes.
struct ConvertedFigureFormat: FigureFormat {
  /// What it can write.
  enum Output: String {
    case pdf
    case png
  }

  private let output: Output

  init(_ output: Output) { self.output = output }

  var name: String { output.rawValue }
  let isText = false
  let isPicture = true

  /// The pixels of a PNG for each of the figure's, so that it is sharp on paper.
  private static let zoom = "2"

  /// Writes the figure on a ground that does not depend on the reader: a light one, unless a dark one is asked for.
  func render(_ figure: any Figure, kind: String, options: FigureOptions) throws(FigureError) -> Data {
    var options = options
    if options.theme == .automatic { options.theme = .light }
    let zoom = output == .png ? ["--zoom", ConvertedFigureFormat.zoom] : []
    return try ConvertedFigureFormat.converter.convert(
      Data(figure.svg(options).utf8), to: name, arguments: ["--format", name] + zoom)
  }

  private static let converter = FigureConverter(
    program: "rsvg-convert",
    remedy: "\"apt-get install librsvg2-bin\" (Debian, Ubuntu) or \"brew install librsvg\" (macOS) installs it")
}
