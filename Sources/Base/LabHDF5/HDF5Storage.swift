import CHDF5
import Foundation

/// Where the bytes of a data set stand.
package struct HDF5Storage: ~Copyable {
  /// Which files hold them.
  package enum Kind {
    /// The data set's own.
    case own
    /// Data sets of other files, each a part.
    case mapped
    /// Raw files.
    case external
  }

  /// A part of a data set that another data set provides.
  package struct Mapping {
    /// The other data set's file, and its path in it; either may have `%b` for the number of a block.
    package var file, name: String
    /// How many elements are provided; nil for one after another without end.
    package var elementCount: UInt64?
    /// The greatest indices that are taken of the other data set; nil where it is taken whole.
    package var greatestIndices: [UInt64]?
  }

  /// A part of a data set in a raw file.
  package struct Piece {
    package var file: String
    /// Where it begins, in bytes.
    package var offset: Int
    /// Its length in bytes.
    package var byteCount: UInt64
  }

  private let properties: HDF5Handle
  package let kind: Kind
  /// The number of mappings or pieces.
  package let partCount: Int

  fileprivate init(_ dataset: hid_t, _ label: String) throws {
    let properties = try HDF5Handle(H5Dget_create_plist(dataset), closedBy: H5Pclose, "describe \(label)")
    if H5Pget_layout(properties.id) == H5D_VIRTUAL {
      var count = 0
      try checkHDF5(H5Pget_virtual_count(properties.id, &count), "describe \(label)")
      (kind, partCount) = (.mapped, count)
    } else {
      partCount = max(0, Int(H5Pget_external_count(properties.id)))
      kind = partCount > 0 ? .external : .own
    }
    self.properties = properties
  }

  /// A mapping; nil where it cannot be read.
  package func mapping(_ index: Int) -> Mapping? {
    let list = properties.id
    guard
      let file = Self.text({ H5Pget_virtual_filename(list, index, $0, $1) }),
      let name = Self.text({ H5Pget_virtual_dsetname(list, index, $0, $1) }),
      let target = try? HDF5Space(H5Pget_virtual_vspace(list, index), "describe a mapping"),
      let source = try? HDF5Space(H5Pget_virtual_srcspace(list, index), "describe a mapping")
    else { return nil }
    // A negative number of points is one without end.
    let count = H5Sget_select_npoints(target.id)
    return Mapping(
      file: file, name: name, elementCount: count >= 0 ? UInt64(count) : nil,
      greatestIndices: Self.greatestIndices(source.id))
  }

  private static func greatestIndices(_ selection: hid_t) -> [UInt64]? {
    let rank = Int(H5Sget_simple_extent_ndims(selection))
    guard rank > 0, H5Sget_select_type(selection) != H5S_SEL_ALL, H5Sget_select_npoints(selection) > 0 else {
      return nil
    }
    var (first, last) = ([hsize_t](repeating: 0, count: rank), [hsize_t](repeating: 0, count: rank))
    return H5Sget_select_bounds(selection, &first, &last) >= 0 ? last.map { UInt64($0) } : nil
  }

  private static func text(_ read: (UnsafeMutablePointer<CChar>?, Int) -> Int) -> String? {
    let length = read(nil, 0)
    guard (0...1 << 16).contains(length) else { return nil }
    var buffer = [CChar](repeating: 0, count: length + 1)
    guard read(&buffer, length + 1) >= 0 else { return nil }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// A piece; nil where it cannot be read.
  package func piece(_ index: Int) -> Piece? {
    let room = 4096
    var name = [CChar](repeating: 0, count: room)
    var offset = off_t(0)
    var size = hsize_t(0)
    guard H5Pget_external(properties.id, UInt32(index), room - 1, &name, &offset, &size) >= 0 else { return nil }
    return Piece(
      file: String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self),
      offset: Int(offset), byteCount: UInt64(size))
  }
}

extension HDF5Dataset {
  /// Where its bytes stand.
  ///
  /// - Throws: ``HDF5Failure``.
  package func storage() throws -> HDF5Storage { try HDF5Storage(identifier, "a dataset") }
}
