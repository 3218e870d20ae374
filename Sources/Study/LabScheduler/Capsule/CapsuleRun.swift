import Foundation
import LabCore
import LabRecords

/// What a capsule asks for: the content of its `run.json`.
public struct CapsuleRun: Sendable, Codable, Hashable {
  /// Where a run goes on.
  public struct Resumption: Sendable, Codable, Hashable {
    /// The path of the checkpoint; nil where training begins anew.
    public var checkpoint: String?
    /// The path of the best weights so far; nil where there are none, or where those of a later epoch took their place.
    public var bestWeights: String?
    /// The hash of the best weights that the checkpoint speaks of.
    public var bestWeightsHash: ContentHash?
    /// The epochs on record.
    public var epochs: [EpochRecord]
    /// What earlier attempts chose, such as the method of each convolution.
    public var choices: [String: JSONValue]

    /// Creates a resumption.
    public init(
      checkpoint: String? = nil, bestWeights: String? = nil, bestWeightsHash: ContentHash? = nil,
      epochs: [EpochRecord] = [], choices: [String: JSONValue] = [:]
    ) {
      self.checkpoint = checkpoint
      self.bestWeights = bestWeights
      self.bestWeightsHash = bestWeightsHash
      self.epochs = epochs
      self.choices = choices
    }

    enum CodingKeys: String, CodingKey {
      case checkpoint
      case bestWeights = "best_weights"
      case bestWeightsHash = "best_weights_hash"
      case epochs, choices
    }
  }

  /// What only labrun's own engine needs.
  public struct Engine: Sendable, Codable, Hashable {
    /// The hash of the spec's meaning.
    public var specHash: ContentHash
    /// The folder that relative paths of data may start from.
    public var specFolder: String?
    /// The time between two checkpoints within an epoch in seconds; nil for checkpoints at the ends of epochs only.
    public var checkpointSeconds: Double?
    /// The random name of the database, which files carry.
    public var database: String?
    /// The folder of the run's files, which those of the capsule are moved to.
    public var runFolder: String?

    /// Creates the settings.
    public init(specHash: ContentHash, specFolder: String?, checkpointSeconds: Double?, database: String? = nil) {
      self.specHash = specHash
      self.specFolder = specFolder
      self.checkpointSeconds = checkpointSeconds
      self.database = database
    }

    enum CodingKeys: String, CodingKey {
      case specHash = "spec_hash"
      case specFolder = "spec_folder"
      case checkpointSeconds = "checkpoint_seconds"
      case database
      case runFolder = "run_folder"
    }
  }

  /// What only somebody's program needs.
  public struct Program: Sendable, Codable, Hashable {
    /// The words of the command.
    public var command: [String]
    /// The folder that it is started in.
    public var directory: String
    /// The run's own folder, which outlives attempts.
    public var folder: String
    /// The path in it from which the run goes on, where there is something.
    public var checkpoint: String
    /// When the attempt must have stopped; nil where there is no such time.
    public var deadline: Date?
    /// How long the attempt may take from its start, in seconds; nil where there is no such time.
    public var timeoutSeconds: Double?
    /// How long a program that is asked to stop has for it, in seconds.
    public var graceSeconds: Double
    /// The devices that the run may use; nil where none are named.
    public var devices: [String]?
    /// How lines look that the program prints with metrics.
    public var patterns: [String]
    /// The metrics that the run must end with.
    public var metrics: [String]
    /// The metrics that are printed in percent where a pattern finds them.
    public var percentMetrics: [String]
    /// The number of the first epoch in what the program reports; nil for 1.
    public var firstEpoch: Int?
    /// The tags of TensorBoard that metrics have, by their names; nil where the spec names none.
    public var tags: [String: String]?
    /// The level of each factor.
    public var level: [String: String]
    /// The variant's label.
    public var variant: String
    /// Where numbers come from, as far as the process knows that made the capsule.
    public var provenance: RunProvenance

    /// Creates the settings.
    public init(
      command: [String], directory: String, folder: String, checkpoint: String, deadline: Date? = nil,
      timeoutSeconds: Double? = nil,
      graceSeconds: Double = 30, devices: [String]? = nil, patterns: [String] = [], metrics: [String] = [],
      percentMetrics: [String] = [], firstEpoch: Int? = nil, tags: [String: String]? = nil,
      level: [String: String] = [:], variant: String, provenance: RunProvenance
    ) {
      self.command = command
      self.directory = directory
      self.folder = folder
      self.checkpoint = checkpoint
      self.deadline = deadline
      self.timeoutSeconds = timeoutSeconds
      self.graceSeconds = graceSeconds
      self.devices = devices
      self.patterns = patterns
      self.metrics = metrics
      self.percentMetrics = percentMetrics
      self.firstEpoch = firstEpoch
      self.tags = tags
      self.level = level
      self.variant = variant
      self.provenance = provenance
    }

    enum CodingKeys: String, CodingKey {
      case command, directory, folder, checkpoint, deadline
      case timeoutSeconds = "timeout_seconds"
      case graceSeconds = "grace_seconds"
      case devices, patterns, metrics
      case percentMetrics = "percent_metrics"
      case firstEpoch = "first_epoch"
      case tags
      case level, variant, provenance
    }
  }

  /// The version of capsules that this program writes, and the only one that it reads.
  public static let currentVersion = 1

  /// The version of the capsule.
  public var version: Int
  /// The run's identity.
  public var run: ContentHash
  /// The attempt's number, from 1.
  public var attempt: Int
  /// The attempt's random name, which files carry.
  public var token: UUID
  /// The whole resolved configuration.
  public var configuration: JSONValue
  /// The hash of what the run reads.
  public var dataHash: ContentHash
  /// The seed.
  public var seed: UInt64
  /// Epochs that the configuration asks for.
  public var epochs: Int
  /// The threads that the run may use.
  public var threads: Int
  /// Where the run goes on.
  public var resumption: Resumption
  /// What only labrun's own engine needs.
  public var engine: Engine?
  /// What only somebody's program needs.
  public var program: Program?

  /// Creates what a capsule asks for.
  public init(_ claimed: ClaimedRun, threads: Int, resumption: Resumption, engine: Engine?) {
    let run = claimed.run
    version = CapsuleRun.currentVersion
    self.run = run.identity.hash
    attempt = claimed.lease.attempt
    token = claimed.lease.token
    configuration = run.configuration
    dataHash = run.dataHash
    seed = run.seed
    epochs = run.plannedEpochs
    self.threads = threads
    self.resumption = resumption
    self.engine = engine
  }

  /// The run as the process that made the capsule holds it.
  public var claimed: ClaimedRun {
    let identity = RunIdentity(hash: run)
    return ClaimedRun(
      lease: RunLease(run: identity, token: token, attempt: attempt),
      run: Run(
        identity: identity, configuration: configuration, dataHash: dataHash, seed: seed, plannedEpochs: epochs),
      sweep: 0, recordedEpochs: resumption.epochs.count)
  }

  enum CodingKeys: String, CodingKey {
    case version = "capsule"
    case run, attempt, token, configuration
    case dataHash = "data_hash"
    case seed, epochs, threads
    case resumption = "resume"
    case engine, program
  }
}
