import LabCore

/// Where an attempt's numbers come from: code, configuration, data and machine.
///
/// The spec's text is kept once with the sweep, start, end and exit reason with the attempt;
/// `RunAttempt` and `StoredSweep` complete this record.
public struct RunProvenance: Sendable, Codable, Hashable {
  /// The state of the source code's repository.
  public struct Repository: Sendable, Codable, Hashable {
    /// The commit that is checked out.
    public var commit: String
    /// Whether files differ from that commit.
    public var isDirty: Bool

    /// Creates a repository's state.
    public init(commit: String, isDirty: Bool) {
      self.commit = commit
      self.isDirty = isDirty
    }
  }

  /// The version of the program.
  public var programVersion: String
  /// The repository of the working folder, where there is one.
  public var repository: Repository?
  /// The hash of the spec's meaning.
  public var specHash: ContentHash
  /// The whole resolved configuration.
  public var configuration: JSONValue
  /// The hash of the resolved configuration.
  public var configurationHash: ContentHash
  /// The hash of what the run reads: the data set's content and any initial weights.
  public var dataHash: ContentHash
  /// The name of the machine.
  public var host: String
  /// The operating system and its version.
  public var operatingSystem: String
  /// The processor's name and the vector extensions in use.
  public var processor: String
  /// The threads that the run was given.
  public var threads: Int
  /// The versions of the libraries by their names.
  public var libraries: [String: String]
  /// Choices that were made on this machine, such as the algorithm of each layer.
  public var choices: [String: JSONValue]
  /// The cluster's job that it ran in, such as `slurm 4711_3`; nil outside of a cluster.
  public var job: String?

  /// Creates a provenance record.
  public init(
    programVersion: String, repository: Repository? = nil, specHash: ContentHash, configuration: JSONValue,
    dataHash: ContentHash, host: String, operatingSystem: String, processor: String, threads: Int,
    libraries: [String: String], choices: [String: JSONValue] = [:], job: String? = nil
  ) {
    self.programVersion = programVersion
    self.repository = repository
    self.specHash = specHash
    self.configuration = configuration
    self.configurationHash = configuration.contentHash
    self.dataHash = dataHash
    self.host = host
    self.operatingSystem = operatingSystem
    self.processor = processor
    self.threads = threads
    self.libraries = libraries
    self.choices = choices
    self.job = job
  }
}
