import Foundation

extension DataEnvironment {
  /// The places where a data set without a standard place may be.
  ///
  /// - Parameters:
  ///   - configuration: the data set.
  ///   - content: what the path leads to, for the message where there is none.
  /// - Throws: ``DataError/invalidOption(key:actual:expected:)`` where the configuration has no path.
  public func places(of configuration: DatasetConfiguration, content: String) throws -> [String] {
    guard let path = configuration.path else {
      throw DataError.invalidOption(
        key: "path", actual: "null", expected: "\(content) of data set \(configuration.name)")
    }
    return candidates(for: path)
  }

  /// The first of the places of a data set without a standard place where something is found.
  ///
  /// - Throws: ``DataError/notFound(dataset:searched:remedy:)`` where nothing is.
  public func place(
    of configuration: DatasetConfiguration, content: String, remedy: String,
    where isFound: (String) -> Bool = { FileManager.default.fileExists(atPath: $0) }
  ) throws -> String {
    let places = try places(of: configuration, content: content)
    guard let found = places.first(where: isFound) else {
      throw DataError.notFound(dataset: configuration.name, searched: places, remedy: remedy)
    }
    return found
  }

  /// The folders where a known data set may be: the configured one; else those of its name, in the data folder, which may
  /// also be the data set's own, and in the system's.
  ///
  /// - Parameters:
  ///   - configuration: the data set.
  ///   - aliases: other names of its folder.
  public func folders(of configuration: DatasetConfiguration, aliases: [String] = []) -> [String] {
    if let path = configuration.path { return candidates(for: path) }
    let names = [configuration.name] + aliases
    func named(in folder: String) -> [String] { names.map { folder + "/" + $0 } }
    return (dataFolder.map { named(in: $0) + [$0] } ?? []) + systemFolders.flatMap(named)
  }
}
