import Foundation

/// The folders that data sets are looked for in and that decoded data are kept in.
public struct DataEnvironment: Hashable, Sendable {
  /// The user's own folder of data sets, searched before the standard places.
  public var dataFolder: String?
  /// Where decoded data are kept for later runs; created when needed.
  public var cacheFolder: String
  /// The system's folders of data sets.
  public var systemFolders: [String]

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

  /// The places where a path that a user gave may be: as it stands, then within the data folder.
  func candidates(for path: String) -> [String] {
    var expanded = (path as NSString).expandingTildeInPath
    while expanded.count > 1, expanded.hasSuffix("/") { expanded.removeLast() }
    guard !expanded.hasPrefix("/"), let dataFolder else { return [expanded] }
    return [expanded, dataFolder + "/" + expanded]
  }
}
