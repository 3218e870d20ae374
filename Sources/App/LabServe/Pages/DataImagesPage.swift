import LabReport
import LabStore
import LabWorkbench

/// The images of a data set, of one class or of all.
enum DataImagesPage {
  static let route = Route(
    kind: .page, path: "/data/{data}/images", summary: "The images of a data set, of a class or a split",
    parameters: [
      .init(name: "class", summary: "only images of this class, by its name, or # and its number from 0"),
      .init(name: "split", summary: "only images of this split: train, validation or test"),
      .init(name: "from", summary: "the first image that is shown, from 1"),
    ],
    isWaiting: true,
    respond: { call in
      try DataPage.respond(call, title: "images") { dataset, inspected in try html(dataset, inspected, call) }
    })

  static let pictureRoute = Route(
    kind: .page, path: "/data/{data}/images/{image}", summary: "An image of a data set, by its number from 0",
    parameters: [
      .init(name: "of", summary: "what the data set was when it was looked at, for browsers that keep pictures")
    ],
    isWaiting: true,
    respond: { call in
      let inspected = try call.inspection(of: call.dataset(), isLast: true)
      let text = call["image"]
      guard text.hasSuffix(".png"), let index = Int(text.dropLast(4)) else {
        throw RequestProblem(status: 404, description: "the data set has no picture \"\(text)\"")
      }
      return Response(
        type: "image/png",
        headers: [("Cache-Control", call.first("of") == inspected.version ? "private, max-age=3600" : "no-store")],
        body: .data(try call.window.data.picture(index, of: inspected)))
    })

  /// The address of the images of a class.
  static func address(_ dataset: UsedDataset, ofClass index: Int?, split: String? = nil, from: Int? = nil) -> String {
    Frame.address(
      "\(DataPage.address(dataset))/images",
      (index.map { [("class", "#\($0)")] } ?? []) + (split.map { [("split", $0)] } ?? [])
        + (from.map { [("from", "\($0)")] } ?? []))
  }

  private static func html(_ dataset: UsedDataset, _ inspected: InspectedDataset, _ call: Call) throws -> [String] {
    let label = try ImageGrid.index(call, "class", inspected.classNames)
    let split = call.first("split").flatMap { $0.isEmpty ? nil : $0 }
    if let split, !inspected.splits.contains(split) {
      throw RequestProblem(
        status: 400,
        description:
          "split is \(inspected.splits.joined(separator: " or ")) in this data set, but \"\(split)\" was given")
    }
    let places = inspected.places(ofClass: label, split: split)
    let from = try ImagesPage.first(call, of: places.count)
    let part = places.dropFirst(from - 1).prefix(ImagesPage.pageLimit)
    func choice(_ name: String, _ title: String, _ options: [(value: String, text: String, isChosen: Bool)]) -> String {
      let items = options.map {
        "<option value=\"\(Frame.escaped($0.value))\"\($0.isChosen ? " selected" : "")>\(Frame.escaped($0.text))</option>"
      }
      return
        "<label>\(title) <select name=\"\(name)\"><option value=\"\">any</option>\(items.joined())</select></label>"
    }
    var lines = [
      "<section id=\"images\" aria-label=\"Images\">",
      "<form class=\"filters\" method=\"get\" action=\"\(DataPage.address(dataset))/images\">",
      choice("class", "class", inspected.classNames.enumerated().map { ("#\($0)", $1, $0 == label) }),
      choice("split", "split", inspected.splits.map { ($0, $0, $0 == split) }),
      "<button type=\"submit\">Show</button>", "</form>",
      "<p>\(places.count > part.count ? "\(from) to \(from - 1 + part.count) of " : "")"
        + "\(NumberText.grouped(places.count)) \(places.count == 1 ? "image" : "images")</p>",
      "<ul class=\"images whole\">",
    ]
    lines += part.map { index in
      let picture = inspected.picture(index)
      return DataPage.item(
        picture, of: dataset,
        ["<b>\(Frame.escaped(picture.className))</b>", picture.split, "<small>\(Frame.escaped(picture.name))</small>"])
    }
    lines.append("</ul>")
    lines += ImagesPage.pages(from: from, count: places.count) {
      address(dataset, ofClass: label, split: split, from: $0)
    }
    return lines + ["</section>"]
  }
}
