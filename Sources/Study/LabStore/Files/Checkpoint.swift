import LabCore
import LabRecords

extension Checkpoint {
  /// The checkpoint as an HDF5 file's content.
  func content(path: String) throws -> TensorGroup {
    let text = progress.canonicalText
    guard (try? JSONValue(parsing: text)) != nil else {
      throw StoreError.unsupportedFile(path: path, problem: "the checkpoint's progress has a number that is not finite")
    }
    return TensorGroup(
      attributes: ["progress": .string(text)],
      groups: [
        "parameters": TensorGroup(parameters), "optimizer": TensorGroup(optimizer), "state": TensorGroup(state),
      ])
  }

  /// Takes a checkpoint from an HDF5 file's content.
  init(_ content: TensorGroup, path: String) throws {
    func tensors(_ group: String) throws -> [NamedTensor] {
      guard let group = content.groups[group] else {
        throw StoreError.unsupportedFile(path: path, problem: "it has no group \"\(group)\", which a checkpoint needs")
      }
      return group.tensors
    }
    guard case .string(let text)? = content.attributes["progress"], let progress = try? JSONValue(parsing: text) else {
      throw StoreError.unsupportedFile(path: path, problem: "it has no attribute \"progress\" with JSON text")
    }
    self.init(
      parameters: try tensors("parameters"), optimizer: try tensors("optimizer"), state: try tensors("state"),
      progress: progress)
  }
}

/// What was found where a checkpoint should be.
public struct CheckpointReading: Sendable {
  /// The newest whole checkpoint, if there is one.
  public var checkpoint: Checkpoint?
  /// The file that it was read from.
  public var path: String?
  /// Newer checkpoints that could not be used, and why.
  public var problems: [StoreError]
}
