import Foundation
import LabCore
import LabHDF5

/// Everything that the store lets another process read.
package enum ForeignFiles {
  /// The tasks that a reading process can be asked for.
  package static let tasks: [any IsolatedTask.Type] = [ForeignWeightsTask.self]
}

/// Reads an HDF5 file that another program wrote.
struct ForeignWeightsTask: IsolatedTask {
  static let name = "hdf5-weights"

  /// What the HDF5 library refused.
  struct Failure: Error, Codable {
    var action: String
    var problem: String
  }

  /// A tensor whose elements were sent beside the answer.
  struct Tensor: Codable {
    var name: String
    var shape: Shape
    var type: ElementCode
  }

  /// A group without its tensors' elements, which come in the order of the tensors, its own before those of its groups.
  struct Group: Codable {
    var tensors: [Tensor]
    var attributes: [String: TensorGroup.Attribute]
    var groups: [String: Group]
  }

  var path: String

  /// Reads a file.
  ///
  /// - Throws: ``StoreError``, or `FileError` where it cannot be read.
  static func read(_ path: String) throws -> TensorGroup {
    do {
      var elements = Data()
      let group = try IsolatedReader.run(ForeignWeightsTask(path: path)) { elements.append(contentsOf: $0) }
      var position = 0
      return try content(of: group, elements, &position, path: path)
    } catch let failure as Failure {
      throw StoreError.hdf5(path: path, action: failure.action, problem: failure.problem)
    } catch let error as IsolationError {
      throw StoreError.damagedFile(path: path, problem: error.problem)
    }
  }

  func run(_ output: IsolatedOutput) throws -> Group {
    do {
      return try send(TensorGroup(readingHere: path, note: output.goesOn), to: output)
    } catch StoreError.hdf5(_, let action, let problem) {
      throw Failure(action: action, problem: problem)
    }
  }

  private func send(_ group: TensorGroup, to output: IsolatedOutput) throws -> Group {
    let tensors = try group.tensors.map { tensor in
      try tensor.values.withUnsafeBytes { if $0.count > 0 { try output.send($0) } }
      return Tensor(name: tensor.name, shape: tensor.shape, type: tensor.values.code)
    }
    var groups: [String: Group] = [:]
    for (name, inner) in group.groups.sorted(by: { $0.key < $1.key }) { groups[name] = try send(inner, to: output) }
    return Group(tensors: tensors, attributes: group.attributes, groups: groups)
  }

  private static func content(
    of group: Group, _ elements: Data, _ position: inout Int, path: String
  ) throws -> TensorGroup {
    let tensors = try group.tensors.map { tensor in
      let count = TensorExtents.elementCount(tensor.shape.dimensions)
      guard let count, count * tensor.type.byteCount <= elements.count - position else {
        throw StoreError.damagedFile(path: path, problem: "the process that read it contradicts itself")
      }
      let start = elements.startIndex + position
      position += count * tensor.type.byteCount
      return NamedTensor(
        tensor.name, tensor.shape,
        tensor.type.exact(elements[start..<elements.startIndex + position], count: count))
    }
    var groups: [String: TensorGroup] = [:]
    for (name, inner) in group.groups.sorted(by: { $0.key < $1.key }) {
      groups[name] = try content(of: inner, elements, &position, path: path)
    }
    return TensorGroup(tensors, attributes: group.attributes, groups: groups)
  }
}

extension NamedTensor.Values {
  /// The type of the elements as they lie in memory.
  fileprivate var code: ElementCode {
    switch self {
    case .float32: .float32
    case .float64: .float64
    case .int64: .int64
    case .uint8: .uint8
    }
  }
}

extension ElementCode {
  /// Elements as they were sent, without any loss of precision.
  fileprivate func exact(_ data: Data, count: Int) -> NamedTensor.Values {
    guard self == .float64 else { return decode(data, count: count) }
    return .float64(
      data.withUnsafeBytes { bytes in
        (0..<count).map { bytes.loadUnaligned(fromByteOffset: $0 * 8, as: Double.self) }
      })
  }
}
