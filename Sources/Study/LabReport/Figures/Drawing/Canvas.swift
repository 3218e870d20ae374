import Foundation
import LabCore

/// A picture that is being drawn: its width is given, its height is what its parts take.
///
/// Coordinates are pixels from the upper left corner, to the right and down. Nothing that is no finite number is drawn.
public struct Canvas: Sendable {
  /// The width in pixels.
  public let width: Double
  /// Where the texts are that have been drawn, without those in cells of a map of colours.
  package private(set) var textBoxes = [(text: String, box: Box)]()
  /// What holds everything that has been drawn; nil before anything was.
  package private(set) var bounds: Box?
  private var elements = [String]()
  private var paints = Set<Paint>()
  private let theme: FigureTheme
  /// Whether lines have the numbers of their places with them.
  var hasValues = false
  /// Whether something that is drawn leads somewhere.
  private var hasLinks = false

  /// The numbers of a line's places, as they are told where the pointer is.
  struct Values {
    /// What the line is of.
    var label: String
    /// What stands before each number to the right, such as `epoch`.
    var name: String
    /// The numbers to the right, one a place.
    var positions: [Int]
    /// The numbers upwards, one a place.
    var numbers: [Double]
    /// The numbers upwards as texts, one a place.
    var texts: [String]
  }

  /// The distance of everything to the picture's edges in pixels.
  public static let margin = 14.0

  init(width: Double, theme: FigureTheme) {
    self.width = width
    self.theme = theme
  }

  /// The height of what has been drawn, with the margin below it.
  public var height: Double { ((bounds?.bottom ?? 0) + Canvas.margin).rounded(.up) }

  // MARK: Drawing

  /// Writes a line of text.
  ///
  /// - Parameters:
  ///   - text: the text; characters that would steer what shows it are made visible.
  ///   - place: the base line's end or middle.
  ///   - size: the font's size in pixels.
  ///   - anchor: where the text stands from its place on.
  ///   - isBold: whether it is bold.
  ///   - paint: its colour.
  ///   - room: the greatest width in pixels; a longer text is cut, and shown whole where the pointer is.
  ///   - isUpright: whether it is written upwards.
  ///   - hasHalo: whether the ground's colour keeps it apart from what passes behind it.
  public mutating func text(
    _ text: String, at place: Point, size: Double = 12, anchor: Anchor = .start, isBold: Bool = false,
    paint: Paint = .ink, room: Double = .infinity, isUpright: Bool = false,
    hasHalo: Bool = false
  ) {
    let whole = text.singleLine
    let shown = TextMeasure.shortened(whole, to: room, size: size, isBold: isBold)
    guard !shown.isEmpty, place.x.isFinite, place.y.isFinite else { return }
    let box = Canvas.textBox(shown, at: place, size: size, anchor: anchor, isBold: isBold, isUpright: isUpright)
    textBoxes.append((shown, box))
    extend(by: box)
    let hint = shown == whole ? "" : "<title>\(Canvas.escaped(whole))</title>"
    let turn = isUpright ? " transform=\"rotate(-90 \(number(place.x)) \(number(place.y)))\"" : ""
    elements.append(
      "<text x=\"\(number(place.x))\" y=\"\(number(place.y))\" font-size=\"\(number(size))\""
        + (anchor == .start ? "" : " text-anchor=\"\(anchor.rawValue)\"") + (isBold ? " font-weight=\"600\"" : "")
        + (hasHalo ? " paint-order=\"stroke\" stroke-linejoin=\"round\"" : "") + turn
        + "\(look(fill: paint, stroke: hasHalo ? .paper : nil, width: 4))>\(hint)\(Canvas.escaped(shown))</text>")
  }

  /// The rectangle that a text takes.
  package static func textBox(
    _ text: String, at place: Point, size: Double = 12, anchor: Anchor = .start, isBold: Bool = false,
    isUpright: Bool = false
  ) -> Box {
    let width = TextMeasure.width(of: text, size: size, isBold: isBold)
    let shift = anchor == .start ? 0 : anchor == .middle ? -width / 2 : -width
    if isUpright {
      return Box(
        left: place.x - 0.78 * size, top: place.y - shift - width, right: place.x + 0.24 * size,
        bottom: place.y - shift)
    }
    return Box(
      left: place.x + shift, top: place.y - 0.78 * size, right: place.x + shift + width, bottom: place.y + 0.24 * size)
  }

  /// Draws a line through places.
  public mutating func line(
    _ places: [Point], paint: Paint = .ink, width: Double = 1, dash: Dash = .solid, opacity: Double = 1
  ) {
    let places = places.filter { $0.x.isFinite && $0.y.isFinite }
    guard places.count > 1 else { return }
    extend(by: places)
    let path = places.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
    elements.append(
      "<polyline points=\"\(path)\"\(look(fill: nil, stroke: paint, width: width)) stroke-linejoin=\"round\""
        + (dash == .solid ? "" : " stroke-dasharray=\"\(dash.rawValue)\"") + transparency(opacity) + "/>")
  }

  /// Draws a line through places that have numbers.
  ///
  /// Only a page that shows them has them in its figures: they double a line's length.
  mutating func line(
    _ places: [Point], paint: Paint, width: Double, dash: Dash, values: Values
  ) {
    let count = elements.count
    line(places, paint: paint, width: width, dash: dash)
    guard hasValues, elements.count == count + 1, places.allSatisfy({ $0.x.isFinite && $0.y.isFinite }) else { return }
    let attributes = [
      ("label", values.label), ("name", values.name),
      ("at", values.positions.map(String.init).joined(separator: " ")),
      ("values", values.texts.joined(separator: "|")),
      ("y", values.numbers.map { Printf.text("%.6g", $0) }.joined(separator: " ")),
    ].map { " data-\($0)=\"\(Canvas.escaped($1))\"" }
    elements[count] = "<polyline" + attributes.joined() + elements[count].dropFirst("<polyline".count)
  }

  /// Begins a group by whose name a page's script finds what is drawn until ``endGroup()``; only pages that have such scripts
  /// have groups in their figures.
  ///
  /// - Parameters:
  ///   - name: what it consists of.
  ///   - numbers: what the script has to know, by name.
  mutating func beginGroup(_ name: String, _ numbers: [(name: String, values: [Double])] = []) {
    guard hasValues else { return }
    let attributes = numbers.map { number in
      " data-\(number.name)=\"\(number.values.map { Printf.text("%.10g", $0) }.joined(separator: " "))\""
    }
    elements.append("<g class=\"\(name)\"\(attributes.joined())>")
  }

  /// Ends the group that was begun last.
  mutating func endGroup() {
    if hasValues { elements.append("</g>") }
  }

  /// Fills what lies between places that go around it.
  public mutating func area(_ places: [Point], paint: Paint, opacity: Double = 1) {
    let places = places.filter { $0.x.isFinite && $0.y.isFinite }
    guard places.count > 2 else { return }
    extend(by: places)
    let path = places.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
    elements.append("<polygon points=\"\(path)\"\(look(fill: paint))\(transparency(opacity))/>")
  }

  /// Draws a rectangle.
  ///
  /// - Parameters:
  ///   - box: where it is.
  ///   - paint: what fills it; nil for nothing.
  ///   - outline: the colour of its edge; nil for none.
  ///   - opacity: from 0 to 1.
  ///   - hint: what is shown where the pointer is.
  public mutating func rectangle(
    _ box: Box, fill paint: Paint?, outline: Paint? = nil, opacity: Double = 1, hint: String? = nil
  ) {
    guard [box.left, box.top, box.width, box.height].allSatisfy(\.isFinite), box.width >= 0, box.height >= 0 else {
      return
    }
    extend(by: box)
    elements.append(
      "<rect x=\"\(number(box.left))\" y=\"\(number(box.top))\" width=\"\(number(box.width))\" "
        + "height=\"\(number(box.height))\"\(look(fill: paint, stroke: outline))\(transparency(opacity))"
        + closing("rect", hint))
  }

  /// Draws a shape around a place.
  ///
  /// - Parameters:
  ///   - shape: the shape.
  ///   - place: its middle.
  ///   - size: its diameter in pixels.
  ///   - paint: its colour.
  ///   - opacity: from 0 to 1.
  ///   - hint: what is shown where the pointer is.
  public mutating func mark(
    _ shape: MarkShape, at place: Point, size: Double = 8, paint: Paint, opacity: Double = 1, hint: String? = nil
  ) {
    guard place.x.isFinite, place.y.isFinite else { return }
    extend(by: Box(left: place.x, top: place.y, right: place.x, bottom: place.y).expanded(by: size / 2 + 1))
    let look = shape.isOpen ? look(fill: .paper, stroke: paint, width: 1.6) : look(fill: paint)
    if shape == .circle || shape == .ring {
      elements.append(
        "<circle cx=\"\(number(place.x))\" cy=\"\(number(place.y))\" r=\"\(number(size / 2))\"\(look)"
          + transparency(opacity) + closing("circle", hint))
      return
    }
    let path = shape.corners(around: place, size: size).map { "\(number($0.x)),\(number($0.y))" }
    elements.append(
      "<polygon points=\"\(path.joined(separator: " "))\"\(look)\(transparency(opacity))" + closing("polygon", hint))
  }

  // MARK: Writing

  /// The picture as text in the format SVG 1.1, with one line an element.
  func svg(title: String, summary: String, hasGround: Bool, hasStyleSheet: Bool = true) -> String {
    let (width, height) = (number(self.width), number(self.height))
    var canvas = self
    let ground = hasGround ? ["<rect width=\"\(width)\" height=\"\(height)\"\(canvas.look(fill: .paper))/>"] : []
    let sheet = hasStyleSheet ? canvas.styleSheet : []
    return
      ([
        // What is within an image cannot be used by itself.
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"\(hasLinks ? "group" : "img")\" width=\"\(width)\" height=\"\(height)\" "
          + "viewBox=\"0 0 \(width) \(height)\" font-family=\"\(TextMeasure.fonts)\">",
        "<title>\(Canvas.escaped(title))</title>", "<desc>\(Canvas.escaped(summary))</desc>",
      ] + sheet + ground + canvas.elements + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  /// The rules for a dark ground.
  ///
  /// Attributes of each element say the colours for a light one, so that a viewer which
  /// knows no style sheets shows these.
  private var styleSheet: [String] {
    guard theme == .automatic else { return [] }
    let rules = paints.sorted { $0.name < $1.name }.map { paint in
      ".f-\(paint.name){fill:\(Canvas.hex(paint.dark))}.s-\(paint.name){stroke:\(Canvas.hex(paint.dark))}"
    }
    return ["<style>@media (prefers-color-scheme:dark){\(rules.joined())}</style>"]
  }

  /// The attributes of an element's colours.
  private mutating func look(fill: Paint?, stroke: Paint? = nil, width: Double = 1) -> String {
    let parts = [("fill", fill), ("stroke", stroke)].compactMap { name, paint in paint.map { (name, $0) } }
    paints.formUnion(parts.map(\.1))
    let colors = parts.map { " \($0)=\"\(Canvas.hex(theme == .dark ? $1.dark : $1.light))\"" }.joined()
    let classes = parts.map { "\($0.prefix(1))-\($1.name)" }.joined(separator: " ")
    return (fill == nil ? " fill=\"none\"" : "") + colors + (stroke == nil ? "" : " stroke-width=\"\(number(width))\"")
      + (theme == .automatic && !classes.isEmpty ? " class=\"\(classes)\"" : "")
  }

  static func hex(_ color: UInt32) -> String {
    let digits = String(color, radix: 16)
    return "#" + String(repeating: "0", count: 6 - digits.count) + digits
  }

  private func transparency(_ opacity: Double) -> String { opacity < 1 ? " opacity=\"\(number(opacity))\"" : "" }

  private func closing(_ element: String, _ hint: String?) -> String {
    hint.map { "><title>\(Canvas.escaped($0))</title></\(element)>" } ?? "/>"
  }

  /// Lets everything that is drawn until ``endLink()`` lead somewhere; the keyboard goes past it, since there may be thousands.
  mutating func beginLink(to address: String) {
    hasLinks = true
    elements.append("<a href=\"\(Canvas.escaped(address))\" tabindex=\"-1\">")
  }

  /// Ends what leads somewhere.
  mutating func endLink() { elements.append("</a>") }

  private mutating func extend(by box: Box) { bounds = bounds?.joined(with: box) ?? box }

  private mutating func extend(by places: [Point]) {
    for place in places { extend(by: Box(left: place.x, top: place.y, right: place.x, bottom: place.y)) }
  }

  private func number(_ value: Double) -> String {
    let text = Printf.text("%.2f", value)
    var digits = text.utf8[...]
    while digits.last == UInt8(ascii: "0") { digits.removeLast() }
    if digits.last == UInt8(ascii: ".") { digits.removeLast() }
    let short = String(Substring(digits))
    return short == "-0" ? "0" : short
  }

  /// Text without characters that mean something else in XML, and with visible ones for those that XML does not allow.
  static func escaped(_ text: String) -> String {
    text.printable.unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.unicodeScalars.append(scalar)
      }
    }
  }
}
