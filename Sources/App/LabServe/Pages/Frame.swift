import Foundation
import LabCore
import LabReport

/// What all pages have around their content.
enum Frame {
  /// A step on the way to a page.
  struct Step {
    var title: String
    var address: String
  }

  /// A page.
  ///
  /// - Parameters:
  ///   - title: the title, as plain text.
  ///   - trail: the pages above it.
  ///   - content: what is in it, in HTML.
  ///   - isLive: whether the page follows changes of the store.
  ///   - scripts: further scripts.
  ///   - isAlone: whether there are no other pages.
  static func page(
    title: String, trail: [Step] = [], _ content: [String], isLive: Bool = true, scripts: [Assets.Asset] = [],
    isAlone: Bool = false
  ) -> String {
    let steps = isAlone ? trail : [Step(title: "labrun", address: "/")] + trail
    let further = scripts.map { "<script src=\"\($0.address)\" defer></script>" }
    let interface = isAlone ? "" : "<a href=\"/api\">API</a>"
    let links = steps.map { "<li><a href=\"\(escaped($0.address))\">\(escaped($0.title))</a></li>" }
    let lines =
      [
        "<!DOCTYPE html>", "<html lang=\"en\">", "<head>", "<meta charset=\"utf-8\">",
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
        "<meta name=\"color-scheme\" content=\"light dark\">", "<title>\(escaped(title)) · labrun</title>",
        "<link rel=\"icon\" href=\"\(Assets.icon.address)\" type=\"image/svg+xml\">",
        "<link rel=\"stylesheet\" href=\"\(Assets.style.address)\">",
        "<script src=\"\(Assets.script.address)\" defer></script>",
      ] + further + [
        "</head>", "<body\(isLive ? " data-live" : "")>", "<a class=\"skip\" href=\"#content\">Skip to the content</a>",
        "<header class=\"bar\">", "<nav aria-label=\"Where you are\"><ol>\(links.joined())</ol></nav>",
        "<p class=\"side\"><span id=\"state\" role=\"status\"></span>\(interface)</p>", "</header>",
        "<main id=\"content\">",
      ] + content + ["</main>", "</body>", "</html>"]
    return lines.joined(separator: "\n") + "\n"
  }

  /// A page that says what is wrong.
  ///
  /// - Parameters:
  ///   - problem: what is wrong.
  ///   - isAlone: whether there is but one page that asks a model.
  static func problem(_ problem: RequestProblem, isAlone: Bool = false) -> Response {
    let title = problem.status == 404 ? "Not found" : problem.status == 401 ? "A token is wanted" : "That does not work"
    let sentence = problem.description.prefix(1).uppercased() + problem.description.dropFirst() + "."
    return .page(
      page(
        title: title,
        [
          "<h1>\(escaped(title))</h1>", "<p>\(marked(sentence))</p>",
          "<p><a href=\"/\">\(isAlone ? "To the model" : "All sweeps")</a></p>",
        ],
        isLive: false, isAlone: isAlone), status: problem.status)
  }

  /// A sentence in which backquotes stand around what is code.
  private static func marked(_ sentence: String) -> String {
    let text = escaped(sentence)
    let parts = text.split(separator: "`", omittingEmptySubsequences: false)
    guard parts.count % 2 == 1 else { return text }
    return parts.enumerated().map { $0 % 2 == 1 ? "<code>\($1)</code>" : String($1) }.joined()
  }

  /// A part of a page with a heading, which is replaced as a whole when it has changed.
  ///
  /// - Parameters:
  ///   - anchor: what links lead to; unique within the page.
  ///   - title: the heading.
  ///   - content: what is in it, in HTML; nothing leaves the part out.
  static func section(_ anchor: String, _ title: String, _ content: [String]) -> [String] {
    guard !content.isEmpty else { return [] }
    return [
      "<section id=\"\(anchor)\" aria-labelledby=\"\(anchor)-title\">",
      "<h2 id=\"\(anchor)-title\">\(escaped(title))</h2>",
    ]
      + content + ["</section>"]
  }

  /// A section of a report; a table that has the section's title does not repeat it.
  static func section(_ section: ReportPage.Section) -> [String] {
    let blocks = section.blocks.map { block -> String in
      guard case .table(let table, _) = block, table.title == section.title else { return HTMLParts.block(block) }
      let count = table.rows.count { !$0.isTotal }
      return HTMLParts.table(table, caption: "\(NumberText.grouped(count)) \(table.title.lowercased())")
    }
    return Frame.section(section.anchor, section.title, blocks)
  }

  /// A section of a report with courses, below what chooses how they are drawn.
  static func courses(_ section: ReportPage.Section) -> [String] {
    var content = Frame.section(section)
    guard content.count > 2, content.contains(where: { $0.contains("<g class=\"plot\"") }) else { return content }
    // The heading stands above it, and not within what is replaced whenever a course has grown.
    let heading = content.remove(at: 1)
    return [heading, curveView] + content
  }

  /// What chooses how courses are drawn; it works by a script, which shows it.
  private static let curveView =
    "<div id=\"curve-view\" role=\"group\" aria-label=\"How courses are drawn\" hidden>"
    + "<label>smoothing <input type=\"range\" min=\"0\" max=\"0.99\" step=\"0.01\" value=\"0\"><output>0.00</output></label> "
    + "<label><input type=\"checkbox\" autocomplete=\"off\"> logarithmic</label> "
    + "<span><button type=\"button\" aria-label=\"fewer epochs\">+</button> "
    + "<button type=\"button\" aria-label=\"more epochs\">−</button> <button type=\"button\">reset</button></span> "
    + "<span role=\"status\">all epochs</span> <small>Draw over epochs to see only these; on a figure, keys + − 0, and "
    + "Shift with arrows</small></div>"

  /// Commands that do the same, each with a line; the script adds buttons that copy them.
  static func commands(_ commands: [[String]]) -> [String] {
    let lines = commands.map { words in
      "<li><code>\(HTMLParts.preformatted((["labrun"] + words.map(\.shellQuoted)).joined(separator: " ")))</code></li>"
    }
    return section("commands", "The same on the command line", ["<ul class=\"commands\">"] + lines + ["</ul>"])
  }

  /// How far something is.
  static func progress(_ share: Double) -> String {
    let percent = Int((min(1, max(0, share)) * 100).rounded(.down))
    return "<progress max=\"100\" value=\"\(percent)\" aria-label=\"trained\">\(percent) %</progress> "
      + "<span class=\"percent\">\(percent) %</span>"
  }

  /// The text as one part of an address.
  static func part(_ text: String) -> String {
    text.utf8.map { byte -> String in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "~"):
        return String(UnicodeScalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        return "%" + (digits.count == 1 ? "0" : "") + digits
      }
    }.joined()
  }

  /// An address with parameters.
  static func address(_ path: String, _ parameters: [(String, String)]) -> String {
    parameters.isEmpty ? path : path + "?" + parameters.map { "\(part($0))=\(part($1))" }.joined(separator: "&")
  }

  /// The text with everything escaped that could be read as markup.
  static func escaped(_ text: String) -> String { HTMLParts.escaped(text) }
}
