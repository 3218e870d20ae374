import Foundation
import LabCore
import LabReport
import LabStore
import LabWorkbench

/// What models say of images that somebody has sent: probabilities, what they look at, how long it took.
enum AnswerPage {
  static let route = Route(
    kind: .page, path: "/answers/{answer}", summary: "What models have said of images that were sent",
    isWaiting: true, isOfPredictions: true,
    respond: { call in
      let answer = try call.window.answers.answer(call["answer"])
      return .form(Content(answer: answer, isAlone: call.window.onlyRun != nil).html())
    })

  static let pictureRoute = Route(
    kind: .page, path: "/answers/{answer}/pictures/{picture}",
    summary: "An image as a model sees it, and where it looks",
    isWaiting: true, isOfPredictions: true,
    respond: { call in
      let answer = try call.window.answers.answer(call["answer"])
      let parts = call["picture"].split(separator: "-")
      guard parts.count == 3, let image = Int(parts[0]), let run = Int(parts[1]), answer.runs.indices.contains(run),
        answer.runs[run].answer.images.indices.contains(image), let seen = answer.runs[run].answer.images[image],
        let picture = parts[2] == "seen.png" ? seen.seen : parts[2] == "overlay.png" ? seen.overlay : nil
      else { throw RequestProblem(status: 404, description: "there is no picture of this address") }
      return Response(
        type: "image/png", headers: [("Cache-Control", "private, max-age=86400, immutable")], body: .data(picture))
    })

  static let archiveRoute = Route(
    kind: .page, path: "/answers/{answer}/labeled", summary: "Sent images in folders of their classes, as an archive",
    isWaiting: true, isOfPredictions: true, respond: nil
  ) { call in
    let answer = try call.window.answers.answer(call["answer"])
    let form = try FormBody(call.request.body, type: call.request.headers["content-type"] ?? "")
    if let other = form.parts.first(where: { $0.name != "label" }) {
      throw RequestProblem(status: 422, description: "the form has a field \"\(other.name)\", and takes label only")
    }
    let archive = try LabeledArchive(
      answer, labels: form.parts.map { String(decoding: $0.content, as: UTF8.self) })
    return Response(
      type: "application/x-tar",
      headers: [
        ("Content-Disposition", "attachment; filename=\"labeled-\(answer.id.prefix(8)).tar\""),
        ("Cache-Control", "private, no-store"),
      ], body: .data(archive.data))
  }

  private struct Content {
    let answer: KeptAnswers.Answer
    let isAlone: Bool

    private var first: String { answer.runs.first?.name ?? "" }

    func html() -> String {
      let count = answer.images.count
      var content = [
        "<h1>\(count == 1 ? "What is it?" : "What are they?") <small>\(count) \(count == 1 ? "image" : "images")</small></h1>"
      ]
      if !answer.images.faults.isEmpty {
        content += ["<ul>"]
        content += answer.images.faults.map { "<li class=\"failure\">\(Frame.escaped($0.problem))</li>" } + ["</ul>"]
      }
      for index in 0..<count { content += image(index) }
      content += labels
      let hidden = answer.runs.map { "<input type=\"hidden\" name=\"run\" value=\"\($0.name)\">" }
      content += Frame.section(
        "again", "Further images",
        answer.isOfOneRun
          ? PredictPage.form(to: "/runs/\(first)/predict", []) : PredictPage.form(to: "/predict", hidden))
      let trail =
        answer.isOfOneRun
        ? PredictPage.trail(first, isAlone: isAlone) : [Frame.Step(title: "predict", address: "/predict")]
      return Frame.page(
        title: "Predictions", trail: trail + [.init(title: "answer", address: "/answers/\(answer.id)")], content,
        isLive: false, scripts: [Assets.askingScript], isAlone: isAlone)
    }

    // MARK: An image

    private func image(_ index: Int) -> [String] {
      let extent = answer.images.extents[index]
      var lines = ["<p class=\"lead\">\(extent.width)×\(extent.height) pixels</p>"]
      if answer.images.areTurned[index] {
        lines.append(
          "<p class=\"warning\">Its file says that the camera was turned. Models see it as it is stored, which may be upside down or "
            + "on its side; turn it in a program for pictures, and save it.</p>")
      }
      for (place, run) in answer.runs.enumerated() { lines += said(of: index, place, run) }
      return Frame.section("image-\(index + 1)", answer.images.names[index], lines)
    }

    private func said(of index: Int, _ place: Int, _ run: KeptAnswers.Asked) -> [String] {
      let title = "\(Frame.escaped(run.title)) <small>run \(run.name)</small>"
      var lines = [
        "<div class=\"said\">", "<h3>\(isAlone ? title : "<a href=\"/runs/\(run.name)\">\(title)</a>")</h3>",
      ]
      if let fault = run.answer.faults[index] {
        return lines + ["<p class=\"failure\">\(Frame.escaped(fault))</p>", "</div>"]
      }
      let seen = run.answer.images.indices.contains(index) ? run.answer.images[index] : nil
      lines += pictures(seen, index, place, run) + shares(index, run)
      return lines + notes(seen, run) + ["</div>"]
    }

    private func pictures(
      _ seen: ModelAnswer.Image?, _ index: Int, _ place: Int, _ run: KeptAnswers.Asked
    ) -> [String] {
      guard let seen else { return [] }
      func figure(_ name: String, _ text: String) -> String {
        let address = "/answers/\(answer.id)/pictures/\(index)-\(place)-\(name).png"
        let alternative = "\(answer.images.names[index]), \(text)"
        return
          "<figure><img src=\"\(address)\" alt=\"\(Frame.escaped(alternative))\"><figcaption>\(text)</figcaption></figure>"
      }
      let overlay = seen.overlay == nil ? [] : [figure("overlay", "what it looks at")]
      return ["<div class=\"looks\">", figure("seen", "as the model sees it")] + overlay + ["</div>"]
    }

    /// How many classes are shown at once.
    private static let top = 5

    private func shares(_ index: Int, _ run: KeptAnswers.Asked) -> [String] {
      let classification = run.answer.classification
      let ranking = classification.ranking(index)
      func rows(_ entries: ArraySlice<(label: Int, probability: Double)>) -> [String] {
        entries.map { entry in
          let name = Frame.escaped(classification.classNames[entry.label])
          let text = Classification.text(entry.probability)
          let value = entry.probability.isFinite ? "\(entry.probability)" : "0"
          return "<tr><th scope=\"row\">\(name)</th><td class=\"number\"><data value=\"\(value)\">\(text)</data></td>"
            + "<td><progress max=\"1\" value=\"\(value)\" aria-hidden=\"true\"></progress></td></tr>"
        }
      }
      func table(_ entries: ArraySlice<(label: Int, probability: Double)>, _ caption: String) -> [String] {
        ["<table class=\"shares\"><caption class=\"hidden\">\(caption)</caption><tbody>"] + rows(entries)
          + ["</tbody></table>"]
      }
      let rest = ranking.dropFirst(Content.top)
      let others =
        rest.isEmpty
        ? []
        : ["<details><summary>the other \(rest.count) classes</summary>"]
          + table(rest, "Less probable classes") + ["</details>"]
      return ["<div class=\"sayings\">"] + table(ranking.prefix(Content.top), "The most probable classes") + others
        + ["</div>"]
    }

    private func notes(_ seen: ModelAnswer.Image?, _ run: KeptAnswers.Asked) -> [String] {
      let count = answer.images.count
      let times = [
        "\(count == 1 ? "classified" : "\(count) images classified") in \(Content.time(run.answer.predictionSeconds))",
        run.answer.explanationSeconds.map { "explained in \(Content.time($0))" },
      ].compactMap { $0 }.joined(separator: ", ")
      var sentences = [times.prefix(1).uppercased() + times.dropFirst() + "."]
      if let explanation = run.answer.explanation { sentences.append(explanation + ".") }
      if let problem = run.answer.explanationProblem { sentences.append("There is no map: " + problem + ".") }
      if let darkness = seen?.darkness { sentences.append(darkness) }
      let note = "<p class=\"note\">\(Frame.escaped(sentences.joined(separator: " ")))</p>"
      guard let table = seen?.attentions else { return [note] }
      return [note, "<details><summary>attentions of its dynamic convolutions</summary>"]
        + [HTMLParts.table(table, caption: table.title), "</details>"]
    }

    private static func time(_ seconds: Double) -> String {
      seconds < 1
        ? "\(NumberText.fixed(seconds * 1000, decimals: seconds < 0.01 ? 1 : 0)) ms" : NumberText.seconds(seconds)
    }

    // MARK: Labels

    /// A form by which images are told their classes.
    private var labels: [String] {
      var seen: Set<String> = []
      let classes = answer.runs.flatMap(\.answer.classification.classNames).filter { seen.insert($0).inserted }
      let options = classes.map { "<option value=\"\(Frame.escaped($0))\"></option>" }
      var lines = [
        "<p>Whoever knows better may say so: images with a class come in one archive, in a folder for each class, as "
          + "<code>labrun data prepare</code> reads them once it is unpacked. Images without a class are left out.</p>",
        "<form method=\"post\" action=\"/answers/\(answer.id)/labeled\" enctype=\"multipart/form-data\">",
        "<datalist id=\"classes\">\(options.joined())</datalist>", "<ul class=\"labels\">",
      ]
      for index in 0..<answer.images.count {
        lines.append(
          "<li><label>\(Frame.escaped(answer.images.names[index])) <input name=\"label\" list=\"classes\" "
            + "autocomplete=\"off\" placeholder=\"its class\"></label></li>")
      }
      lines += ["</ul>", "<button type=\"submit\">Download labeled images</button>", "</form>"]
      return Frame.section("labels", "The right classes", lines)
    }
  }
}
