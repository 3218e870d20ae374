import Foundation
import LabCore
import LabRecords
import LabReport
import LabStore
import LabWorkbench

/// The test images of a run: what each is, what it is taken for, and how sure the model is of it.
enum ImagesPage {
  static let route = Route(
    kind: .page, path: "/runs/{run}/images",
    summary: "A run's test images: true and predicted classes, the hardest first",
    parameters: [
      .init(name: "true", summary: "only images of this class, by its name, or # and its number from 0"),
      .init(name: "predicted", summary: "only images that are taken for this class"),
      .init(name: "show", summary: "all, wrong, right or confident: those that are wrong with at least 90 %"),
      .init(name: "order", summary: "hardest, with the least probable true class first, or number"),
      .init(name: "from", summary: "the first image that is shown, from 1"),
    ],
    isWaiting: true,
    respond: { call in
      let version = call.window.watcher.version
      let store = try call.window.store()
      let run = try store.run(matching: call["run"])
      guard canShow(run, in: store) else {
        throw WorkbenchError(
          "run \(run.identity.short) is \(run.state.rawValue) and has no predictions of test images", kind: .noInput)
      }
      let name = run.identity.short
      let title = try PredictPage.title(of: run, in: store)
      let data = UsedDataset(of: run).map { ["<p>Of the data set \(DataPage.links([$0]))</p>"] } ?? []
      var content =
        ["<div id=\"head\">", "<h1>Test images <small>\(Frame.escaped(title)) · run \(name)</small></h1>"] + data + [
          "</div>"
        ]
      // Whoever waits longer than a moment sees that something is done; the page follows by itself.
      switch try call.window.images.images(of: run, in: store, seconds: 1) {
      case .pending: content.append(ImagesPage.waiting)
      case .failed(let problem): content.append("<p id=\"images\" class=\"failure\">\(Frame.escaped(problem))</p>")
      case .ready(let read):
        content += try ImageGrid(
          call: call, run: name, read: read, canAsk: PredictPage.canPredict(run, in: store)
        ).html()
      }
      return .page(
        Frame.page(
          title: "Test images of \(title)",
          trail: [
            .init(title: name, address: "/runs/\(name)"), .init(title: "images", address: "/runs/\(name)/images"),
          ], content), version: version, hasForm: true)
    }
  ) { call in try explanation(call) }

  /// Asks the run's model about one of its test images, and leads to the answer.
  private static func explanation(_ call: Call) throws -> Response {
    let store = try call.window.store()
    let run = try PredictPage.predictable(store.run(matching: call["run"]), in: store)
    let form = try FormBody(call.request.body, type: call.request.headers["content-type"] ?? "")
    guard form.parts.count == 1, form.parts[0].name == "number",
      let index = Int(String(decoding: form.parts[0].content, as: UTF8.self)),
      case .ready(let read) = try call.window.images.images(of: run, in: store, seconds: 20, isLast: true),
      let picture = try read.images.picture(index)
    else {
      throw RequestProblem(
        status: 422, description: "the form has one field, number: that of a test image that there is a picture of")
    }
    let images = read.images
    let title = images.name(index) ?? "no. \(index)"
    let sent = try SentImages([("\(title), \(images.classNames[images.entries[index].label])", picture)])
    return try PredictPage.answer(call, to: PredictionRequest(images: sent, runs: [run]), isOfOneRun: true)
  }

  static let pictureRoute = Route(
    kind: .page, path: "/runs/{run}/images/{image}", summary: "A test image as models see it, by its number from 0",
    parameters: [
      .init(name: "of", summary: "what the data set was when it was read, for browsers that keep pictures")
    ],
    isWaiting: true,
    respond: { call in
      let store = try call.window.store()
      let run = try store.run(matching: call["run"])
      let missing = RequestProblem(
        status: 404, description: "run \(run.identity.short) has no picture \"\(call["image"])\"")
      let text = call["image"]
      guard text.hasSuffix(".png"), let index = Int(text.dropLast(4)), canShow(run, in: store) else { throw missing }
      switch try call.window.images.images(of: run, in: store, seconds: 20, isLast: true) {
      case .pending:
        throw RequestProblem(
          status: 503, description: "the images are still being read: try again in a moment",
          headers: ["Retry-After": "5"])
      case .failed(let problem): throw RequestProblem(status: 404, description: problem)
      case .ready(let read):
        guard let picture = try read.images.picture(index) else { throw missing }
        return Response(
          type: "image/png",
          headers: [("Cache-Control", call.first("of") == read.version ? "private, max-age=3600" : "no-store")],
          body: .data(picture))
      }
    })

  /// What stands where images will be.
  static let waiting =
    "<p id=\"images\" role=\"status\">Images and predictions are being read; this page shows them when they are there. "
    + "Without scripts, load it again in a moment.</p>"

  /// Whether there is something to show of a run.
  static func canShow(_ run: Run, in store: StudyStore) -> Bool {
    run.state == .completed
      && (store.folder(of: run.identity).has(.predictions) || PredictPage.canPredict(run, in: store))
  }

  /// The most images of a page.
  static let pageLimit = 60

  /// A picture of a test image with what is said below it, as an item of a list.
  ///
  /// - Parameters:
  ///   - run: the first digits of a run that was tested on it.
  ///   - index: its number.
  ///   - version: what the data set was when it was read; nil where it cannot be shown.
  ///   - alternative: what is said where it cannot.
  ///   - lines: what stands below, in HTML.
  static func item(run: String, _ index: Int, version: String?, alternative: String, _ lines: [String]) -> String {
    // A browser keeps pictures: one of other files has another address.
    let address = "/runs/\(run)/images/\(index).png" + (version.map { $0.isEmpty ? "" : "?of=\($0)" } ?? "")
    let picture =
      version != nil
      ? "<a href=\"\(address)\"><img src=\"\(address)\" loading=\"lazy\" width=\"112\" height=\"112\" "
        + "alt=\"\(Frame.escaped(alternative))\"></a>" : ""
    return "<li>\(picture)\(lines.joined(separator: "<br>"))</li>"
  }

  /// Links to the parts of a list before and behind the one that is shown.
  static func pages(from: Int, count: Int, _ address: (Int) -> String) -> [String] {
    var links: [String] = []
    if from > 1 { links.append("<a href=\"\(Frame.escaped(address(max(1, from - pageLimit))))\">earlier images</a>") }
    if from + pageLimit <= count {
      links.append("<a href=\"\(Frame.escaped(address(from + pageLimit)))\">further images</a>")
    }
    return links.isEmpty ? [] : ["<p>\(links.joined(separator: " · "))</p>"]
  }

  /// The number of the first image that is shown.
  static func first(_ call: Call, of count: Int) throws -> Int {
    guard let text = call.first("from") else { return 1 }
    guard let number = Int(text), (1...max(1, count)).contains(number) else {
      throw RequestProblem(
        status: 400,
        description: "from is the number of an image, from 1 to \(max(1, count)), but \"\(text)\" was given")
    }
    return number
  }
}
