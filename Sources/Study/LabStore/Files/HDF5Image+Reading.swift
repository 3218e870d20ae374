import CHDF5
import Foundation
import LabCore
import LabForeign

extension HDF5Image {
  /// How deep groups may be nested; a file can contain itself.
  private static let depthLimit = 16
  /// More attributes than any object has.
  private static let attributeLimit = 10_000
  /// More objects than any file of weights has.
  private static let objectLimit = 1_000_000

  /// What has been read of a file, so that many names of one object cannot keep the reader busy for ever.
  private struct Progress {
    /// The groups and data sets that were read, by their places in the file.
    var visited = Set<[UInt64]>()
    var objectCount = 0
    /// How many bytes may still be read of data sets that were read before.
    var budget: Int
    /// Whether lists of texts are read, which are looked for in files of this program only.
    var readsTexts: Bool
    /// Told at each object.
    var note: () -> Void
  }

  /// Reads a whole file from memory.
  static func decode(_ image: Data, path: String) throws -> TensorGroup {
    try withHDF5(path: path) {
      let access = try fileAccess()
      // The library copies the bytes and changes only its copy.
      var bytes = image
      let status = bytes.withUnsafeMutableBytes { H5Pset_file_image(access.id, $0.baseAddress, $0.count) }
      try checkHDF5(status, "take the file's bytes")
      return try readFile("labrun-\(UUID().uuidString)", access.id, size: image.count, readsTexts: true)
    }
  }

  /// Reads a whole file that another program wrote, in this process and without a copy of its bytes in memory.
  ///
  /// - Parameter note: called now and then while reading goes on.
  static func readHere(foreign path: String, note: @escaping () -> Void = {}) throws -> TensorGroup {
    let size = try SizedFile(path).byteCount
    return try withHDF5(path: path) { try readFile(path, labH5Default(), size: size, note: note) }
  }

  private static func readFile(
    _ name: String, _ access: hid_t, size: Int, readsTexts: Bool = false, note: @escaping () -> Void = {}
  ) throws -> TensorGroup {
    let file = try HDF5Handle(H5Fopen(name, labH5ReadOnly(), access), closedBy: H5Fclose, "open the file")
    let root = try HDF5Handle(H5Gopen2(file.id, "/", labH5Default()), closedBy: H5Gclose, "open the root group")
    var progress = Progress(budget: 16 * size + 1 << 26, readsTexts: readsTexts, note: note)
    return try readGroup(root.id, depth: 0, &progress)
  }

  private static func readGroup(_ location: hid_t, depth: Int, _ progress: inout Progress) throws -> TensorGroup {
    guard depth < depthLimit else { throw HDF5Failure("read a group", problem: "groups are nested too deeply") }
    var group = TensorGroup(attributes: try readAttributes(location))
    for name in try linkNames(in: location) {
      let object = try HDF5Handle(H5Oopen(location, name, labH5Default()), closedBy: H5Oclose, "open \"\(name)\"")
      progress.note()
      progress.objectCount += 1
      guard progress.objectCount <= objectLimit else {
        throw HDF5Failure("read \"\(name)\"", problem: "the file has more than \(objectLimit) objects")
      }
      let kind = H5Iget_type(object.id)
      guard kind == H5I_DATASET || kind == H5I_GROUP else { continue }
      var address: (UInt64, UInt64) = (0, 0)
      let status = withUnsafeMutableBytes(of: &address) {
        labH5ObjectAddress(object.id, $0.assumingMemoryBound(to: UInt64.self).baseAddress)
      }
      try checkHDF5(status, "find \"\(name)\"")
      let isNew = progress.visited.insert([address.0, address.1]).inserted
      if kind == H5I_DATASET, progress.readsTexts, isNew, let texts = try readTexts(object.id, name: name) {
        group.texts[name] = texts
      } else if kind == H5I_DATASET {
        let tensor = try readTensor(object.id, name: name, limit: isNew ? .max : progress.budget)
        if !isNew { progress.budget -= tensor.values.withUnsafeBytes { $0.count } }
        group.tensors.append(tensor)
      } else if isNew {
        // A group that has several names is given under the first: links that fan out would give more groups than
        // there are bytes in the file.
        group.groups[name] = try readGroup(object.id, depth: depth + 1, &progress)
      }
    }
    return group
  }

  /// The names of a group's hard links; soft and external links could lead out of the file.
  private static func linkNames(in group: hid_t) throws -> [String] {
    var names: [String] = []
    let status = withUnsafeMutablePointer(to: &names) { names in
      labH5VisitLinks(
        group,
        { name, isHard, names in
          guard let name, let names = names?.assumingMemoryBound(to: [String].self) else { return 1 }
          if isHard != 0 { names.pointee.append(String(cString: name)) }
          return names.pointee.count <= HDF5Image.objectLimit ? 0 : 1
        }, names)
    }
    try checkHDF5(status, "list a group")
    return names
  }

  // MARK: Tensors

  private static func readTensor(_ dataset: hid_t, name: String, limit: Int) throws -> NamedTensor {
    let label = "the dataset \"\(name)\""
    let claim: HDF5Claim
    do throws(HDF5Claim.Problem) {
      claim = try HDF5Claim(dataset)
    } catch {
      throw HDF5Failure("read \(label)", problem: "it \(error.actual); expected \(error.expected)")
    }
    let (extents, count) = (claim.extents, claim.elementCount)
    guard extents.count <= TensorExtents.rankLimit, count <= limit / 8 else {
      throw HDF5Failure("read \(label)", problem: "the file names its elements too many times")
    }
    let type = try HDF5Handle(H5Dget_type(dataset), closedBy: H5Tclose, "describe \(label)")
    let size = H5Tget_size(type.id)

    func read<Element>(_ type: hid_t, _ zero: Element) throws -> [Element] {
      var values = [Element](repeating: zero, count: count)
      guard count > 0 else { return values }
      let status = values.withUnsafeMutableBytes {
        H5Dread(dataset, type, labH5All(), labH5All(), labH5Default(), $0.baseAddress)
      }
      try checkHDF5(status, "read \(label)")
      return values
    }
    let shape = Shape(extents)
    switch H5Tget_class(type.id) {
    case H5T_FLOAT where size <= 4: return NamedTensor(name, shape, .float32(try read(labH5NativeFloat(), 0)))
    case H5T_FLOAT: return NamedTensor(name, shape, .float64(try read(labH5NativeDouble(), 0)))
    case H5T_INTEGER where size == 1 && H5Tget_sign(type.id) == H5T_SGN_NONE:
      return NamedTensor(name, shape, .uint8(try read(labH5NativeUInt8(), 0)))
    case H5T_INTEGER: return NamedTensor(name, shape, .int64(try read(labH5NativeInt64(), 0)))
    default: throw HDF5Failure("read \(label)", problem: "its elements are no numbers")
    }
  }

  /// A list of texts; nil where the elements are of another kind.
  private static func readTexts(_ dataset: hid_t, name: String) throws -> [String]? {
    let label = "the dataset \"\(name)\""
    let type = try HDF5Handle(H5Dget_type(dataset), closedBy: H5Tclose, "describe \(label)")
    guard H5Tget_class(type.id) == H5T_STRING, H5Tis_variable_str(type.id) > 0 else { return nil }
    let space = try HDF5Handle(H5Dget_space(dataset), closedBy: H5Sclose, "describe \(label)")
    let count = try checkHDF5(Int(H5Sget_simple_extent_npoints(space.id)), "measure \(label)")
    guard count <= objectLimit else { throw HDF5Failure("read \(label)", problem: "it has \(count) texts") }
    var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
    defer { for pointer in pointers { H5free_memory(pointer) } }
    guard count > 0 else { return [] }
    try checkHDF5(H5Dread(dataset, type.id, labH5All(), labH5All(), labH5Default(), &pointers), "read \(label)")
    return pointers.map { $0.map { String(cString: $0) } ?? "" }
  }

  // MARK: Attributes

  private static func readAttributes(_ object: hid_t) throws -> [String: TensorGroup.Attribute] {
    var attributes: [String: TensorGroup.Attribute] = [:]
    let count = try checkHDF5(labH5AttributeCount(object), "count the attributes")
    guard count <= attributeLimit else {
      throw HDF5Failure("read the attributes", problem: "there are \(count); expected at most \(attributeLimit)")
    }
    for index in 0..<count {
      let handle = try HDF5Handle(
        H5Aopen_by_idx(
          object, ".", H5_INDEX_NAME, H5_ITER_INC, hsize_t(index), labH5Default(), labH5Default()),
        closedBy: H5Aclose, "open an attribute")
      let name = try readString("read an attribute's name") { H5Aget_name(handle.id, $1, $0) }
      attributes[name] = try readAttribute(handle.id, "the attribute \"\(name)\"")
    }
    return attributes
  }

  /// The attribute's value; nil where it is no single number or string.
  private static func readAttribute(_ attribute: hid_t, _ label: String) throws -> TensorGroup.Attribute? {
    let space = try HDF5Handle(H5Aget_space(attribute), closedBy: H5Sclose, "describe \(label)")
    let type = try HDF5Handle(H5Aget_type(attribute), closedBy: H5Tclose, "describe \(label)")
    guard H5Sget_simple_extent_type(space.id) == H5S_SCALAR else { return nil }
    switch H5Tget_class(type.id) {
    case H5T_INTEGER:
      var value: Int64 = 0
      try checkHDF5(H5Aread(attribute, labH5NativeInt64(), &value), "read \(label)")
      return .integer(value)
    case H5T_FLOAT:
      var value = 0.0
      try checkHDF5(H5Aread(attribute, labH5NativeDouble(), &value), "read \(label)")
      return .number(value)
    case H5T_STRING where H5Tis_variable_str(type.id) > 0:
      var text: UnsafeMutablePointer<CChar>?
      try checkHDF5(H5Aread(attribute, type.id, &text), "read \(label)")
      defer { H5free_memory(text) }
      return .string(text.map { String(cString: $0) } ?? "")
    case H5T_STRING:
      guard H5Tget_size(type.id) <= 1 << 26 else { throw HDF5Failure("read \(label)", problem: "its size is absurd") }
      var bytes = [UInt8](repeating: 0, count: H5Tget_size(type.id))
      try checkHDF5(H5Aread(attribute, type.id, &bytes), "read \(label)")
      return .string(String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self))
    default: return nil
    }
  }

  /// Reads text by a call that returns its length without the closing zero.
  private static func readString(
    _ action: String, _ call: (UnsafeMutablePointer<CChar>?, Int) -> Int
  ) throws -> String {
    let length = try checkHDF5(call(nil, 0), action)
    guard length <= 1 << 16 else { throw HDF5Failure(action, problem: "its length is absurd") }
    var buffer = [CChar](repeating: 0, count: length + 1)
    try checkHDF5(call(&buffer, buffer.count), action)
    return String(decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
