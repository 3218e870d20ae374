import CHDF5

/// What an HDF5 file says of a data set's size, compared with what it holds before room is made for it.
package struct HDF5Claim {
  /// Why a data set cannot be read.
  package struct Problem: Error {
    /// What is wrong, as the predicate of a sentence about the data set.
    package var actual: String
    /// What would be right.
    package var expected: String
  }

  /// Deflate shrinks by 1,032 at most.
  private static let deflateRatio = 1_100
  /// What other filters may shrink by.
  private static let otherRatio = 100_000
  /// What may be claimed without being stored, in bytes: chunks that were never written hold the fill value.
  private static let slack = 1 << 26
  /// The largest data set whose bytes stand in other files.
  private static let largestElsewhere = 1 << 42

  /// The extents.
  package let extents: [Int]
  /// The number of elements.
  package let elementCount: Int

  /// Looks at an open data set.
  ///
  /// - Throws: ``Problem`` where its extents are absurd or a filter is missing.
  package init(_ dataset: borrowing HDF5Dataset) throws(Problem) { try self.init(identifier: dataset.identifier) }

  private init(identifier dataset: hid_t) throws(Problem) {
    let space = H5Dget_space(dataset)
    defer { H5Sclose(space) }
    let rank = Int(H5Sget_simple_extent_ndims(space))
    guard space >= 0, (0...Int(H5S_MAX_RANK)).contains(rank) else {
      throw Problem(actual: "has no extents", expected: "an array")
    }
    var raw = [hsize_t](repeating: 0, count: rank)
    let type = H5Dget_type(dataset)
    defer { H5Tclose(type) }
    let size = H5Tget_size(type)
    guard H5Sget_simple_extent_type(space) != H5S_NULL, H5Sget_simple_extent_dims(space, &raw, nil) >= 0, size > 0
    else {
      throw Problem(actual: "has no extents", expected: "an array")
    }
    var bytes = size
    for extent in raw {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: Int(clamping: max(1, extent)))
      guard !overflow, product < 1 << 50 else {
        throw Problem(actual: "claims the extents \(raw)", expected: "extents that a disk could hold")
      }
      bytes = product
    }
    extents = raw.map { Int($0) }
    elementCount = raw.contains(0) ? 0 : bytes / size
    guard elementCount > 0 else { return }

    var storage = LabH5Storage()
    guard labH5Storage(dataset, &storage) >= 0 else {
      throw Problem(actual: "does not say how it is stored", expected: "an undamaged data set")
    }
    guard storage.missingFilter == 0 else {
      throw Problem(
        actual: "is compressed by \(Self.name(storage)) that this HDF5 library lacks",
        expected: "gzip or no compression; write it anew where the filter is there (in Python: "
          + "compression=\"gzip\"; or h5repack -f GZIP=4 OLD NEW), or set HDF5_PLUGIN_PATH to its plugin's folder")
    }
    if storage.isElsewhere != 0 {
      guard bytes <= Self.largestElsewhere else { throw Self.absurd(raw, stored: 0) }
      return
    }
    let stored = Int(clamping: min(storage.byteCount, storage.fileSize))
    let ratio = storage.filterCount <= 0 ? 1 : storage.isDeflatedOnly != 0 ? Self.deflateRatio : Self.otherRatio
    let (most, overflow) = stored.multipliedReportingOverflow(by: ratio)
    guard overflow || bytes - min(bytes, Self.slack) <= most else { throw Self.absurd(raw, stored: stored) }
  }

  private static func absurd(_ extents: [hsize_t], stored: Int) -> Problem {
    Problem(
      actual: "claims the extents \(extents) but holds \(stored) bytes", expected: "the data that its extents promise")
  }

  /// A filter's common name and number.
  private static func name(_ storage: LabH5Storage) -> String {
    let known: [Int32: String] = [
      4: "szip", 307: "bzip2", 32000: "lzf", 32001: "blosc", 32004: "lz4", 32008: "bitshuffle", 32013: "zfp",
      32015: "zstd", 32026: "blosc2",
    ]
    let given = withUnsafeBytes(of: storage.missingName) { bytes in
      String(decoding: bytes.prefix { (0x21..<0x7f).contains($0) }, as: UTF8.self)
    }
    let name = known[storage.missingFilter] ?? (given.isEmpty ? nil : given)
    return name.map { "the filter \($0) (number \(storage.missingFilter))" } ?? "filter \(storage.missingFilter)"
  }
}
