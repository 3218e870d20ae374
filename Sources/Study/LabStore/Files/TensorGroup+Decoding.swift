import Foundation
import LabCore
import LabHDF5

extension TensorGroup {
  /// How deep groups may be nested; a file can contain itself.
  private static let depthLimit = 16
  /// More attributes than any object has.
  private static let attributeLimit = 10_000
  /// More objects than any file of weights has.
  private static let objectLimit = 1_000_000

  /// What has been read of a file, so that many names of one object cannot keep the reader busy for ever.
  private struct Progress {
    /// The groups and data sets that were read, by their places in the file.
    var visited = Set<HDF5Address>()
    var objectCount = 0
    /// How many bytes may still be read of data sets that were read before.
    var budget: Int
    /// Whether lists of texts are read, which are looked for in files of this program only.
    var readsTexts: Bool
    /// Told at each object.
    var note: () -> Void

    init(byteCount: Int, readsTexts: Bool, note: @escaping () -> Void) {
      budget = 16 * byteCount + 1 << 26
      self.readsTexts = readsTexts
      self.note = note
    }
  }

  /// Reads a whole file from memory.
  ///
  /// - Parameter path: the file in errors.
  /// - Throws: ``StoreError``.
  init(decoding image: Data, path: String) throws {
    self = try StoreError.translatingHDF5Failures(path) {
      let file = try HDF5File(reading: image)
      var progress = Progress(byteCount: image.count, readsTexts: true, note: {})
      return try TensorGroup(root: file, &progress)
    }
  }

  /// Reads a whole file that another program wrote, in this process and without a copy of its bytes in memory.
  ///
  /// - Parameter note: called now and then while reading goes on.
  /// - Throws: ``StoreError``, or `FileError` where it cannot be read.
  init(readingHere path: String, note: @escaping () -> Void = {}) throws {
    let size = try SizedFile(path).byteCount
    self = try StoreError.translatingHDF5Failures(path) {
      let file = try HDF5File(reading: path)
      var progress = Progress(byteCount: size, readsTexts: false, note: note)
      return try TensorGroup(root: file, &progress)
    }
  }

  private init(root file: borrowing HDF5File, _ progress: inout Progress) throws {
    let root = try file.group("/")
    try self.init(root, depth: 0, &progress)
  }

  private init(_ location: borrowing HDF5Group, depth: Int, _ progress: inout Progress) throws {
    guard depth < Self.depthLimit else {
      throw HDF5Failure("read a group", problem: "groups are nested too deeply")
    }
    self.init(attributes: try location.attributes(atMost: Self.attributeLimit))
    // Soft and external links could lead out of the file.
    for name in try location.linkNames(atMost: Self.objectLimit + 1, hardOnly: true) {
      let object = try location.object(name)
      progress.note()
      progress.objectCount += 1
      guard progress.objectCount <= Self.objectLimit else {
        throw HDF5Failure("read \"\(name)\"", problem: "the file has more than \(Self.objectLimit) objects")
      }
      switch consume object {
      case .dataset(let dataset):
        let isNew = try progress.visited.insert(dataset.address()).inserted
        if progress.readsTexts, isNew, let list = try dataset.texts(atMost: Self.objectLimit) {
          texts[name] = list
        } else {
          let tensor = try NamedTensor(dataset, name: name, limit: isNew ? .max : progress.budget)
          if !isNew { progress.budget -= tensor.values.withUnsafeBytes { $0.count } }
          tensors.append(tensor)
        }
      case .group(let group):
        // A group that has several names is given under the first: links that fan out would give more groups than
        // there are bytes in the file.
        guard try progress.visited.insert(group.address()).inserted else { continue }
        groups[name] = try TensorGroup(group, depth: depth + 1, &progress)
      case .other: continue
      }
    }
  }
}

extension NamedTensor {
  /// Reads a data set of numbers.
  ///
  /// - Parameter limit: how many bytes it may have.
  fileprivate init(_ dataset: borrowing HDF5Dataset, name: String, limit: Int) throws {
    let action = "read the dataset \"\(name)\""
    let claim: HDF5Claim
    do throws(HDF5Claim.Problem) {
      claim = try HDF5Claim(dataset)
    } catch {
      throw HDF5Failure(action, problem: "it \(error.actual); expected \(error.expected)")
    }
    guard claim.extents.count <= TensorExtents.rankLimit, claim.elementCount <= limit / 8 else {
      throw HDF5Failure(action, problem: "the file names its elements too many times")
    }
    func read<Element>(_ number: HDF5Number, _ zero: Element) throws -> [Element] {
      var values = [Element](repeating: zero, count: claim.elementCount)
      try values.withUnsafeMutableBytes { try dataset.read(number, into: $0) }
      return values
    }
    let type = try dataset.elementType()
    let values: Values
    switch type.kind {
    case .float where type.byteCount <= 4: values = .float32(try read(.float32, 0))
    case .float: values = .float64(try read(.float64, 0))
    case .integer where type.byteCount == 1 && !type.isSigned: values = .uint8(try read(.uint8, 0))
    case .integer: values = .int64(try read(.int64, 0))
    case .text, .other: throw HDF5Failure(action, problem: "its elements are no numbers")
    }
    self.init(name, Shape(claim.extents), values)
  }
}
