import LabCore

/// Where and with what a run was trained: what of a provenance is the same for many runs.
public struct RunOrigin: Sendable, Hashable {
  /// The name of the machine.
  public var host: String
  /// The processor's name and the vector extensions in use.
  public var processor: String
  /// The operating system and its version.
  public var operatingSystem: String
  /// The version of the program.
  public var programVersion: String
  /// The repository of the working folder, where there was one.
  public var repository: RunProvenance.Repository?
  /// The versions of the libraries by their names.
  public var libraries: [String: String]
  /// The threads that the run was given.
  public var threads: Int

  /// Creates an origin.
  public init(
    host: String, processor: String, operatingSystem: String, programVersion: String,
    repository: RunProvenance.Repository? = nil, libraries: [String: String], threads: Int
  ) {
    self.host = host
    self.processor = processor
    self.operatingSystem = operatingSystem
    self.programVersion = programVersion
    self.repository = repository
    self.libraries = libraries
    self.threads = threads
  }

  /// The origin that a provenance has.
  public init(_ provenance: RunProvenance) {
    self.init(
      host: provenance.host, processor: provenance.processor, operatingSystem: provenance.operatingSystem,
      programVersion: provenance.programVersion, repository: provenance.repository, libraries: provenance.libraries,
      threads: provenance.threads)
  }
}
