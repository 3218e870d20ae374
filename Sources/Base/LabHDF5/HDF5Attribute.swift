import CHDF5

/// A small value beside the data of a group.
public enum HDF5Attribute: Sendable, Hashable, Codable {
  case string(String)
  case integer(Int64)
  case number(Double)
}

extension HDF5Location where Self: ~Copyable {
  /// Writes an attribute.
  ///
  /// - Throws: ``HDF5Failure``.
  package func writeAttribute(_ name: String, _ attribute: HDF5Attribute) throws {
    let label = "the attribute \"\(name)\""
    let location = identifier
    let space = try HDF5Space([], "describe \(label)")
    func create(_ type: hid_t, _ memoryType: hid_t, _ value: UnsafeRawPointer, in space: hid_t) throws {
      let handle = try HDF5Handle(
        H5Acreate2(location, name, type, space, labH5Default(), labH5Default()), closedBy: H5Aclose,
        "create \(label)")
      try checkHDF5(H5Awrite(handle.id, memoryType, value), "write \(label)")
      try handle.close("close \(label)")
    }
    switch attribute {
    case .integer(var value): try create(labH5LittleEndianInt64(), labH5NativeInt64(), &value, in: space.id)
    case .number(var value): try create(labH5LittleEndianDouble(), labH5NativeDouble(), &value, in: space.id)
    case .string(let value):
      guard !value.utf8.contains(0) else {
        throw HDF5Failure("write \(label)", problem: "it contains a zero character")
      }
      let type = try textType(label)
      let (typeID, spaceID) = (type.id, space.id)
      try value.withCString { text in
        var pointer: UnsafePointer<CChar>? = text
        try create(typeID, typeID, &pointer, in: spaceID)
      }
    }
  }

  /// The attributes that are a single number or text.
  ///
  /// - Parameter limit: how many there may be of any kind.
  /// - Throws: ``HDF5Failure``.
  package func attributes(atMost limit: Int) throws -> [String: HDF5Attribute] {
    var attributes: [String: HDF5Attribute] = [:]
    let count = try checkHDF5(labH5AttributeCount(identifier), "count the attributes")
    guard count <= limit else {
      throw HDF5Failure("read the attributes", problem: "there are \(count); expected at most \(limit)")
    }
    for index in 0..<count {
      let handle = try HDF5Handle(
        H5Aopen_by_idx(
          identifier, ".", H5_INDEX_NAME, H5_ITER_INC, hsize_t(index), labH5Default(), labH5Default()),
        closedBy: H5Aclose, "open an attribute")
      let name = try attributeName(handle.id)
      attributes[name] = try attributeValue(handle.id, "the attribute \"\(name)\"")
    }
    return attributes
  }

  private func attributeName(_ attribute: hid_t) throws -> String {
    let action = "read an attribute's name"
    // The length is without the closing zero.
    let length = try checkHDF5(H5Aget_name(attribute, 0, nil), action)
    guard length <= 1 << 16 else { throw HDF5Failure(action, problem: "its length is absurd") }
    var buffer = [CChar](repeating: 0, count: length + 1)
    try checkHDF5(H5Aget_name(attribute, buffer.count, &buffer), action)
    return String(decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private func attributeValue(_ attribute: hid_t, _ label: String) throws -> HDF5Attribute? {
    let space = try HDF5Space(H5Aget_space(attribute), "describe \(label)")
    let type = try HDF5Handle(H5Aget_type(attribute), closedBy: H5Tclose, "describe \(label)")
    guard H5Sget_simple_extent_type(space.id) == H5S_SCALAR else { return nil }
    let element = HDF5ElementType(type.id)
    switch element.kind {
    case .integer:
      var value: Int64 = 0
      try checkHDF5(H5Aread(attribute, labH5NativeInt64(), &value), "read \(label)")
      return .integer(value)
    case .float:
      var value = 0.0
      try checkHDF5(H5Aread(attribute, labH5NativeDouble(), &value), "read \(label)")
      return .number(value)
    case .text where element.isVariable:
      var text: UnsafeMutablePointer<CChar>?
      try checkHDF5(H5Aread(attribute, type.id, &text), "read \(label)")
      defer { H5free_memory(text) }
      return .string(text.map { String(cString: $0) } ?? "")
    case .text:
      guard element.byteCount <= 1 << 26 else { throw HDF5Failure("read \(label)", problem: "its size is absurd") }
      var bytes = [UInt8](repeating: 0, count: element.byteCount)
      try checkHDF5(H5Aread(attribute, type.id, &bytes), "read \(label)")
      return .string(String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self))
    case .other: return nil
    }
  }

  /// The texts of an attribute; nil where it is not there, is no text or cannot be read.
  package func texts(ofAttribute name: String) -> [String]? {
    guard H5Aexists(identifier, name) > 0 else { return nil }
    guard
      let attribute = try? HDF5Handle(H5Aopen(identifier, name, labH5Default()), closedBy: H5Aclose, "open"),
      let type = try? HDF5Handle(H5Aget_type(attribute.id), closedBy: H5Tclose, "describe"),
      let space = try? HDF5Space(H5Aget_space(attribute.id), "describe")
    else { return nil }
    let (element, count) = (HDF5ElementType(type.id), space.count)
    // Attributes lie in the file's headers, so that more than this many are claimed only and not there.
    guard element.kind == .text, (1...1 << 20).contains(count) else { return nil }
    if element.isVariable {
      var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
      guard H5Aread(attribute.id, type.id, &pointers) >= 0 else { return nil }
      defer { for pointer in pointers { H5free_memory(pointer) } }
      return pointers.map { $0.map { String(cString: $0) } ?? "" }
    }
    let size = element.byteCount
    guard (1...1 << 28).contains(size), count * size <= 1 << 28 else { return nil }
    var bytes = [UInt8](repeating: 0, count: count * size)
    guard H5Aread(attribute.id, type.id, &bytes) >= 0 else { return nil }
    return (0..<count).map { index in
      String(decoding: bytes[index * size..<(index + 1) * size].prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}
