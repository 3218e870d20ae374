import LabCore
import LabReport
import LabWorkbench

extension Resources {
  static let predictions = Route(
    kind: .resource, path: "/api/v1/runs/{run}/predictions",
    summary: "What a run's model says of images that are sent: files called image of a form, or the bytes of one",
    command: "labrun predict RUN IMAGE --json",
    parameters: [.init(name: "top", summary: "how many of the most probable classes; 5 where it is left out")],
    isWaiting: true, isOfPredictions: true, respond: nil
  ) { call in
    var top = 5
    if let text = call.first("top") {
      guard let number = Int(text), (1...1_000_000).contains(number) else {
        throw RequestProblem(status: 400, description: "top is a number from 1, but \"\(text)\" was given")
      }
      top = number
    }
    let asked = try PredictionRequest(call, run: call["run"])
    let answers = try call.window.desk.answers(
      to: asked.images, by: asked.runs, in: call.window.store(), explains: false, isGone: call.isGone)
    guard let answer = answers.first else {
      throw RequestProblem(status: 422, description: "no run was asked")
    }
    let unread = answer.faults.sorted { $0.key < $1.key }.map { (asked.images.names[$0.key], $0.value) }
    let faults = asked.images.faults.map { ($0.name, $0.problem) } + unread
    guard answer.faults.count < asked.images.count else {
      throw RequestProblem(status: 422, description: faults.map(\.1).first ?? "no image could be read")
    }
    var members = answer.table(top: top).json.objectValue ?? [:]
    if !faults.isEmpty {
      members["problems"] = .array(faults.map { ["image": .string($0.0), "problem": .string($0.1)] })
    }
    var response = Response.json(.object(members))
    response.headers.append(("Cache-Control", "no-store"))
    return response
  }
}
