import Foundation
import LabCore

/// A decoded data set in the cache, which may be removed at any time: it is decoded again when it is needed.
public struct CachedDataset: Sendable, Hashable {
  /// The file.
  public var path: String
  /// Its size in bytes.
  public var byteCount: Int

  /// The decoded data sets of a cache, by their names; empty where there is no cache.
  public static func all(in environment: DataEnvironment = .current) -> [CachedDataset] {
    let folder = DatasetCache(environment: environment).folder
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().filter { $0.wholeMatch(of: /.+-[0-9a-f]{20}\.labdata/) != nil }.map { name in
      let path = "\(folder)/\(name)"
      let attributes = try? FileManager.default.attributesOfItem(atPath: path)
      return CachedDataset(path: path, byteCount: (attributes?[.size] as? Int) ?? 0)
    }
  }

  /// Removes the file; processes that have it open keep what they see.
  ///
  /// - Throws: `FileError` where the system refuses.
  public func remove() throws {
    guard unlink(path) == 0 || errno == ENOENT else { throw FileError(action: "remove", path: path) }
  }
}
