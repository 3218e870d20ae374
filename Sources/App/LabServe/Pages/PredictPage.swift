import LabCore
import LabRecords
import LabReport
import LabStore
import LabWorkbench

/// Asks trained models about images: what they are, and what the models look at.
enum PredictPage {
  static let route = Route(
    kind: .page, path: "/predict", summary: "Asks models of several runs about images that are sent",
    respond: { call in
      let store = try call.window.store()
      return .form(
        Frame.page(
          title: "Predict", trail: [.init(title: "predict", address: "/predict")],
          [
            "<h1>What do models say of an image?</h1>",
            "<p class=\"lead\">Choose images and trained runs: each says what the images are, and where it sees it.</p>",
          ] + form(to: "/predict", try choices(in: store)), isLive: false, scripts: [Assets.askingScript]))
    }
  ) { call in try answer(call, run: nil) }

  static let runRoute = Route(
    kind: .page, path: "/runs/{run}/predict", summary: "Asks a run's model about images that are sent",
    isOfPredictions: true,
    respond: { call in
      let store = try call.window.store()
      let run = try predictable(store.run(matching: call["run"]), in: store)
      let name = run.identity.short
      let title = try title(of: run, in: store)
      let address = "/runs/\(name)/predict"
      return .form(
        Frame.page(
          title: "Predict with \(title)", trail: trail(name, isAlone: call.window.onlyRun != nil),
          [
            "<h1>What does it say of an image? <small>\(Frame.escaped(title)) · run \(name)</small></h1>",
            "<p class=\"lead\">Choose images: the model says what they are, and where it sees it.</p>",
          ] + form(to: address, [])
            + Frame.commands([["predict", name, "IMAGE"], ["explain", name, "IMAGE", "--out", "FOLDER"]]),
          isLive: false, scripts: [Assets.askingScript], isAlone: call.window.onlyRun != nil))
    }
  ) { call in try answer(call, run: call["run"]) }

  /// The way to the page of a run.
  static func trail(_ run: String, isAlone: Bool) -> [Frame.Step] {
    (isAlone ? [] : [.init(title: run, address: "/runs/\(run)")])
      + [.init(title: "predict", address: "/runs/\(run)/predict")]
  }

  /// Asks what was sent, and leads to the answer.
  private static func answer(_ call: Call, run: String?) throws -> Response {
    try answer(call, to: PredictionRequest(call, run: run), isOfOneRun: run != nil)
  }

  /// Asks, and leads to the answer.
  static func answer(_ call: Call, to asked: PredictionRequest, isOfOneRun: Bool) throws -> Response {
    let store = try call.window.store()
    let answers = try call.window.desk.answers(
      to: asked.images, by: asked.runs, in: store, explains: true, isGone: call.isGone)
    let runs = try zip(asked.runs, answers).map { run, answer in
      KeptAnswers.Asked(name: run.identity.short, title: try title(of: run, in: store), answer: answer)
    }
    let kept = KeptAnswers.Answer(images: asked.images, runs: runs, isOfOneRun: isOfOneRun)
    call.window.answers.keep(kept)
    return .redirection(to: "/answers/\(kept.id)")
  }

  // MARK: The form

  /// A form that takes images.
  ///
  /// - Parameters:
  ///   - address: where they are sent.
  ///   - runs: what chooses runs, in HTML.
  static func form(to address: String, _ runs: [String]) -> [String] {
    let limits = PredictionDesk.limits
    // A phone offers its camera for the second one.
    return [
      "<form id=\"asking\" method=\"post\" action=\"\(Frame.escaped(address))\" enctype=\"multipart/form-data\">",
      "<div class=\"drop\">", "<label>Images <input type=\"file\" name=\"image\" multiple accept=\"\(types)\"></label>",
      "<label class=\"camera\">Photograph <input type=\"file\" name=\"image\" multiple accept=\"image/*\" "
        + "capture=\"environment\"></label>",
      "<button type=\"submit\">Predict</button>", "<p id=\"chosen\" role=\"status\"></p>", "</div>",
    ] + runs + [
      "<p class=\"note\">At most \(limits.count) images and \(BodyBudget.bodyLimit >> 20) MiB at once, each of at most "
        + "\(limits.pixels / 1_000_000) million pixels. They stay in this program's memory until others have come, and "
        + "are written nowhere.</p>", "</form>",
    ]
  }

  private static let types = "image/png,image/jpeg,image/webp,image/tiff,image/gif,image/bmp,.ppm,.pgm"

  /// The most runs that can be chosen from.
  private static let choiceLimit = 200

  /// The runs that can be asked, by their sweeps, the last sweep first; the one with the best result of that is chosen.
  private static func choices(in store: StudyStore) throws -> [String] {
    var lines: [String] = []
    var count = 0
    var seen: Set<RunIdentity> = []
    var isWhole = true
    for stored in try store.sweeps().sorted(by: { $0.id > $1.id }) {
      guard count < choiceLimit else {
        isWhole = false
        break
      }
      let sweep = try store.sweep(stored.id)
      let runs = sweep.labeledRuns.filter { !seen.contains($0.run.identity) && canPredict($0.run, in: store) }
      let shown = runs.prefix(choiceLimit - count)
      if shown.count < runs.count { isWhole = false }
      guard !shown.isEmpty else { continue }
      seen.formUnion(shown.map(\.run.identity))
      let metric: MetricName = "test_accuracy"
      let best = count == 0 ? shown.max { $0.run.metrics[metric] ?? 0 < $1.run.metrics[metric] ?? 0 } : nil
      lines.append(
        "<details\(count == 0 ? " open" : "")><summary>\(Frame.escaped(sweep.name))</summary><ul class=\"runs\">")
      for (variant, run) in shown {
        let accuracy = run.metrics[metric].map { " <small>\(NumberText.fixed($0 * 100, decimals: 2)) %</small>" } ?? ""
        let name = run.identity.short
        lines.append(
          "<li><label><input type=\"checkbox\" name=\"run\" value=\"\(name)\"\(best?.run.identity == run.identity ? " checked" : "")> "
            + "\(Frame.escaped(variant)), seed \(run.seed)\(accuracy)</label></li>")
      }
      lines.append("</ul></details>")
      count += shown.count
    }
    guard count > 0 else { return ["<p>No run has weights yet.</p>"] }
    if !isWhole { lines.append("<p class=\"note\">There are more; the page of each run leads to its model.</p>") }
    return ["<fieldset><legend>Runs, at most \(PredictionDesk.runLimit)</legend>"] + lines + ["</fieldset>"]
  }

  // MARK: Runs

  /// The variant and the seed of a run.
  static func title(of run: Run, in store: StudyStore) throws -> String {
    let variant = try store.cells(of: run.identity).first?.variant
    return "\(variant ?? "run \(run.identity.short)"), seed \(run.seed)"
  }

  /// Whether a run has a model that can be asked.
  static func canPredict(_ run: Run, in store: StudyStore) -> Bool {
    guard run.importSource == nil, run.configuration["program"] == nil else { return false }
    let folder = store.folder(of: run.identity)
    return folder.has(.finalWeights) || folder.has(.bestWeights)
  }

  /// The run, where it has a model that can be asked.
  ///
  /// - Throws: `WorkbenchError` where it has none.
  static func predictable(_ run: Run, in store: StudyStore) throws -> Run {
    guard canPredict(run, in: store) else {
      throw WorkbenchError(
        "run \(run.identity.short) is \(run.state.rawValue) and has no weights of a network of labrun's own, so that it can be "
          + "asked nothing", kind: .noInput)
    }
    return run
  }
}
