import Foundation
import LabCore
import LabRecords

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The files of one run, for reading; anyone may read at any time.
public struct RunFolder: Sendable, Hashable {
  /// A file of a run.
  public enum File: String, Sendable, CaseIterable {
    /// The last checkpoint.
    case checkpoint = "checkpoint.h5"
    /// The checkpoint before the last one.
    case previousCheckpoint = "checkpoint-previous.h5"
    /// The weights after the last step.
    case finalWeights = "weights-final.h5"
    /// The weights of the best epoch.
    case bestWeights = "weights-best.h5"
    /// Test logits, labels and confusion matrix.
    case predictions = "predictions.h5"

    /// The file of a run's final or best weights.
    public static func weights(_ kind: RunWeights) -> File { kind == .final ? .finalWeights : .bestWeights }

    /// The files that are there to go on from, which a completed run does not need.
    static let checkpoints: [File] = [.checkpoint, .previousCheckpoint]

    /// What the file says of itself in its attribute `format`.
    var format: String {
      switch self {
      case .checkpoint, .previousCheckpoint: "labrun-checkpoint"
      case .finalWeights, .bestWeights: "labrun-weights"
      case .predictions: "labrun-predictions"
      }
    }
  }

  /// The folder.
  public let path: String
  /// The run that it belongs to.
  public let run: RunIdentity

  /// Names a folder, which need not exist.
  init(path: String, run: RunIdentity) {
    self.path = path
    self.run = run
  }

  /// The path of a file, which need not exist.
  public func path(of file: File) -> String { "\(path)/\(file.rawValue)" }

  /// Whether a file exists.
  public func has(_ file: File) -> Bool { access(path(of: file), F_OK) == 0 }

  /// Reads the newest whole checkpoint: the last one, else the one before.
  ///
  /// - Throws: `FileError` where a checkpoint exists and the system does not let it be read: starting anew would then
  ///   throw work away.
  public func readCheckpoint() throws -> CheckpointReading {
    var reading = CheckpointReading(problems: [])
    for file in [File.checkpoint, .previousCheckpoint] where has(file) {
      do {
        reading.checkpoint = try Checkpoint(read(file), path: path(of: file))
        reading.path = path(of: file)
        break
      } catch let error as StoreError {
        reading.problems.append(error)
      }
    }
    return reading
  }

  /// Reads a file with everything that it says of itself.
  ///
  /// - Throws: ``StoreError`` where it is damaged, of another kind or of another run; `FileError` where it cannot be
  ///   read.
  public func content(of file: File) throws -> TensorGroup { try read(file) }

  /// Reads the final or the best weights, by their `state_dict` names.
  ///
  /// - Throws: ``StoreError`` where it is damaged or belongs elsewhere, `FileError` where it cannot be read.
  public func readWeights(_ file: File) throws -> [NamedTensor] { try read(file).tensors }

  /// Reads the test predictions.
  ///
  /// - Throws: ``StoreError`` where it is damaged or belongs elsewhere, `FileError` where it cannot be read.
  public func readPredictions() throws -> Predictions {
    try Predictions(read(.predictions), path: path(of: .predictions))
  }

  /// Reads a file and checks that it is whole, of its kind and of this run.
  func read(_ file: File) throws -> TensorGroup { try read(path(of: file), format: file.format) }

  /// Reads a file of any name and checks that it is whole, of a kind and of this run.
  func read(_ path: String, format: String) throws -> TensorGroup {
    let content = try SealedFile.read(path)
    guard content.attributes["format"] == .string(format), content.attributes["format_version"] == .integer(1) else {
      throw StoreError.unsupportedFile(path: path, problem: "it is no \(format) file of version 1")
    }
    guard content.attributes["run"] == .string(run.hash.hexadecimal) else {
      let actual = if case .string(let text)? = content.attributes["run"] { text } else { "unknown" }
      throw StoreError.foreignFile(path: path, expected: run, actual: actual)
    }
    return content
  }
}
