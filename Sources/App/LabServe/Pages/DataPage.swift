import LabCore
import LabReport
import LabStore
import LabWorkbench

/// One data set: classes, sizes, what is odd, duplicates and damaged files, with the images.
enum DataPage {
  static let route = Route(
    kind: .page, path: "/data/{data}",
    summary: "One data set: classes, sizes, what is odd, duplicates, with the images",
    isWaiting: true,
    respond: { call in
      try respond(call, title: "") { dataset, inspected in
        Content(dataset: dataset, inspected: inspected).html()
      }
    })

  /// The address of a data set.
  static func address(_ dataset: UsedDataset) -> String { "/data/\(dataset.id)" }

  /// Links to data sets, in HTML.
  static func links(_ datasets: [UsedDataset]) -> String {
    datasets.map { "<a href=\"\(address($0))\">\(Frame.escaped($0.name))</a>" }.joined(separator: ", ")
  }

  /// A page of a data set, when it has been looked at; until then one that says so and is followed by the browser.
  ///
  /// - Parameters:
  ///   - call: the request.
  ///   - title: what the page shows of the data set; empty for all.
  ///   - content: what stands below its heading.
  /// - Throws: ``RequestProblem`` where there is no such data set, and what `content` throws.
  static func respond(
    _ call: Call, title: String, _ content: (UsedDataset, InspectedDataset) throws -> [String]
  ) throws -> Response {
    let version = call.window.watcher.version
    let dataset = try call.dataset()
    func page(_ content: [String]) -> String {
      let steps: [Frame.Step] = [
        .init(title: "data", address: "/data"), .init(title: dataset.name, address: address(dataset)),
      ]
      let head = [
        "<div id=\"head\">",
        "<h1>\(Frame.escaped(dataset.name))\(title.isEmpty ? "" : " <small>\(Frame.escaped(title))</small>")</h1>",
        "</div>",
      ]
      return Frame.page(
        title: title.isEmpty ? dataset.name : "\(title) of \(dataset.name)",
        trail: steps + (title.isEmpty ? [] : [.init(title: title, address: call.request.target)]), head + content,
        scripts: [Assets.pointingScript])
    }
    switch try call.window.data.inspection(of: dataset, seconds: 1) {
    case .pending: return .page(page([waiting] + users(of: dataset)), version: version, hasForm: false)
    case .failed(let problem):
      let sentence = "<p id=\"data\" class=\"failure\">It cannot be looked at: \(Frame.escaped(problem)).</p>"
      return .page(page([sentence] + users(of: dataset)), version: version, hasForm: false)
    case .ready(let inspected):
      return try call.window.kept(call.request.target, of: inspected.version) {
        .page(page(try content(dataset, inspected)))
      }
    }
  }

  private static let waiting =
    "<p id=\"data\" role=\"status\">Its images are being read; this page shows them when they are there. "
    + "Without scripts, load it again in a moment.</p>"

  /// An image with what is said below it, as an item of a list.
  static func item(_ picture: InspectedDataset.Picture, of dataset: UsedDataset, _ lines: [String]) -> String {
    "<li>\(picture.isDamaged ? "<span class=\"failure\">damaged</span><br>" : image(picture, of: dataset))\(lines.joined(separator: "<br>"))</li>"
  }

  /// An image that leads to itself.
  static func image(_ picture: InspectedDataset.Picture, of dataset: UsedDataset) -> String {
    // A browser keeps pictures: one of other files has another address.
    let address = "\(address(dataset))/images/\(picture.index).png?of=\(picture.version)"
    let alternative = Frame.escaped("\(picture.className), \(picture.name)")
    return
      "<a href=\"\(address)\"><img src=\"\(address)\" loading=\"lazy\" alt=\"\(alternative)\" title=\"\(alternative)\"></a>"
  }

  private static func users(of dataset: UsedDataset) -> [String] {
    let items = dataset.users.map {
      "<li><a href=\"/sweeps/\($0.sweep)\">\(Frame.escaped($0.name))</a> <small>\($0.sweep)</small></li>"
    }
    return Frame.section("sweeps", "Sweeps that use it", ["<ul>"] + items + ["</ul>"])
  }

  private struct Content {
    let dataset: UsedDataset
    let inspected: InspectedDataset

    /// The most classes that have examples, and the examples of each.
    private static let classLimit = 100
    private static let exampleCount = 8
    /// The most groups of duplicates, images of such a group, damaged files and unusual images that are shown.
    private static let groupLimit = 60
    private static let memberLimit = 6

    func html() -> [String] {
      let view = inspected.view
      var lines = [
        "<div id=\"extent\">",
        "<p class=\"lead\">\(Frame.escaped(view.extent)) in <code>\(Frame.escaped(view.origin))</code></p>",
      ]
      if let account = view.account { lines.append("<p>\(Frame.escaped(account))</p>") }
      lines.append("</div>")
      lines += findings + classes + examples
      let facts = view.facts.map { "<dt>\(Frame.escaped($0.name))</dt><dd>\(Frame.escaped($0.value))</dd>" }
      lines += Frame.section("pixels", "Sizes and pixels", facts.isEmpty ? [] : ["<dl>"] + facts + ["</dl>"])
      lines += duplicates
      lines += listed(
        "damaged", "Damaged files", inspected.damaged.map { ($0.picture, $0.problem) }, hasPictures: false)
      lines += listed(
        "suspicious", "Unusual sizes", inspected.suspicious.map { ($0.picture, $0.reason) }, hasPictures: true)
      return lines + DataPage.users(of: dataset) + Frame.commands([dataset.command])
    }

    private var findings: [String] {
      let items = inspected.findings.map { finding in
        let role = finding.severity == .error ? "failure" : "warning"
        let remedy = finding.remedy.map { "<br>\(Frame.escaped($0))" } ?? ""
        return "<li><span class=\"\(role)\">\(Frame.escaped(finding.message))</span>\(remedy)</li>"
      }
      return Frame.section(
        "findings", "What is odd", items.isEmpty ? ["<p>Nothing is.</p>"] : ["<ul>"] + items + ["</ul>"])
    }

    private var classes: [String] {
      let splits = inspected.splits
      let table = ReportTable(
        kind: "classes", title: "Classes",
        columns: [.init("class", fields: ["class"])]
          + splits.map { .init($0, fields: [$0], alignment: .right) },
        rows: inspected.classNames.enumerated().map { index, name in
          .init(
            [.string(name)]
              + splits.map { split in
                let count = inspected.count(ofClass: index, split: split)
                return .init(NumberText.grouped(count), values: [.integer(count)])
              })
        })
      let links = inspected.classNames.indices.map { DataImagesPage.address(dataset, ofClass: $0) }
      var lines: [String] = []
      if let figure = inspected.view.pageFigure { lines.append(HTMLParts.figure(figure)) }
      lines += [
        "<details id=\"class-counts\"\(lines.isEmpty ? " open" : "")><summary>numbers of images</summary>",
        "<div class=\"sortable\" id=\"class-table\">",
        HTMLParts.table(
          table, caption: "\(table.rows.count) classes", links: .init(rows: links), showsLegend: false), "</div>",
        "</details>",
      ]
      return Frame.section("classes", "Classes", lines)
    }

    private var examples: [String] {
      let names = inspected.classNames
      var lines = ["<ul class=\"strips\">"]
      for (index, name) in names.enumerated().prefix(Content.classLimit) {
        let pictures = inspected.examples(ofClass: index, count: Content.exampleCount)
        let count = inspected.places(ofClass: index, split: nil).count
        lines.append(
          "<li><a href=\"\(Frame.escaped(DataImagesPage.address(dataset, ofClass: index)))\">\(Frame.escaped(name))</a> "
            + "<small>\(NumberText.grouped(count))</small><div>"
            + pictures.map { DataPage.image($0, of: dataset) }.joined() + "</div></li>")
      }
      lines.append("</ul>")
      if names.count > Content.classLimit {
        lines.append(
          "<p class=\"note\">The first \(Content.classLimit) classes; the table above leads to the images of the others.</p>"
        )
      }
      return Frame.section("images", "Examples", lines)
    }

    private var duplicates: [String] {
      let groups = inspected.duplicates
      guard let summary = inspected.view.duplicateSummary else {
        return Frame.section("duplicates", "Duplicates", ["<p>No two images have the same pixels.</p>"])
      }
      var lines = ["<p>\(Frame.escaped(summary)).</p>", "<ul class=\"groups\">"]
      for group in groups.prefix(Content.groupLimit) {
        let notes = [
          group.crossesParts ? "in training and test" : nil, group.differsInClass ? "of different classes" : nil,
        ].compactMap { $0 }
        let rest = group.pictures.count - Content.memberLimit
        lines.append("<li><ul class=\"images whole\">")
        for picture in group.pictures.prefix(Content.memberLimit) {
          lines.append(
            DataPage.item(
              picture, of: dataset,
              [
                "<b>\(Frame.escaped(picture.className))</b>", picture.split,
                "<small>\(Frame.escaped(picture.name))</small>",
              ]))
        }
        lines.append("</ul>")
        let words = notes + (rest > 0 ? ["and \(NumberText.grouped(rest)) more of them"] : [])
        if !words.isEmpty {
          lines.append("<p class=\"\(notes.isEmpty ? "faint" : "failure")\">\(words.joined(separator: ", "))</p>")
        }
        lines.append("</li>")
      }
      lines.append("</ul>")
      return Frame.section("duplicates", "Duplicates", lines + further(groups.count, "groups"))
    }

    private func listed(
      _ anchor: String, _ title: String, _ entries: [(picture: InspectedDataset.Picture, text: String)],
      hasPictures: Bool
    ) -> [String] {
      guard !entries.isEmpty else { return [] }
      var lines = ["<p>\(NumberText.grouped(entries.count)) \(entries.count == 1 ? "image" : "images")</p>"]
      lines.append(hasPictures ? "<ul class=\"images whole\">" : "<ul>")
      for (picture, text) in entries.prefix(Content.groupLimit) {
        let name = "<small>\(Frame.escaped(picture.name))</small>"
        let words = ["<b>\(Frame.escaped(picture.className))</b>", Frame.escaped(text)]
        lines.append(
          hasPictures
            ? DataPage.item(picture, of: dataset, words + [name])
            : "<li>\(words.joined(separator: ": ")) <small>\(picture.split)</small></li>")
      }
      lines.append("</ul>")
      return Frame.section(anchor, title, lines + further(entries.count, "images"))
    }

    private func further(_ count: Int, _ noun: String) -> [String] {
      guard count > Content.groupLimit else { return [] }
      return [
        "<p class=\"note\">And \(NumberText.grouped(count - Content.groupLimit)) more \(noun), which the command below lists.</p>"
      ]
    }
  }
}
