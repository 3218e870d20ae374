import Foundation
import LabCore
import LabRecords
import LabStore
import LabWorkbench

/// Where models are asked: they stay loaded for a while, and answer one request after the other.
final class PredictionDesk: Sendable {
  /// What may be sent at once.
  static let limits = SentImages.Limits()
  /// The most runs that are asked at once.
  static let runLimit = 4
  /// The most requests that wait.
  private static let queueLimit = 4

  /// The thread on which models work.
  let thread = WorkThread(name: "labrun.predictions", limit: PredictionDesk.queueLimit)
  private let shelf = ModelShelf()

  /// Lets everybody go who waits.
  func stop() { thread.stop() }

  /// Asks models.
  ///
  /// - Parameters:
  ///   - images: the images.
  ///   - runs: the runs whose models are asked.
  ///   - store: the store that has them.
  ///   - explains: whether pictures of what they look at are wanted.
  ///   - isGone: whether nobody wants the answer any more.
  /// - Throws: `WorkbenchError` where a run has no weights, ``RequestProblem`` where too many wait.
  func answers(
    to images: SentImages, by runs: [Run], in store: StudyStore, explains: Bool, isGone: () -> Bool
  ) throws -> [ModelAnswer] {
    try thread.run(isGone: isGone) { [shelf] in
      try runs.map { try shelf.model(of: $0, in: store).answer(images, explains: explains) }
    }
  }
}

/// The models that were asked last, ready to be asked again; used by one thread.
private final class ModelShelf: @unchecked Sendable {
  private struct Entry {
    var key: String
    var model: ReadyModel
  }

  // One thread uses it.
  private var entries: [Entry] = []
  private let workbench = Workbench(say: { _ in })
  /// The most models, and the most bytes of their weights together.
  private static let countLimit = 4
  private static let byteLimit = 512 << 20

  /// The model of a run.
  func model(of run: Run, in store: StudyStore) throws -> ReadyModel {
    let key = ModelShelf.key(of: run, in: store)
    if let place = entries.firstIndex(where: { $0.key == key }) {
      entries.append(entries.remove(at: place))
      return entries[entries.count - 1].model
    }
    let model = try ReadyModel(
      TrainedModel(of: run, choice: nil, in: store, workbench: workbench), workbench: workbench)
    entries.append(Entry(key: key, model: model))
    while entries.count > 1,
      entries.count > ModelShelf.countLimit || entries.reduce(0, { $0 + $1.model.byteCount }) > ModelShelf.byteLimit
    {
      entries.removeFirst()
    }
    return model
  }

  /// What is another text where the weights are others.
  private static func key(of run: Run, in store: StudyStore) -> String {
    let folder = store.folder(of: run.identity)
    let stamps = [RunFolder.File.finalWeights, .bestWeights].map { file -> String in
      var status = stat()
      guard stat(folder.path(of: file), &status) == 0 else { return "none" }
      let date = try? FileManager.default.attributesOfItem(atPath: folder.path(of: file))[.modificationDate] as? Date
      return "\(status.st_ino) \(status.st_size) \(date?.timeIntervalSince1970 ?? 0)"
    }
    return "\(run.identity.hash.hexadecimal) \(stamps)"
  }
}
