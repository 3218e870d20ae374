import Foundation
import LabCore
import LabRecords
import LabStore
import LabWorkbench

/// A file of a run, to download.
///
/// The name that is asked for is compared with those of the files that the run has, and never becomes part of a path.
enum RunFilePage {
  static let route = Route(
    kind: .page, path: "/runs/{run}/files/{file}", summary: "A file of a run, to download", isWaiting: true
  ) { call in
    let store = try call.window.store()
    let run = try store.run(matching: call["run"])
    guard let file = try files(of: run, in: store).first(where: { $0.name == call["file"] }) else {
      throw RequestProblem(status: 404, description: "run \(run.identity.short) has no file \"\(call["file"])\"")
    }
    return Response(
      type: "application/octet-stream",
      headers: [
        ("Content-Disposition", "attachment; filename=\"\(run.identity.short)-\(file.name)\""),
        ("Cache-Control", "private, no-store"),
      ],
      body: .file(path: file.path, length: file.length))
  }

  /// A file of a run.
  struct File {
    var name: String
    var path: String
    /// The length in bytes.
    var length: Int
    /// What it is.
    var summary: String
  }

  /// The files of a run that its store knows and that are there.
  static func files(of run: Run, in store: StudyStore) throws -> [File] {
    let folder = store.folder(of: run.identity)
    let known = RunFolder.File.allCases.map { ($0.rawValue, folder.path(of: $0), summary($0)) }
    let printed = try RunLog(of: run.identity, in: store).files().map { ($0.name, $0.path, "what its process printed") }
    return (known + printed).compactMap { name, path, summary in
      let attributes = try? FileManager.default.attributesOfItem(atPath: path)
      guard let length = attributes?[.size] as? Int, attributes?[.type] as? FileAttributeType == .typeRegular else {
        return nil
      }
      return File(name: name, path: path, length: length, summary: summary)
    }
  }

  private static func summary(_ file: RunFolder.File) -> String {
    switch file {
    case .checkpoint: "the last checkpoint"
    case .previousCheckpoint: "the checkpoint before"
    case .finalWeights: "the weights after the last step, by their state_dict names"
    case .bestWeights: "the weights of the best epoch, by their state_dict names"
    case .predictions: "logits and labels of the test images"
    }
  }
}
