import Foundation
import LabCore

/// PyTorch's checkpoints, as `torch.save` writes them since version 1.6: an archive with a pickle and tensors' elements.
///
/// The pickle is never executed. Only dictionaries of plain tensors are read; everything else is refused.
public enum PyTorchCheckpoint {
  /// Under which key a checkpoint that holds more than a state_dict may have it.
  private static let keys = ["state_dict", "model_state_dict", "model", "net", "params", "weights"]

  /// Reads every tensor, sorted by name.
  ///
  /// A state_dict within a checkpoint is found by its usual keys, and the prefix `module.` of parallel training is
  /// taken off. Floating-point elements become single precision, integers 64 bits wide.
  ///
  /// - Throws: ``StoreError/damagedFile(path:problem:)``, ``StoreError/unsupportedFile(path:problem:)``, or `FileError`.
  public static func read(_ path: String) throws -> [NamedTensor] {
    let file = try SizedFile(path)
    let archive = try ZipArchive(file)
    guard let pickleName = archive.names.first(where: { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }) else {
      throw StoreError.unsupportedFile(
        path: path, problem: "the archive has no data.pkl, as checkpoints of PyTorch have")
    }
    guard let size = archive.size(pickleName), size <= TensorUnpickler.sizeLimit,
      let pickle = try archive.content(pickleName)
    else {
      throw StoreError.unsupportedFile(
        path: path, problem: "its data.pkl is larger than \(TensorUnpickler.sizeLimit >> 20) MiB")
    }
    let root = String(pickleName.dropLast("data.pkl".count))
    if archive.size(root + "byteorder") ?? 0 <= 16, let order = try archive.content(root + "byteorder"),
      String(decoding: order, as: UTF8.self) != "little"
    {
      throw StoreError.unsupportedFile(path: path, problem: "its numbers have the highest byte first")
    }
    let value: TensorUnpickler.Value
    do throws(TensorUnpickler.Problem) {
      value = try TensorUnpickler.read(pickle)
    } catch {
      throw error.isRefusal
        ? StoreError.unsupportedFile(
          path: path, problem: "\(error.text); only state_dicts of plain tensors are read, so save model.state_dict()")
        : StoreError.damagedFile(path: path, problem: "in data.pkl, \(error.text)")
    }
    let tensors = try stateDictionary(value, path: path)
    let isParallel = tensors.allSatisfy { $0.name.hasPrefix("module.") }
    var elements = Elements(archive: archive, root: root, fileSize: file.byteCount)
    return try tensors.map { name, tensor in
      try stored(isParallel ? String(name.dropFirst("module.".count)) : name, tensor, &elements, path: path)
    }.sorted { $0.name < $1.name }
  }

  /// The elements in an archive, of which the last ones are kept: tensors often lie in the same storage.
  private struct Elements {
    private let archive: ZipArchive
    private let root: String
    private var last: (key: String, content: Data)?
    /// How many bytes may still be read or copied.
    ///
    /// Tensors may share elements, but not so many that a small file fills any memory.
    private var budget: Int

    init(archive: ZipArchive, root: String, fileSize: Int) {
      self.archive = archive
      self.root = root
      budget = 16 * fileSize + 1 << 26
    }

    /// The elements of a storage; nil where there are none.
    mutating func content(_ key: String) throws -> Data? {
      if let last, last.key == key { return last.content }
      guard let size = archive.size("\(root)data/\(key)"), spend(size) else { return nil }
      guard let content = try archive.content("\(root)data/\(key)") else { return nil }
      last = (key, content)
      return content
    }

    /// Whether so many more bytes may be read or copied.
    mutating func spend(_ count: Int) -> Bool {
      budget -= min(count, budget + 1)
      return budget >= 0
    }
  }

  private typealias Named = (name: String, tensor: TensorUnpickler.TensorDescription)

  private static func stateDictionary(_ value: TensorUnpickler.Value, path: String) throws -> [Named] {
    guard case .dictionary(let dictionary) = value else {
      throw StoreError.unsupportedFile(path: path, problem: "it holds no dictionary of tensors")
    }
    let entries = dictionary.content.compactMap { key, value -> (String, TensorUnpickler.Value)? in
      if case .text(let name) = key { (name, value) } else { nil }
    }
    let tensors = entries.compactMap { name, value -> Named? in
      if case .tensor(let tensor) = value { (name, tensor) } else { nil }
    }
    if !tensors.isEmpty {
      guard Set(tensors.map(\.name)).count == tensors.count else {
        throw StoreError.damagedFile(path: path, problem: "a name occurs twice")
      }
      return tensors
    }
    for key in keys {
      guard case .dictionary(let inner)? = entries.first(where: { $0.0 == key })?.1 else { continue }
      let hasTensors = inner.content.contains { if case .tensor = $0.value { true } else { false } }
      if hasTensors { return try stateDictionary(.dictionary(inner), path: path) }
    }
    let names = entries.map(\.0).prefix(8).joined(separator: ", ")
    throw StoreError.unsupportedFile(
      path: path,
      problem: "there are no tensors under \(keys.joined(separator: ", ")); it has \(names.isEmpty ? "no keys" : names)"
    )
  }

  private static let elementCodes: [String: ElementCode] = [
    "DoubleStorage": .float64, "FloatStorage": .float32, "HalfStorage": .float16, "BFloat16Storage": .bfloat16,
    "LongStorage": .int64, "IntStorage": .int32, "ShortStorage": .int16, "CharStorage": .int8, "ByteStorage": .uint8,
    "BoolStorage": .boolean,
  ]

  private static func stored(
    _ name: String, _ tensor: TensorUnpickler.TensorDescription, _ elements: inout Elements, path: String
  ) throws -> NamedTensor {
    func damaged(_ problem: String) -> StoreError { .damagedFile(path: path, problem: "\"\(name)\" \(problem)") }
    guard let code = elementCodes[tensor.storage.type] else {
      throw StoreError.unsupportedFile(path: path, problem: "\"\(name)\" has elements of \(tensor.storage.type)")
    }
    guard let content = try elements.content(tensor.storage.key) else {
      throw damaged("has no elements in the archive")
    }
    let available = content.count / code.byteCount
    guard tensor.storage.count <= available, tensor.shape.count == tensor.strides.count else {
      throw damaged("claims \(tensor.storage.count) elements of \(available)")
    }
    guard let count = TensorExtents.elementCount(tensor.shape) else {
      throw damaged("has the absurd shape \(tensor.shape)")
    }
    var last = tensor.offset
    for (extent, stride) in zip(tensor.shape, tensor.strides) {
      let (reach, overflow) = max(0, extent - 1).multipliedReportingOverflow(by: stride)
      let (end, second) = last.addingReportingOverflow(reach)
      guard !overflow, !second else { throw damaged("has the absurd strides \(tensor.strides)") }
      last = end
    }
    // A tensor that shows one element many times could be larger than any memory.
    guard tensor.offset >= 0, count == 0 || (last < available && count <= available),
      elements.spend(count * max(code.byteCount, 8))
    else {
      throw damaged("of shape \(tensor.shape) reaches beyond its \(available) elements")
    }
    return NamedTensor(name, Shape(tensor.shape), code.decode(gathered(tensor, count, content, code), count: count))
  }

  /// The tensor's elements, row by row.
  private static func gathered(
    _ tensor: TensorUnpickler.TensorDescription, _ count: Int, _ content: Data, _ code: ElementCode
  ) -> Data {
    guard count > 0 else { return Data() }
    let width = code.byteCount
    // Extents whose product is a number of elements that are there cannot overflow here.
    var dense: [Int] = []
    for extent in tensor.shape.reversed() { dense.insert((dense.first ?? 1) * max(1, extent), at: 0) }
    let strides = Array(dense.dropFirst()) + (dense.isEmpty ? [] : [1])
    let start = content.startIndex
    if zip(tensor.shape, zip(tensor.strides, strides)).allSatisfy({ $0 <= 1 || $1.0 == $1.1 }) {
      return content[start + tensor.offset * width..<start + (tensor.offset + count) * width]
    }
    var result = Data(capacity: count * width)
    for index in 0..<count {
      var rest = index
      var place = tensor.offset
      for axis in tensor.shape.indices.reversed() {
        place += rest % tensor.shape[axis] * tensor.strides[axis]
        rest /= tensor.shape[axis]
      }
      result += content[start + place * width..<start + (place + 1) * width]
    }
    return result
  }
}
