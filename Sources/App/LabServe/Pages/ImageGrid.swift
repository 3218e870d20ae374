import LabCore
import LabReport
import LabWorkbench

/// The test images of a run that parameters choose, and what chooses others.
struct ImageGrid {
  private let call: Call
  private let run: String
  private let images: TestImages
  private let version: String
  private let canAsk: Bool
  private let label: Int?
  private let predicted: Int?
  private let show: Show
  private let isByNumber: Bool

  /// Which images are shown.
  private enum Show: String, CaseIterable {
    case all, wrong, right, confident

    var title: String {
      switch self {
      case .all: "all"
      case .wrong: "wrong ones"
      case .right: "right ones"
      case .confident: "confident and wrong"
      }
    }
  }

  /// From which probability on a model is sure of something.
  private static let confidence = 0.9

  /// Reads what is asked for.
  ///
  /// - Throws: ``RequestProblem`` where it is not understood.
  init(call: Call, run: String, read: ImageShelf.Read, canAsk: Bool) throws(RequestProblem) {
    self.call = call
    images = read.images
    version = read.version
    self.canAsk = canAsk && images.hasPictures
    self.run = run
    label = try ImageGrid.index(call, "true", images.classNames)
    predicted = try ImageGrid.index(call, "predicted", images.classNames)
    let shown = call.first("show") ?? Show.all.rawValue
    guard let show = Show(rawValue: shown) else {
      throw RequestProblem(
        status: 400,
        description: "show is \(Show.allCases.map(\.rawValue).joined(separator: ", ")), but \"\(shown)\" was given")
    }
    self.show = show
    let order = call.first("order") ?? "hardest"
    guard ["hardest", "number"].contains(order) else {
      throw RequestProblem(status: 400, description: "order is hardest or number, but \"\(order)\" was given")
    }
    isByNumber = order == "number"
  }

  /// The class that a parameter names; nil where it names none.
  ///
  /// - Throws: ``RequestProblem`` where there is no such class.
  static func index(_ call: Call, _ name: String, _ classNames: [String]) throws(RequestProblem) -> Int? {
    guard let text = call.first(name), !text.isEmpty else { return nil }
    if let index = classNames.firstIndex(of: text) { return index }
    if text.hasPrefix("#"), let index = Int(text.dropFirst()), classNames.indices.contains(index) { return index }
    throw RequestProblem(
      status: 400,
      description:
        "there is no class \"\(text)\"\(NearestName.hint(for: text, among: classNames)); classes are named, or "
        + "numbered from #0 to #\(classNames.count - 1)")
  }

  private func isShown(_ entry: TestImages.Entry) -> Bool {
    guard label == nil || entry.label == label, predicted == nil || entry.predicted == predicted else { return false }
    switch show {
    case .all: return true
    case .wrong: return !entry.isRight
    case .right: return entry.isRight
    case .confident: return !entry.isRight && entry.confidence >= ImageGrid.confidence
    }
  }

  /// What stands below the title of the page.
  ///
  /// - Throws: ``RequestProblem`` where there is no such part of the list.
  func html() throws -> [String] {
    var shown = images.entries.indices.filter { isShown(images.entries[$0]) }
    if !isByNumber {
      shown.sort {
        (images.entries[$0].trueProbability, $0) < (images.entries[$1].trueProbability, $1)
      }
    }
    let from = try ImagesPage.first(call, of: shown.count)
    let part = shown.dropFirst(from - 1).prefix(ImagesPage.pageLimit)
    let total = NumberText.grouped(images.entries.count)
    let range = shown.count > part.count ? "\(from) to \(from - 1 + part.count) of " : ""
    var lines = images.notes.map { "<p class=\"warning\">\(Frame.escaped($0))</p>" } + filters
    lines.append("<p>\(range)\(NumberText.grouped(shown.count)) of \(total) test images</p>")
    if part.isEmpty { lines.append("<p class=\"faint\">There is none of this kind.</p>") }
    if canAsk {
      lines.append("<form method=\"post\" action=\"/runs/\(run)/images\" enctype=\"multipart/form-data\">")
    }
    lines += ["<ul class=\"images\">"] + part.map(item) + ["</ul>"]
    if canAsk { lines.append("</form>") }
    lines += ImagesPage.pages(from: from, count: shown.count) { address(from: $0) }
    return ["<section id=\"images\" aria-label=\"Images\">"] + lines + ["</section>"]
  }

  private func item(_ index: Int) -> String {
    let entry = images.entries[index]
    let (label, predicted) = (images.classNames[entry.label], images.classNames[entry.predicted])
    let share = ImageGrid.share(entry.confidence)
    let said =
      entry.isRight
      ? "<span class=\"better\">right, \(share)</span>"
      : "<span class=\"failure\">taken for \(Frame.escaped(predicted)), \(share)</span>"
    let own = entry.isRight ? [] : ["<small>\(ImageGrid.share(entry.trueProbability)) for its class</small>"]
    let ask =
      canAsk
      ? ["<button type=\"submit\" class=\"plain\" name=\"number\" value=\"\(index)\">what it looks at</button>"] : []
    let name = images.name(index).map { " · \(Frame.escaped($0))" } ?? ""
    return ImagesPage.item(
      run: run, index, version: images.hasPictures ? version : nil, alternative: "\(label), taken for \(predicted)",
      ["<b>\(Frame.escaped(label))</b>", said] + own + ["<small>no. \(index)\(name)</small>"] + ask)
  }

  /// A probability in percent, which no line is broken in.
  private static func share(_ probability: Double) -> String {
    Classification.text(probability).replacing(" ", with: "\u{a0}")
  }

  // MARK: What chooses others

  /// A form that chooses classes, and links for the rest.
  private var filters: [String] {
    func select(_ name: String, _ title: String, _ chosen: Int?) -> String {
      let options = images.classNames.enumerated().map { index, name in
        "<option value=\"#\(index)\"\(index == chosen ? " selected" : "")>\(Frame.escaped(name))</option>"
      }
      return
        "<label>\(title) <select name=\"\(name)\"><option value=\"\">any</option>\(options.joined())</select></label>"
    }
    func link(_ title: String, _ address: String, isChosen: Bool) -> String {
      "<li><a href=\"\(Frame.escaped(address))\"\(isChosen ? " aria-current=\"true\"" : "")>\(title)</a></li>"
    }
    let shows = Show.allCases.map { link($0.title, address(show: $0), isChosen: $0 == show) }
    let orders = [
      link("hardest first", address(isByNumber: false), isChosen: !isByNumber),
      link("by number", address(isByNumber: true), isChosen: isByNumber),
    ]
    let hidden =
      (show == .all ? "" : "<input type=\"hidden\" name=\"show\" value=\"\(show.rawValue)\">")
      + (isByNumber ? "<input type=\"hidden\" name=\"order\" value=\"number\">" : "")
    return [
      "<form class=\"filters\" method=\"get\" action=\"/runs/\(run)/images\">",
      select("true", "true class", label), select("predicted", "taken for", predicted), hidden,
      "<button type=\"submit\">Show</button>", "</form>",
      "<nav class=\"choices\" aria-label=\"Which images\"><ul>\(shows.joined())</ul></nav>",
      "<nav class=\"choices\" aria-label=\"Order\"><ul>\(orders.joined())</ul></nav>",
    ]
  }

  private func address(show: Show? = nil, isByNumber: Bool? = nil, from: Int? = nil) -> String {
    let (show, isByNumber) = (show ?? self.show, isByNumber ?? self.isByNumber)
    var parameters: [(String, String)] = []
    if let label { parameters.append(("true", "#\(label)")) }
    if let predicted { parameters.append(("predicted", "#\(predicted)")) }
    if show != .all { parameters.append(("show", show.rawValue)) }
    if isByNumber { parameters.append(("order", "number")) }
    if let from { parameters.append(("from", "\(from)")) }
    return Frame.address("/runs/\(run)/images", parameters)
  }
}
