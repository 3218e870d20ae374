import Foundation
import LabCore

/// Weights from any source: files of this program, HDF5 files of others, safetensors, PyTorch.
public enum WeightsFile {
  private static let hdf5Signature = Data([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a])

  /// Reads tensors by name; the content and not the name tells the format.
  ///
  /// Of an HDF5 file the root's datasets are taken, or a checkpoint's parameters and running statistics. Floating-point elements become
  /// single precision, integers 64 bits wide.
  ///
  /// - Throws: ``StoreError``, or `FileError` where the file cannot be read.
  public static func read(_ path: String) throws -> [NamedTensor] { try readGroup(path).tensors }

  /// Reads tensors as ``read(_:)`` does, with what else the file says: attributes of HDF5, metadata of safetensors.
  ///
  /// - Throws: ``StoreError``, or `FileError` where the file cannot be read.
  public static func readGroup(_ path: String) throws -> TensorGroup {
    let (head, size) = try firstBytes(of: path)
    let content: TensorGroup
    if SealedFile.isSealed(head) {
      content = try SealedFile.read(path)
    } else if SafetensorsFile.isFramed(head, fileSize: size) {
      // Looked for before the others, since a header's length may read as another format's first bytes.
      content = try SafetensorsFile.readGroup(path)
    } else if hasHDF5Signature(head) {
      content = try ForeignWeightsTask.read(path)
      // Whoever stores a file anew leaves no room for the seal; one that has the room and no seal was tampered with.
      if head.prefix(TensorGroup.userBlockByteCount).allSatisfy({ $0 == 0 }),
        case .string(let format)? = content.attributes["format"], format.hasPrefix("labrun-")
      {
        throw StoreError.damagedFile(path: path, problem: "its seal was erased")
      }
    } else if ZipArchive.isArchive(head) {
      content = TensorGroup(try PyTorchCheckpoint.read(path))
    } else if head.first == 0x80 {
      throw StoreError.unsupportedFile(
        path: path,
        problem: "it is a pickle, as PyTorch wrote before version 1.6; load it there and store it by torch.save again")
    } else if head.count > 8 && head[head.startIndex + 8] == UInt8(ascii: "{")
      || path.lowercased().hasSuffix(".safetensors")
    {
      // One that was cut off, of which the format's own reader says where.
      content = try SafetensorsFile.readGroup(path)
    } else {
      throw StoreError.unsupportedFile(
        path: path,
        problem: head.isEmpty
          ? "it is empty" : "it is no file of weights, which is an HDF5, safetensors or PyTorch file")
    }
    let tensors = content.tensors.isEmpty ? checkpointWeights(content) : content.tensors
    guard !tensors.isEmpty else {
      throw StoreError.unsupportedFile(
        path: path, problem: "it has no datasets in its root and none in a group \"parameters\"")
    }
    return TensorGroup(tensors.map(\.singlePrecision), attributes: content.attributes)
  }

  /// The parameters of a checkpoint, and its running statistics, which version 0.1 kept in the group `state`.
  private static func checkpointWeights(_ content: TensorGroup) -> [NamedTensor] {
    let parameters = content.groups["parameters"]?.tensors ?? []
    guard content.attributes["format"] == .string(RunFolder.File.checkpoint.format) else { return parameters }
    let others = content.groups["state"]?.tensors ?? []
    return parameters
      + others.filter { $0.name.hasSuffix(".running_mean") || $0.name.hasSuffix(".running_var") }
      .filter { !$0.name.hasPrefix("ema.") }
  }

  private static func firstBytes(of path: String) throws -> (Data, fileSize: Int) {
    let file = try SizedFile(path)
    return (try file.bytes(at: 0, count: 4104), file.byteCount)
  }

  /// Whether an HDF5 superblock stands at one of the places where the format allows it.
  private static func hasHDF5Signature(_ head: Data) -> Bool {
    [0, 512, 1024, 2048, 4096].contains { head.dropFirst($0).starts(with: hdf5Signature) }
  }
}

extension NamedTensor {
  /// The tensor with double precision rounded to single.
  fileprivate var singlePrecision: NamedTensor {
    if case .float64(let values) = values { NamedTensor(name, shape, values.map { Float($0) }) } else { self }
  }
}
