import LabCore

/// A way in which another tool writes results down.
///
/// A new one is a file and a line in ``ImportFormats/registry``.
public protocol ImportFormat: Sendable {
  /// What `--from` calls it.
  var name: String { get }

  /// What it reads, in a phrase.
  var summary: String { get }

  /// Reads runs, or epochs of runs.
  ///
  /// - Throws: ``ExchangeError``; `FileError` where the file cannot be read.
  func read(_ path: String) throws -> ImportTable
}

/// The ways in which other tools write results down.
public enum ImportFormats {
  /// Every format; the first one is the default.
  public static let registry = Registry<any ImportFormat>(
    "formats of imports", [CSVImport(), WandbImport(), MLflowImport(), TensorBoardImport()]
  ) { [$0.name] }

  /// The format of a name.
  ///
  /// - Throws: ``ExchangeError/request(_:)`` where there is none.
  public static func named(_ name: String) throws -> any ImportFormat {
    guard let format = registry[name] else {
      throw ExchangeError.request(
        "there is no format \"\(name)\" to import from\(NearestName.hint(for: name, among: registry.names)); there are "
          + registry.names.joined(separator: ", "))
    }
    return format
  }
}
