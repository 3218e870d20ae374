import CHDF5
import Foundation
import LabCore

extension HDF5Image {
  /// How deep groups may be nested; a file can contain itself.
  private static let depthLimit = 16

  /// Reads a whole file from memory.
  static func decode(_ image: Data, path: String) throws -> TensorGroup {
    try withHDF5(path: path) {
      let access = try fileAccess()
      // The library copies the bytes and changes only its copy.
      var bytes = image
      let status = bytes.withUnsafeMutableBytes { H5Pset_file_image(access.id, $0.baseAddress, $0.count) }
      try checkHDF5(status, "take the file's bytes")
      return try readFile("labrun-\(UUID().uuidString)", access.id)
    }
  }

  /// Reads a whole file that another program wrote, without a copy of its bytes in memory.
  static func read(foreign path: String) throws -> TensorGroup {
    try withHDF5(path: path) { try readFile(path, labH5Default()) }
  }

  private static func readFile(_ name: String, _ access: hid_t) throws -> TensorGroup {
    let file = try HDF5Handle(H5Fopen(name, labH5ReadOnly(), access), closedBy: H5Fclose, "open the file")
    let root = try HDF5Handle(H5Gopen2(file.id, "/", labH5Default()), closedBy: H5Gclose, "open the root group")
    return try readGroup(root.id, depth: 0)
  }

  private static func readGroup(_ location: hid_t, depth: Int) throws -> TensorGroup {
    guard depth < depthLimit else { throw HDF5Failure("read a group", problem: "groups are nested too deeply") }
    var group = TensorGroup(attributes: try readAttributes(location))
    var info = H5G_info_t()
    try checkHDF5(H5Gget_info(location, &info), "list a group")
    for index in 0..<info.nlinks {
      let name = try readString("read a name") {
        H5Lget_name_by_idx(location, ".", H5_INDEX_NAME, H5_ITER_INC, index, $0, $1, labH5Default())
      }
      // Soft and external links could lead out of the file.
      guard labH5IsHardLink(location, name) != 0 else { continue }
      let object = try HDF5Handle(H5Oopen(location, name, labH5Default()), closedBy: H5Oclose, "open \"\(name)\"")
      switch H5Iget_type(object.id) {
      case H5I_DATASET: group.tensors.append(try readTensor(object.id, name: name))
      case H5I_GROUP: group.groups[name] = try readGroup(object.id, depth: depth + 1)
      default: continue
      }
    }
    return group
  }

  // MARK: Tensors

  private static func readTensor(_ dataset: hid_t, name: String) throws -> StoredTensor {
    let label = "the dataset \"\(name)\""
    let space = try HDF5Handle(H5Dget_space(dataset), closedBy: H5Sclose, "describe \(label)")
    let rank = try checkHDF5(H5Sget_simple_extent_ndims(space.id), "describe \(label)")
    var extents = [hsize_t](repeating: 0, count: Int(rank))
    try checkHDF5(H5Sget_simple_extent_dims(space.id, &extents, nil), "describe \(label)")
    let type = try HDF5Handle(H5Dget_type(dataset), closedBy: H5Tclose, "describe \(label)")
    let size = H5Tget_size(type.id)

    var count = 1
    for extent in extents {
      let (product, overflow) = count.multipliedReportingOverflow(by: Int(clamping: extent))
      guard !overflow else { throw HDF5Failure("read \(label)", problem: "its extents are absurd") }
      count = product
    }
    // Deflate shrinks by 1032 at most: a larger claim is a file that would fill the memory with nothing.
    let stored = H5Dget_storage_size(dataset)
    guard count == 0 || Double(count) * Double(size) <= Double(stored) * 1100 else {
      throw HDF5Failure("read \(label)", problem: "it claims \(count) elements but holds \(stored) bytes")
    }

    func read<Element>(_ type: hid_t, _ zero: Element) throws -> [Element] {
      var values = [Element](repeating: zero, count: count)
      guard count > 0 else { return values }
      let status = values.withUnsafeMutableBytes {
        H5Dread(dataset, type, labH5All(), labH5All(), labH5Default(), $0.baseAddress)
      }
      try checkHDF5(status, "read \(label)")
      return values
    }
    let shape = Shape(extents.map { Int($0) })
    switch H5Tget_class(type.id) {
    case H5T_FLOAT where size <= 4: return StoredTensor(name, shape, .float32(try read(labH5NativeFloat(), 0)))
    case H5T_FLOAT: return StoredTensor(name, shape, .float64(try read(labH5NativeDouble(), 0)))
    case H5T_INTEGER where size == 1 && H5Tget_sign(type.id) == H5T_SGN_NONE:
      return StoredTensor(name, shape, .uint8(try read(labH5NativeUInt8(), 0)))
    case H5T_INTEGER: return StoredTensor(name, shape, .int64(try read(labH5NativeInt64(), 0)))
    default: throw HDF5Failure("read \(label)", problem: "its elements are no numbers")
    }
  }

  // MARK: Attributes

  private static func readAttributes(_ object: hid_t) throws -> [String: TensorGroup.Attribute] {
    var attributes: [String: TensorGroup.Attribute] = [:]
    for index in 0..<(try checkHDF5(labH5AttributeCount(object), "count the attributes")) {
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
    var buffer = [CChar](repeating: 0, count: length + 1)
    try checkHDF5(call(&buffer, buffer.count), action)
    return String(decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
