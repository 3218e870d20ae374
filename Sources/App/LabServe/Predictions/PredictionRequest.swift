import Foundation
import LabRecords
import LabStore
import LabWorkbench

/// What somebody wants to know: images, and the runs that are to be asked.
struct PredictionRequest {
  var images: SentImages
  var runs: [Run]

  /// Asks runs about images.
  init(images: SentImages, runs: [Run]) {
    self.images = images
    self.runs = runs
  }

  /// Reads a request.
  ///
  /// - Parameters:
  ///   - call: a call with a form that has files called `image`, or with the bytes of one image.
  ///   - run: the run that the address names; nil where fields `run` of the form do.
  /// - Throws: ``RequestProblem``, `SentImages.Problem`, and errors of the store.
  init(_ call: Call, run: String?) throws {
    let type = call.request.headers["content-type"] ?? ""
    let kind = type.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
    var files: [(name: String, data: Data)] = []
    var names = run.map { [$0] } ?? []
    if kind == "multipart/form-data" {
      for part in try FormBody(call.request.body, type: type).parts {
        switch part.name {
        case "image":
          // A browser sends a file without a name where none is chosen.
          if part.fileName?.isEmpty != false, part.content.isEmpty { continue }
          files.append((PredictionRequest.name(part.fileName, files.count), part.content))
        case "run" where run == nil: names.append(String(decoding: part.content, as: UTF8.self))
        default:
          throw RequestProblem(
            status: 422,
            description: "the form has a field \"\(part.name)\", and takes image\(run == nil ? " and run" : "") only")
        }
      }
    } else if kind.hasPrefix("image/") || kind == "application/octet-stream" {
      if !call.request.body.isEmpty { files.append((PredictionRequest.name(nil, 0), call.request.body)) }
    } else {
      throw RequestProblem(
        status: 415,
        description:
          "images are sent as files called image of a form (curl -F image=@FILE), or as the bytes of one with "
          + "its type (curl -H 'Content-Type: image/png' --data-binary @FILE)")
    }
    guard !names.isEmpty else {
      throw RequestProblem(status: 422, description: "no run was chosen: choose at least one to ask")
    }
    guard names.count <= PredictionDesk.runLimit else {
      throw RequestProblem(
        status: 422,
        description: "\(names.count) runs were chosen, and at most \(PredictionDesk.runLimit) are asked at once")
    }
    let store = try call.window.store()
    var runs: [Run] = []
    for name in names {
      let run = try store.run(matching: name)
      if !runs.contains(where: { $0.identity == run.identity }) { runs.append(run) }
    }
    self.runs = runs
    images = try SentImages(files, limits: PredictionDesk.limits)
  }

  /// What a file is called, without the folders that some browsers send, and without what no name has.
  private static func name(_ given: String?, _ index: Int) -> String {
    let last = (given ?? "").split { $0 == "/" || $0 == "\\" }.last.map(String.init) ?? ""
    let name = String(last.unicodeScalars.filter { $0.value >= 0x20 && !(0x7f..<0xa0 ~= $0.value) }.prefix(200))
    return name.isEmpty ? "image \(index + 1)" : name
  }
}
