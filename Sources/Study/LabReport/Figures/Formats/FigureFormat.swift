import Foundation
import LabCore

/// A way to write a figure.
///
/// A new format is one file with a type that conforms to this, and its line in ``FigureFormats/registry``.
public protocol FigureFormat: Sendable {
  /// The name that a user gives, in lower case; files have it as their extension.
  var name: String { get }
  /// Whether it is text that a terminal shows.
  var isText: Bool { get }
  /// Whether it is a picture of a width and with colors, not the data of one.
  var isPicture: Bool { get }
  /// Writes a figure.
  ///
  /// - Throws: ``FigureError`` where another program should write it and cannot.
  func render(_ figure: any Figure, kind: String, options: FigureOptions) throws(FigureError) -> Data
}

/// The formats of figures that a user can choose from.
public enum FigureFormats {
  /// The formats in the order of help texts, the default first.
  public static let registry = Registry<any FigureFormat>(
    "figure formats",
    [SVGFigureFormat(), JSONFigureFormat(), ConvertedFigureFormat(.pdf), ConvertedFigureFormat(.png)]
  ) { [$0.name] }

  /// The format of a file by what its name ends with; the first where that is nothing.
  ///
  /// - Throws: ``FigureError/unknownFormat(_:available:)`` for an ending that no format has.
  public static func ofFile(_ path: String) throws(FigureError) -> any FigureFormat {
    let ending = (path as NSString).pathExtension.lowercased()
    guard let format = ending.isEmpty ? registry.entries.first : registry[ending] else {
      throw .unknownFormat(ending, available: registry.names)
    }
    return format
  }

  /// The format of a name.
  ///
  /// - Throws: ``FigureError/unknownFormat(_:available:)``.
  public static func named(_ name: String) throws(FigureError) -> any FigureFormat {
    guard let format = registry[name.lowercased()] else {
      throw .unknownFormat(name, available: registry.names)
    }
    return format
  }
}

/// The picture itself, which stands by itself and within a page.
struct SVGFigureFormat: FigureFormat {
  let name = "svg"
  let isText = true
  let isPicture = true

  /// Writes the picture.
  func render(_ figure: any Figure, kind: String, options: FigureOptions) -> Data { Data(figure.svg(options).utf8) }
}

/// The data with a Vega-Lite view of them, for those who draw them anew.
struct JSONFigureFormat: FigureFormat {
  let name = "json"
  let isText = true
  let isPicture = false

  /// Writes a Vega-Lite specification that holds its data.
  func render(_ figure: any Figure, kind: String, options: FigureOptions) -> Data {
    var members = figure.vegaLite
    members["$schema"] = .string(VegaLite.schema)
    members["title"] = .string(figure.title)
    members["description"] = .string(figure.summary)
    members["usermeta"] = ["figure": .string(kind)]
    return Data(JSONValue.object(members).printableText.utf8)
  }
}
