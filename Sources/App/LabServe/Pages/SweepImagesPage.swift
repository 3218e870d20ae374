import LabCore
import LabRecords
import LabReport
import LabStore
import LabWorkbench

/// The test images that the runs of a sweep get wrong: first those that all variants do.
enum SweepImagesPage {
  static let route = Route(
    kind: .page, path: "/sweeps/{sweep}/images",
    summary: "The test images that a sweep's runs get wrong, first those that all variants do",
    parameters: [.init(name: "from", summary: "the first image that is shown, from 1")],
    isWaiting: true,
    respond: { call in
      let version = call.window.watcher.version
      let store = try call.window.store()
      let sweep = try store.sweep(matching: call["sweep"])
      let path = "/sweeps/\(Frame.part(call["sweep"]))"
      let datasets = UsedDataset.all(of: sweep)
      let data = datasets.isEmpty ? [] : ["<p>Test images of \(DataPage.links(datasets))</p>"]
      var content =
        ["<div id=\"head\">", "<h1>What its runs get wrong <small>\(Frame.escaped(sweep.name))</small></h1>"] + data
        + ["</div>"]
      switch try call.window.images.mistakes(of: sweep, in: store, seconds: 1) {
      case .pending: content.append(ImagesPage.waiting)
      case .failed(let problem): content.append("<p id=\"images\" class=\"failure\">\(Frame.escaped(problem))</p>")
      case .ready(let mistakes): content += try html(mistakes, path, call, store)
      }
      return .page(
        Frame.page(
          title: "What \(sweep.name) gets wrong",
          trail: [.init(title: sweep.name, address: path), .init(title: "images", address: path + "/images")], content),
        version: version, hasForm: false)
    })

  private static func html(_ mistakes: SharedMistakes, _ path: String, _ call: Call, _ store: StudyStore) throws
    -> [String]
  {
    var lines = mistakes.problems.prefix(5).map { "<p class=\"warning\">\(Frame.escaped($0))</p>" }
    if mistakes.problems.count > 5 {
      lines.append("<p class=\"warning\">And \(mistakes.problems.count - 5) more runs are left out.</p>")
    }
    guard let first = mistakes.runs.first else {
      return ["<section id=\"images\">"] + lines + ["<p>No run has predictions of test images yet.</p>", "</section>"]
    }
    let (runs, variants) = (mistakes.runs.count, mistakes.variantCount)
    let total = NumberText.grouped(mistakes.imageCount)
    func all(_ count: Int, _ one: String, _ several: String) -> String {
      count == 1 ? "the \(one) gets" : "\(count == 2 ? "both" : "all \(count)") \(several) get"
    }
    lines.append(
      "<p>Of \(total) test images, \(all(variants, "variant", "variants")) "
        + "\(NumberText.grouped(mistakes.ofAllVariants)) wrong in more than half of the runs, "
        + "\(all(runs, "run", "runs")) \(NumberText.grouped(mistakes.ofAllRuns)) wrong, and some run "
        + "gets \(NumberText.grouped(mistakes.entries.count)) wrong.</p>")
    // Pictures are those of one run. As long as they are being read, they come by themselves.
    var version: String?
    if UsedDataset(of: first) != nil {
      switch try call.window.images.images(of: first, in: store, seconds: 0.5) {
      case .pending: version = ""
      case .failed(let problem): lines.append("<p class=\"warning\">\(Frame.escaped(problem))</p>")
      case .ready(let read):
        lines += read.images.notes.map { "<p class=\"warning\">\(Frame.escaped($0))</p>" }
        version = read.images.hasPictures ? read.version : nil
      }
    }
    let from = try ImagesPage.first(call, of: mistakes.entries.count)
    lines.append("<ul class=\"images\">")
    for entry in mistakes.entries.dropFirst(from - 1).prefix(ImagesPage.pageLimit) {
      let label = mistakes.classNames[entry.label]
      let most = entry.mostPredicted.map { mistakes.classNames[$0] } ?? ""
      lines.append(
        ImagesPage.item(
          run: first.identity.short, entry.index, version: version,
          alternative: "\(label), taken for \(most)",
          [
            "<b>\(Frame.escaped(label))</b>", "<span class=\"failure\">taken for \(Frame.escaped(most))</span>",
            "wrong in \(entry.wrongVariantCount) of \(variants) \(variants == 1 ? "variant" : "variants")",
            "<small>\(entry.wrongRunCount) of \(runs) \(runs == 1 ? "run" : "runs") · no. \(entry.index)</small>",
          ]))
    }
    lines.append("</ul>")
    lines += ImagesPage.pages(from: from, count: mistakes.entries.count) { "\(path)/images?from=\($0)" }
    return ["<section id=\"images\" aria-label=\"Images\">"] + lines + ["</section>"]
  }
}
