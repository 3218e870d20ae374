import CHDF5
import Foundation
import LabCore

/// HDF5 files as bytes in memory.
///
/// The library never writes to the disk itself: a file is built in memory and stored by one plain write whose every
/// failure the system reports, and a stored file is checked before the library, which trusts its input, sees it.
enum HDF5Image {
  /// The bytes before the file proper, which HDF5 leaves to the application.
  static let userBlockSize = 512

  /// Builds a file; its user block is filled with zeros.
  static func encode(_ content: TensorGroup, path: String) throws -> Data {
    try withHDF5(path: path) {
      let access = try fileAccess()
      let creation = try HDF5Handle(H5Pcreate(labH5FileCreate()), closedBy: H5Pclose, "create a property list")
      try checkHDF5(H5Pset_userblock(creation.id, hsize_t(userBlockSize)), "reserve the user block")
      // The core driver keeps the file in memory; the name only tells open files apart.
      let name = "labrun-\(UUID().uuidString)"
      let file = try HDF5Handle(
        H5Fcreate(name, labH5Truncate(), creation.id, access.id), closedBy: H5Fclose, "create a file")
      let root = try HDF5Handle(H5Gopen2(file.id, "/", labH5Default()), closedBy: H5Gclose, "open the root group")
      try write(content, to: root.id)
      try root.close("close the root group")
      try checkHDF5(H5Fflush(file.id, H5F_SCOPE_GLOBAL), "flush the file")
      let size = try checkHDF5(H5Fget_file_image(file.id, nil, 0), "measure the file")
      var image = Data(count: userBlockSize + size)
      let copied = image.withUnsafeMutableBytes {
        H5Fget_file_image(file.id, $0.baseAddress! + userBlockSize, size)
      }
      try checkHDF5(copied, "copy the file")
      try file.close("close the file")
      return image
    }
  }

  /// The properties of a file in memory.
  static func fileAccess() throws -> HDF5Handle {
    let access = try HDF5Handle(H5Pcreate(labH5FileAccess()), closedBy: H5Pclose, "create a property list")
    try checkHDF5(H5Pset_fapl_core(access.id, 1 << 22, false), "choose the memory driver")
    return access
  }

  private static func write(_ group: TensorGroup, to location: hid_t) throws {
    for (name, attribute) in group.attributes.sorted(by: { $0.key < $1.key }) {
      try write(attribute, named: name, to: location)
    }
    var names = Set<String>()
    for tensor in group.tensors {
      try checkName(tensor.name)
      guard names.insert(tensor.name).inserted, group.groups[tensor.name] == nil else {
        throw StoreError.invalidTensor(name: tensor.name, problem: "the name is used twice")
      }
      try write(tensor, to: location)
    }
    for (name, texts) in group.texts.sorted(by: { $0.key < $1.key }) {
      try checkName(name)
      guard names.insert(name).inserted, group.groups[name] == nil else {
        throw StoreError.invalidTensor(name: name, problem: "the name is used twice")
      }
      try write(texts, named: name, to: location)
    }
    for (name, child) in group.groups.sorted(by: { $0.key < $1.key }) {
      try checkName(name)
      let handle = try HDF5Handle(
        H5Gcreate2(location, name, labH5Default(), labH5Default(), labH5Default()), closedBy: H5Gclose,
        "create the group \"\(name)\"")
      try write(child, to: handle.id)
      try handle.close("close the group \"\(name)\"")
    }
  }

  private static func checkName(_ name: String) throws {
    if name.isEmpty || name == "." || name.contains("/") || name.utf8.contains(0) {
      throw StoreError.invalidTensor(name: name, problem: "a name must not be empty or \".\" or contain \"/\"")
    }
  }

  private static func write(_ tensor: NamedTensor, to location: hid_t) throws {
    let label = "the dataset \"\(tensor.name)\""
    let extents = tensor.shape.dimensions.map { hsize_t($0) }
    let space = try HDF5Handle(
      extents.isEmpty ? H5Screate(H5S_SCALAR) : H5Screate_simple(Int32(extents.count), extents, nil),
      closedBy: H5Sclose, "describe \(label)")
    let (fileType, memoryType) = types(of: tensor.values)
    let dataset = try createDataset(tensor.name, fileType, space, in: location)
    if tensor.values.count > 0 {
      let status = tensor.values.withUnsafeBytes {
        H5Dwrite(dataset.id, memoryType, labH5All(), labH5All(), labH5Default(), $0.baseAddress)
      }
      try checkHDF5(status, "write \(label)")
    }
    try dataset.close("close \(label)")
  }

  private static func createDataset(
    _ name: String, _ type: hid_t, _ space: borrowing HDF5Handle, in location: hid_t
  ) throws -> HDF5Handle {
    // Without the time of creation, equal content makes equal files.
    let properties = try HDF5Handle(
      H5Pcreate(labH5DatasetCreate()), closedBy: H5Pclose, "create a property list")
    try checkHDF5(H5Pset_obj_track_times(properties.id, false), "leave out the times of the dataset \"\(name)\"")
    return try HDF5Handle(
      H5Dcreate2(location, name, type, space.id, labH5Default(), properties.id, labH5Default()),
      closedBy: H5Dclose, "create the dataset \"\(name)\"")
  }

  private static func write(_ texts: [String], named name: String, to location: hid_t) throws {
    let label = "the dataset \"\(name)\""
    guard !texts.contains(where: { $0.utf8.contains(0) }) else {
      throw HDF5Failure("write \(label)", problem: "it contains a zero character")
    }
    let type = try textType(label)
    let space = try HDF5Handle(
      H5Screate_simple(1, [hsize_t(texts.count)], nil), closedBy: H5Sclose, "describe \(label)")
    let dataset = try createDataset(name, type.id, space, in: location)
    if !texts.isEmpty {
      var starts: [Int] = []
      var characters: [CChar] = []
      for text in texts {
        starts.append(characters.count)
        characters += text.utf8CString
      }
      let status = characters.withUnsafeBufferPointer { characters in
        H5Dwrite(
          dataset.id, type.id, labH5All(), labH5All(), labH5Default(), starts.map { characters.baseAddress! + $0 })
      }
      try checkHDF5(status, "write \(label)")
    }
    try dataset.close("close \(label)")
  }

  /// Text of variable length, which may exceed the 64 KB of an object header, and which Python reads as text.
  private static func textType(_ label: String) throws -> HDF5Handle {
    let type = try HDF5Handle(H5Tcopy(labH5CString()), closedBy: H5Tclose, "describe \(label)")
    try checkHDF5(H5Tset_size(type.id, labH5VariableLength()), "describe \(label)")
    try checkHDF5(H5Tset_cset(type.id, H5T_CSET_UTF8), "describe \(label)")
    return type
  }

  private static func types(of values: NamedTensor.Values) -> (file: hid_t, memory: hid_t) {
    switch values {
    case .float32: (labH5LittleEndianFloat(), labH5NativeFloat())
    case .float64: (labH5LittleEndianDouble(), labH5NativeDouble())
    case .int64: (labH5LittleEndianInt64(), labH5NativeInt64())
    case .uint8: (labH5NativeUInt8(), labH5NativeUInt8())
    }
  }

  private static func write(_ attribute: TensorGroup.Attribute, named name: String, to location: hid_t) throws {
    let label = "the attribute \"\(name)\""
    let space = try HDF5Handle(H5Screate(H5S_SCALAR), closedBy: H5Sclose, "describe \(label)")
    func create(_ type: hid_t, _ memoryType: hid_t, _ value: UnsafeRawPointer) throws {
      let handle = try HDF5Handle(
        H5Acreate2(location, name, type, space.id, labH5Default(), labH5Default()), closedBy: H5Aclose,
        "create \(label)")
      try checkHDF5(H5Awrite(handle.id, memoryType, value), "write \(label)")
      try handle.close("close \(label)")
    }
    switch attribute {
    case .integer(var value): try create(labH5LittleEndianInt64(), labH5NativeInt64(), &value)
    case .number(var value): try create(labH5LittleEndianDouble(), labH5NativeDouble(), &value)
    case .string(let value):
      guard !value.utf8.contains(0) else {
        throw HDF5Failure("write \(label)", problem: "it contains a zero character")
      }
      let type = try textType(label)
      try value.withCString { text in
        var pointer: UnsafePointer<CChar>? = text
        try create(type.id, type.id, &pointer)
      }
    }
  }
}
