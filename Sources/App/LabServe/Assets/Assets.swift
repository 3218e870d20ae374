import Foundation
import LabCore
import LabReport

/// The files that pages need: a style sheet, a script and an icon, each with a digest of its content in its name, so that
/// browsers may keep it for ever.
package enum Assets {
  /// A file.
  package struct Asset: Sendable {
    /// Its name.
    let name: String
    /// What it is, for browsers.
    let type: String
    /// Its content.
    let content: Data

    init(_ name: String, _ fileExtension: String, type: String, _ text: String) {
      content = Data(text.utf8)
      self.name = "\(name)-\(ContentHash(of: content).short).\(fileExtension)"
      self.type = type
    }

    /// Its address.
    package var address: String { "/assets/\(name)" }
  }

  package static let style = Asset(
    "window", "css", type: "text/css; charset=utf-8", styleSheet + HTMLParts.figureStyleSheet)
  package static let script = Asset("window", "js", type: "text/javascript; charset=utf-8", program)
  static let askingScript = Asset("asking", "js", type: "text/javascript; charset=utf-8", askingProgram)
  static let pointingScript = Asset("pointing", "js", type: "text/javascript; charset=utf-8", pointingProgram)
  static let curvesScript = Asset("curves", "js", type: "text/javascript; charset=utf-8", curvesProgram)
  static let cellsScript = Asset("cells", "js", type: "text/javascript; charset=utf-8", cellsProgram)
  static let icon = Asset(
    "icon", "svg", type: "image/svg+xml",
    """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#0a58a8"/>\
    <rect x="3" y="8" width="2.6" height="5" fill="#fff"/><rect x="6.7" y="3" width="2.6" height="10" fill="#fff"/>\
    <rect x="10.4" y="6" width="2.6" height="7" fill="#fff"/></svg>

    """)

  /// The file of an address.
  ///
  /// - Throws: ``RequestProblem`` where there is none.
  static func response(_ path: [String]) throws(RequestProblem) -> Response {
    guard path.count == 2,
      let asset = [style, script, askingScript, pointingScript, curvesScript, cellsScript, icon]
        .first(where: { $0.name == path[1] })
    else {
      throw RequestProblem(status: 404, description: "there is no file of this address: load the page again")
    }
    return Response(
      type: asset.type,
      headers: [("Cache-Control", "public, max-age=31536000, immutable"), ("ETag", "\"\(asset.name)\"")],
      body: .data(asset.content))
  }
}
