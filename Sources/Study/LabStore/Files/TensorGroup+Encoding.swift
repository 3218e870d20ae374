import Foundation
import LabCore
import LabHDF5

/// HDF5 files as bytes in memory.
///
/// The library never writes to the disk itself: a file is built in memory and stored by one plain write whose every
/// failure the system reports, and a stored file is checked before the library, which trusts its input, sees it.
extension TensorGroup {
  /// The bytes before the file proper, which HDF5 leaves to the application.
  static let userBlockByteCount = 512

  /// The bytes of a file with this content; its user block is filled with zeros.
  ///
  /// - Parameter path: the file in errors.
  /// - Throws: ``StoreError``.
  func encoded(path: String) throws -> Data {
    try StoreError.translatingHDF5Failures(path) {
      let file = try HDF5File(inMemoryBehind: Self.userBlockByteCount)
      let root = try file.group("/")
      try write(to: root)
      try root.close()
      try file.flush()
      let image = try file.bytes()
      try file.close()
      return image
    }
  }

  private func write(to location: borrowing HDF5Group) throws {
    for (name, attribute) in attributes.sorted(by: { $0.key < $1.key }) {
      try location.writeAttribute(name, attribute)
    }
    var names = Set<String>()
    func check(_ name: String) throws {
      try Self.checkName(name)
      guard names.insert(name).inserted, groups[name] == nil else {
        throw StoreError.invalidTensor(name: name, problem: "the name is used twice")
      }
    }
    for tensor in tensors {
      try check(tensor.name)
      let dataset = try location.createDataset(tensor.name, tensor.values.number, tensor.shape.dimensions)
      try tensor.values.withUnsafeBytes { try dataset.write(tensor.values.number, $0) }
      try dataset.close()
    }
    for (name, texts) in texts.sorted(by: { $0.key < $1.key }) {
      try check(name)
      try location.writeTexts(name, texts)
    }
    for (name, child) in groups.sorted(by: { $0.key < $1.key }) {
      try Self.checkName(name)
      let group = try location.createGroup(name)
      try child.write(to: group)
      try group.close()
    }
  }

  private static func checkName(_ name: String) throws {
    if name.isEmpty || name == "." || name.contains("/") || name.utf8.contains(0) {
      throw StoreError.invalidTensor(name: name, problem: "a name must not be empty or \".\" or contain \"/\"")
    }
  }
}

extension NamedTensor.Values {
  /// The elements' type in HDF5 files.
  fileprivate var number: HDF5Number {
    switch self {
    case .float32: .float32
    case .float64: .float64
    case .int64: .int64
    case .uint8: .uint8
    }
  }
}

extension StoreError {
  /// Runs `body` alone within the HDF5 library, whose refusals become errors about a file.
  static func translatingHDF5Failures<R>(_ path: String, _ body: () throws -> R) throws -> R {
    try HDF5Library.locked {
      do {
        return try body()
      } catch let failure as HDF5Failure {
        if let code = failure.machineCode { throw FileError(action: "read", path: path, code: code) }
        throw StoreError.hdf5(path: path, action: failure.action, problem: failure.problem)
      }
    }
  }
}
