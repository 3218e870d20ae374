import Foundation

/// The folders that data sets are looked for in and that decoded data are kept in.
public struct DataEnvironment: Hashable, Sendable {
  /// The user's own folder of data sets, searched before the standard places.
  public var dataFolder: String?
  /// Where decoded data are kept for later runs; created when needed.
  public var cacheFolder: String
  /// The system's folders of data sets.
  public var systemFolders: [String]
  /// The folder of the spec that names the data, which relative paths may start from; nil where there is no spec.
  public var specFolder: String?

  /// Creates an environment of explicit folders.
  public init(dataFolder: String? = nil, cacheFolder: String, systemFolders: [String] = []) {
    self.dataFolder = dataFolder
    self.cacheFolder = cacheFolder
    self.systemFolders = systemFolders
  }

  /// Derives the folders from environment variables.
  ///
  /// - Parameter variables: `LABRUN_DATA` is the folder of data sets; `LABRUN_CACHE`, else `labrun` within
  ///   `XDG_CACHE_HOME` or `~/.cache`, is the folder of decoded data; the system's data sets are in `datasets` within
  ///   `XDG_DATA_DIRS`, by default `/usr/local/share` and `/usr/share`.
  public init(variables: [String: String]) {
    func folder(_ name: String) -> String? {
      variables[name].flatMap { $0.isEmpty ? nil : ($0 as NSString).expandingTildeInPath }
    }
    let home = folder("HOME") ?? NSHomeDirectory()
    let caches = folder("XDG_CACHE_HOME") ?? home + "/.cache"
    let shared = variables["XDG_DATA_DIRS"].flatMap { $0.isEmpty ? nil : $0 } ?? "/usr/local/share:/usr/share"
    self.init(
      dataFolder: folder("LABRUN_DATA"), cacheFolder: folder("LABRUN_CACHE") ?? caches + "/labrun",
      systemFolders: shared.split(separator: ":").map { ($0.hasSuffix("/") ? $0.dropLast() : $0) + "/datasets" })
  }

  /// The environment of this process.
  public static var current: DataEnvironment { DataEnvironment(variables: ProcessInfo.processInfo.environment) }

  /// The places where a path that a user gave may be: as it stands, which is from the working directory; then beside the
  /// spec; then within the data folder.
  ///
  /// - Parameter others: further folders that the path may start from.
  func candidates(for path: String, beside others: [String] = []) -> [String] {
    var expanded = (path as NSString).expandingTildeInPath
    while expanded.count > 1, expanded.hasSuffix("/") { expanded.removeLast() }
    guard !expanded.hasPrefix("/") else { return [expanded] }
    // A spec in the working directory has no folder in its name.
    let beside = specFolder.map { $0.isEmpty ? "." : $0 }
    let folders = [beside].compactMap(\.self) + others + [dataFolder].compactMap(\.self)
    var places = [expanded]
    // The same place by another path is named once.
    for place in folders.map({ $0 + "/" + expanded })
    where !places.contains(where: { $0.absolutePath == place.absolutePath }) {
      places.append(place)
    }
    return places
  }

  /// A relative path as it has to be stored so that the same data are found without the spec: absolute where the path leads
  /// nowhere from the working directory, but somewhere from the spec's folder.
  public func storable(_ path: String) -> String {
    guard specFolder != nil, let found = candidates(for: path).first(where: { FolderReader.kind(of: $0) != nil }),
      found != candidates(for: path)[0]
    else { return path }
    return found.absolutePath
  }
}
