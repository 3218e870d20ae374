import CHDF5

/// The extents of something that is stored.
struct HDF5Space: ~Copyable {
  private let handle: HDF5Handle

  var id: hid_t { handle.id }

  /// Describes extents; none stand for a single value.
  init(_ extents: [Int], _ action: @autoclosure () -> String) throws {
    let sizes = extents.map { hsize_t($0) }
    handle = try HDF5Handle(
      sizes.isEmpty ? H5Screate(H5S_SCALAR) : H5Screate_simple(Int32(sizes.count), sizes, nil), closedBy: H5Sclose,
      action())
  }

  /// Takes an identifier that the library has just returned.
  init(_ id: hid_t, _ action: @autoclosure () -> String) throws {
    handle = try HDF5Handle(id, closedBy: H5Sclose, action())
  }

  /// The number of values.
  var count: Int { Int(H5Sget_simple_extent_npoints(id)) }

  /// The extents.
  var extents: [Int] {
    var extents = [hsize_t](repeating: 0, count: max(0, Int(H5Sget_simple_extent_ndims(id))))
    H5Sget_simple_extent_dims(id, &extents, nil)
    return extents.map { Int(clamping: $0) }
  }
}

/// The types of numbers that this program writes, and reads all others as.
package enum HDF5Number: Sendable {
  case float32, float64, int64, uint8

  /// The bytes of one.
  package var byteCount: Int {
    switch self {
    case .float32: 4
    case .float64, .int64: 8
    case .uint8: 1
    }
  }

  /// The type within files, whatever the machine.
  var inFile: hid_t {
    switch self {
    case .float32: labH5LittleEndianFloat()
    case .float64: labH5LittleEndianDouble()
    case .int64: labH5LittleEndianInt64()
    case .uint8: labH5NativeUInt8()
    }
  }

  /// The type within this machine's memory.
  var inMemory: hid_t {
    switch self {
    case .float32: labH5NativeFloat()
    case .float64: labH5NativeDouble()
    case .int64: labH5NativeInt64()
    case .uint8: labH5NativeUInt8()
    }
  }
}

/// What the elements of a data set are.
package struct HDF5ElementType: Equatable {
  /// What kind of value an element is.
  package enum Kind {
    case float, integer, text, other
  }

  package var kind: Kind
  /// The bytes of one element.
  package var byteCount: Int
  /// Whether integers may be negative.
  package var isSigned: Bool
  /// Whether each text is as long as it is.
  package var isVariable: Bool

  /// Describes an open type.
  init(_ type: hid_t) {
    switch H5Tget_class(type) {
    case H5T_FLOAT: kind = .float
    case H5T_INTEGER: kind = .integer
    case H5T_STRING: kind = .text
    default: kind = .other
    }
    byteCount = H5Tget_size(type)
    isSigned = kind == .integer && H5Tget_sign(type) != H5T_SGN_NONE
    isVariable = kind == .text && H5Tis_variable_str(type) > 0
  }
}
