import Foundation
import LabCore

/// The folder of decoded data sets, shared by all runs and processes of a user.
struct DatasetCache {
  /// Where the files are.
  let folder: String

  init(environment: DataEnvironment) { folder = environment.cacheFolder + "/datasets" }

  /// The path of the decoded form of a source.
  func path(name: String, identity: [String]) -> String {
    var hasher = ContentHasher()
    hasher.update("\(CacheFile.version)")
    for part in identity { hasher.update(part) }
    return "\(folder)/\(name)-\(hasher.finish().hexadecimal.prefix(20)).labdata"
  }

  /// Maps the decoded data set, which is decoded first where that has not happened or was damaged since.
  ///
  /// - Throws: ``DataError``.
  func dataset(name: String, source: some DatasetSource, progress: @escaping DataProgress) throws -> RawDataset {
    let path = path(name: name, identity: source.identity)
    do {
      if let dataset = try CacheFile.read(path) { return dataset }
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      return try FileLock.hold(
        path + ".lock", waiting: { progress("another process prepares \(name); waiting for it") }
      ) {
        // Another process may have decoded it while this one waited for the lock.
        if let dataset = try CacheFile.read(path) { return dataset }
        if FileManager.default.fileExists(atPath: path) {
          progress("the decoded copy of \(name) is damaged or of another version; decoding it again")
        }
        try decode(name: name, source: source, to: path, progress: progress)
        guard let dataset = try CacheFile.read(path) else {
          throw unusable(path, reason: "what was just written there reads back differently")
        }
        return dataset
      }
    } catch var error as FileError {
      // Nobody knows the temporary file's name, which would also make one problem of several variants look like many.
      if error.path.hasPrefix(path) { error.path = path }
      throw unusable(path, reason: error.description, code: error.code)
    } catch let error as MachineError {
      throw unusable(path, reason: error.description, code: ENOSPC)
    } catch let error as CocoaError {
      throw unusable(path, reason: error.localizedDescription, code: error.systemErrorCode)
    }
  }

  private func decode(
    name: String, source: some DatasetSource, to path: String, progress: @escaping DataProgress
  ) throws {
    let start = ContinuousClock.now
    let manifest = try source.manifest(progress: progress).validated(origin: source.origin)
    progress(
      "preparing \(name) from \(source.origin): \(manifest.trainLabels.count) training and "
        + "\(manifest.testLabels.count) test images of \(manifest.imageShape)")
    removeLeftovers(of: path)
    try CacheFile.write(path, manifest: manifest) { part, destination in
      let counter = DecodingProgress(
        "preparing \(name), \(part.rawValue)", total: manifest.labels(of: part).count, report: progress)
      try source.decodeImages(of: part, manifest: manifest, into: destination, progress: counter)
      return counter.traits
    }
    let seconds = (ContinuousClock.now - start).seconds
    progress("prepared \(name) in \(String(format: "%.1f", seconds)) s")
  }

  /// Removes what a process that was killed while it decoded has left; the caller holds the lock.
  private func removeLeftovers(of path: String) {
    let prefix = (path as NSString).lastPathComponent + ".tmp-"
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where name.hasPrefix(prefix) {
      try? FileManager.default.removeItem(atPath: folder + "/" + name)
    }
  }

  private func unusable(_ path: String, reason: String, code: Int32? = nil) -> DataError {
    .inaccessible(
      path: path, reason: reason,
      remedy: "make space or set LABRUN_CACHE to a folder that can be written", code: code)
  }
}
