import LabCore
import LabRecords

/// What became of another results folder's runs.
public struct MergeReport: Sendable, Hashable {
  /// A run of which something is to be said.
  public struct Item: Sendable, Hashable {
    /// The run.
    public var run: RunIdentity
    /// Where it stands, such as `ablation, odconv-1x, seed 3 (1f2e3d4c5b6a)`.
    public var label: String
    /// What is to be said, as the end of a sentence that begins with the label.
    public var text: String
  }

  /// The names of the sweeps that were not here before.
  public var newSweeps: [String] = []
  /// The names of the sweeps that were here, and of which the other folder knew something more.
  public var extendedSweeps: [String] = []
  /// The number of runs that were taken over, by what has become of them.
  public var taken: [RunState: Int] = [:]
  /// The number of runs that were here already, or of which the other folder has nothing.
  public var knownCount = 0
  /// The number of lesions that were taken over.
  public var lesionCount = 0
  /// Runs that were taken in place of something, which is said.
  public var replaced: [Item] = []
  /// Runs that were left where they are, and why.
  public var leftOut: [Item] = []
  /// Completed runs with other results there than here: what is here stays.
  public var conflicts: [Item] = []
  /// Runs and files that were not taken because they are damaged or do not belong together.
  public var damaged: [Item] = []
  /// Whatever else stays where it is, a sentence each.
  public var notes: [String] = []

  /// Whether there was nothing to take over.
  public var isEmpty: Bool { newSweeps.isEmpty && extendedSweeps.isEmpty && taken.isEmpty && lesionCount == 0 }
}
