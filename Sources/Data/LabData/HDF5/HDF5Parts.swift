import LabCore
import LabHDF5

/// The files that hold the bytes of an HDF5 data set: the file itself, and those that it takes data from.
///
/// Data may stand in raw files (external storage), be put together from other HDF5 files (virtual data sets) or lie
/// behind links to other files. HDF5 gives zeros, without a word, for what is missing in the first two cases.
package struct HDF5Parts: Codable, Hashable, Sendable {
  /// Every file that holds bytes or links to them, the data set's own first; paths as HDF5 finds them.
  package var files: [String]
  /// What is not there, each as a predicate of the data set's own file.
  package var missing: [String]

  /// Looks for the files behind the images, labels and groups of a data set.
  ///
  /// - Parameters:
  ///   - path: the data set's file.
  ///   - groups: the name of the group ids within `train`; nil for those that are looked for.
  /// - Throws: ``DataError``.
  package init(ofFile path: String, groups: String?) throws {
    let names = ["images", "labels"] + (groups.map { [$0] } ?? HDF5Source.groupNames)
    try self.init(
      ofFile: path, names: ["train", "validation", "test"].flatMap { part in names.map { "\(part)/\($0)" } })
  }

  /// Looks for the files behind some data sets of a file; names that are not there are passed over.
  ///
  /// - Throws: ``DataError``.
  package init(ofFile path: String, names: [String]) throws {
    var search = HDF5PartSearch(path: path)
    try HDF5Reader.withFile(path) { file in
      for name in names { try search.visit(name, in: file, at: path, for: name, depth: 0) }
    }
    files = search.files
    missing = search.missing
  }

  /// Refuses data of which parts are missing.
  ///
  /// - Throws: ``DataError/malformedFile(path:actual:expected:)``.
  package func checkCompleteness() throws {
    guard let first = missing.first else { return }
    let more = missing.count - 1
    let rest = more > 0 ? "; \(more == 1 ? "one more part is" : "\(more) more parts are") missing" : ""
    throw DataError.malformedFile(
      path: files.first ?? "the HDF5 file", actual: first + rest,
      expected: "all of it, since HDF5 would give zeros in its place; put the files where the data set names them, or "
        + "write one whole file")
  }

  /// The identity of every file, in the order in which they were found.
  ///
  /// - Throws: ``DataError``.
  package func identities() throws -> [String] { try files.map { try FileIdentity(path: $0).text } }
}
