import Foundation
import LabCore
import LabReport
import Testing

/// What holds for every kind of figure, whatever its data.
@Suite struct FigureTests {
  private static let cases = Figures.registry.names.flatMap { kind in FigureSamples.all.map { (kind, $0.name) } }
  private static let widths = [400.0, 1000]

  private func figure(_ kind: String, _ sample: String) throws -> any Figure {
    let data = try #require(FigureSamples.all.first { $0.name == sample }?.data)
    return try Figures.named(kind).figure(of: data)
  }

  @Test(arguments: cases) func everythingIsWithinThePictureAndNoTextLiesOnAnother(_ kind: String, _ sample: String)
    throws
  {
    let figure = try figure(kind, sample)
    for width in FigureTests.widths {
      let canvas = figure.drawn(.init(width: width))
      let bounds = try #require(canvas.bounds)
      #expect(bounds.left >= 0 && bounds.top >= 0, "\(width)")
      #expect(bounds.right <= canvas.width && bounds.bottom <= canvas.height, "\(bounds) in \(width)")
      #expect(canvas.height < 12_000)
      let texts = canvas.textBoxes.sorted { $0.box.top < $1.box.top }
      #expect(!texts.isEmpty)
      for (index, text) in texts.enumerated() {
        let below = texts[(index + 1)...].prefix { $0.box.top < text.box.bottom }
        if let other = below.first(where: { $0.box.overlaps(text.box) }) {
          Issue.record("\(text.text) lies on \(other.text) at \(width)")
        }
      }
    }
  }

  @Test(arguments: cases) func picturesAreWellFormed(_ kind: String, _ sample: String) throws {
    let figure = try figure(kind, sample)
    for theme in [FigureTheme.automatic, .dark] {
      let svg = figure.svg(.init(theme: theme))
      #expect(SVGText(svg).problem == nil)
      #expect(!svg.lowercased().contains("\"nan") && !svg.contains("\"inf") && !svg.contains("\"-0\""))
      #expect(svg.contains("role=\"img\"") && svg.contains("<title>") && svg.contains("<desc>"))
      #expect(svg.contains("prefers-color-scheme") == (theme == .automatic))
    }
    #expect(figure.summary.hasSuffix(".") && figure.summary.hasPrefix(figure.title))
  }

  @Test(arguments: cases) func dataAreVegaLite(_ kind: String, _ sample: String) throws {
    let text = try FigureFormats.named("json").render(try figure(kind, sample), kind: kind, options: .init())
    let json = try JSONValue(parsing: String(decoding: text, as: UTF8.self))
    #expect(json["$schema"]?.stringValue == "https://vega.github.io/schema/vega-lite/v5.json")
    #expect(json[path: "usermeta.figure"]?.stringValue == kind)
    let views = ["mark", "layer", "vconcat", "hconcat", "concat", "facet"].filter { json[$0] != nil }
    #expect(views.count == 1 || json["facet"] != nil)
  }

  @Test(arguments: Figures.registry.names) func aKindSaysWhatItNeeds(_ name: String) throws {
    let kind = try Figures.named(name)
    #expect(kind.name == kind.name.lowercased() && !kind.name.contains(" "))
    #expect(kind.summary.hasSuffix(".") && !kind.needs.isEmpty)
    let none = FigureData(name: "s", metric: .init("accuracy"))
    #expect(throws: FigureError.missingData(kind: name, part: kind.needs[0])) { _ = try kind.figure(of: none) }
  }

  @Test func unknownNamesAreAnsweredWithTheNearest() {
    #expect(throws: FigureError.unknownKind("forrest", available: Figures.registry.names)) {
      _ = try Figures.named("forrest")
    }
    #expect(
      FigureError.unknownKind("forrest", available: Figures.registry.names).description.contains("\"forest\""))
    #expect(throws: FigureError.unknownFormat("jpg", available: ["svg", "json", "pdf", "png"])) {
      _ = try FigureFormats.named("jpg")
    }
  }

  @Test func anotherPackageAddsAKind() throws {
    struct Plain: Figure {
      let title = "Plain"
      let summary = "Plain."
      let vegaLite: [String: JSONValue] = ["mark": "point"]
      func draw(on canvas: inout Canvas) { _ = canvas.header(title) }
    }
    let registry = Registry<FigureKind>(copying: Figures.registry)
    try registry.add(.init("plain", title: "Plain", summary: "Nothing.", needs: [.runs]) { _ in Plain() })
    let figure = try #require(registry["plain"]).figure(of: FigureSamples.make(variants: 2))
    #expect(figure.svg().contains("Plain"))
  }
}

/// A text read as XML, as far as this project writes it.
struct SVGText {
  /// What is wrong; nil where nothing is.
  let problem: String?

  init(_ text: String) {
    var open = [Substring]()
    var problem: String?
    var rest = text[...]
    while problem == nil, let start = rest.firstIndex(of: "<") {
      if rest[..<start].contains(">") { problem = "a bracket in a text" }
      guard let end = rest[start...].firstIndex(of: ">") else {
        problem = "no end of a tag"
        break
      }
      let tag = rest[rest.index(after: start)..<end]
      rest = rest[rest.index(after: end)...]
      if tag.hasPrefix("/") {
        if open.popLast() != tag.dropFirst() { problem = "\(tag) ends what is not open" }
        continue
      }
      let name = tag.prefix { $0 != " " && $0 != "/" }
      let names = tag.split(separator: " ").compactMap { part in part.firstIndex(of: "=").map { part[..<$0] } }
        .filter { $0.allSatisfy { $0.isLetter || $0 == "-" || $0.isNumber } }
      if Set(names).count < names.count { problem = "an attribute twice in <\(tag)>" }
      if tag.filter({ $0 == "\"" }).count % 2 != 0 { problem = "an open quote in <\(tag)>" }
      if !tag.hasSuffix("/") { open.append(name) }
    }
    self.problem = problem ?? (open.isEmpty ? nil : "\(open) are not closed")
  }
}
