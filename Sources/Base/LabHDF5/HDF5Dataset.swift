import CHDF5

/// An open data set.
package typealias HDF5Dataset = HDF5Opened<HDF5DatasetKind>

/// What makes an open object a data set.
package enum HDF5DatasetKind: HDF5Kind { package static let noun = "dataset" }

extension HDF5Dataset {
  // MARK: Description

  /// What its elements are.
  ///
  /// - Throws: ``HDF5Failure``.
  package func elementType() throws -> HDF5ElementType {
    let type = try HDF5Handle(H5Dget_type(identifier), closedBy: H5Tclose, "describe \(label)")
    return HDF5ElementType(type.id)
  }

  /// The extents as the file has them, which nothing was compared with: see ``HDF5Claim``.
  ///
  /// - Throws: ``HDF5Failure``.
  package func claimedExtents() throws -> [Int] { try space().extents }

  private func space() throws -> HDF5Space { try HDF5Space(H5Dget_space(identifier), "describe \(label)") }

  // MARK: All elements

  /// Reads all elements.
  ///
  /// - Parameters:
  ///   - number: what they are given as.
  ///   - buffer: takes them, in row-major order; has room for all.
  /// - Throws: ``HDF5Failure``.
  package func read(_ number: HDF5Number, into buffer: UnsafeMutableRawBufferPointer) throws {
    let count = try space().count
    guard count != 0 else { return }
    guard count > 0, count <= buffer.count / number.byteCount else {
      throw HDF5Failure("read \(label)", problem: "its extents have changed")
    }
    let status = H5Dread(
      identifier, number.inMemory, labH5All(), labH5All(), labH5Default(), buffer.baseAddress)
    try checkHDF5(status, "read \(label)")
  }

  /// Writes all elements.
  ///
  /// - Parameter buffer: the elements in row-major order, as many as the extents ask for.
  /// - Throws: ``HDF5Failure``.
  package func write(_ number: HDF5Number, _ buffer: UnsafeRawBufferPointer) throws {
    guard try space().count * number.byteCount == buffer.count else {
      throw HDF5Failure("write \(label)", problem: "\(buffer.count) bytes do not fit its extents")
    }
    guard buffer.count > 0 else { return }
    let status = H5Dwrite(
      identifier, number.inMemory, labH5All(), labH5All(), labH5Default(), buffer.baseAddress)
    try checkHDF5(status, "write \(label)")
  }

  /// Reads all texts; nil where the elements are none of variable length.
  ///
  /// - Parameter limit: how many there may be.
  /// - Throws: ``HDF5Failure``.
  package func texts(atMost limit: Int) throws -> [String]? {
    let type = try HDF5Handle(H5Dget_type(identifier), closedBy: H5Tclose, "describe \(label)")
    guard HDF5ElementType(type.id).isVariable else { return nil }
    let count = try checkHDF5(try space().count, "measure \(label)")
    guard count <= limit else { throw HDF5Failure("read \(label)", problem: "it has \(count) texts") }
    guard count > 0 else { return [] }
    var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
    defer { for pointer in pointers { H5free_memory(pointer) } }
    try checkHDF5(
      H5Dread(identifier, type.id, labH5All(), labH5All(), labH5Default(), &pointers), "read \(label)")
    return pointers.map { $0.map { String(cString: $0) } ?? "" }
  }

  // MARK: Rows

  /// Reads some rows.
  ///
  /// - Parameters:
  ///   - rows: the indices of the first extent.
  ///   - number: what the elements are given as.
  ///   - buffer: takes them, in row-major order; has room for all.
  /// - Throws: ``HDF5Failure``.
  package func read(
    rows: Range<Int>, _ number: HDF5Number, into buffer: UnsafeMutableRawBufferPointer
  ) throws {
    try select(rows, number, byteCount: buffer.count, "read \(label)") { memory, selection in
      H5Dread(identifier, number.inMemory, memory, selection, labH5Default(), buffer.baseAddress)
    }
  }

  /// Writes some rows.
  ///
  /// - Parameters:
  ///   - rows: the indices of the first extent.
  ///   - buffer: their elements in row-major order, as many as the other extents ask for.
  /// - Throws: ``HDF5Failure``.
  package func write(rows: Range<Int>, _ number: HDF5Number, _ buffer: UnsafeRawBufferPointer) throws {
    try select(rows, number, byteCount: buffer.count, "write \(label)") { memory, selection in
      H5Dwrite(identifier, number.inMemory, memory, selection, labH5Default(), buffer.baseAddress)
    }
  }

  private func select(
    _ rows: Range<Int>, _ number: HDF5Number, byteCount: Int, _ action: @autoclosure () -> String,
    _ transfer: (_ memory: hid_t, _ selection: hid_t) -> herr_t
  ) throws {
    let space = try space()
    let extents = space.extents
    let size = extents.dropFirst().reduce(number.byteCount) { $0.multipliedReportingOverflow(by: $1).partialValue }
    guard let count = extents.first, (0...count).contains(rows.lowerBound), rows.upperBound <= count,
      rows.count.multipliedReportingOverflow(by: size) == (byteCount, false)
    else { throw HDF5Failure(action(), problem: "its extents \(extents) do not fit \(byteCount) bytes") }
    let start = [hsize_t(rows.lowerBound)] + extents.dropFirst().map { _ in 0 }
    let block = [rows.count] + extents.dropFirst()
    let memory = try HDF5Space(block, action())
    try checkHDF5(
      H5Sselect_hyperslab(space.id, H5S_SELECT_SET, start, nil, block.map { hsize_t($0) }, nil), action())
    try checkHDF5(transfer(memory.id, space.id), action())
  }
}
