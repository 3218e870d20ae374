import LabCore
import LabRecords

/// What goes with a sweep or a run, and what stays.
public struct Removal: Sendable, Hashable {
  /// A run, and where it stands.
  public struct Item: Sendable, Hashable {
    /// The run.
    public var run: RunIdentity
    /// What it is called, such as `odconv-1x, seed 3 (1f2e3d4c5b6a)`.
    public var label: String
    /// How it stands.
    public var state: RunState
    /// The size of its files in bytes.
    public var byteCount: Int
    /// The sweeps that need it, beside the one that goes.
    public var sweeps: [String] = []
    /// The process that trains it; nil where none does.
    public var trainer: ProcessIdentity?
  }

  /// The sweep; nil where a run goes by itself.
  public var sweep: StoredSweep?
  /// The runs whose results and files go.
  public var removed: [Item] = []
  /// The runs that stay because other sweeps need them.
  public var kept: [Item] = []
  /// The size of the event files that the sweep wrote for TensorBoard, which go, in bytes.
  public var eventByteCount = 0
  /// Files in the folders of these runs, and of the sweep, that labrun has not written, which stay.
  public var foreignFiles: [String] = []

  /// The runs that are being trained: nothing goes while there is one.
  public var trained: [Item] { (removed + kept).filter { $0.trainer != nil } }
  /// The size of the files that go, in bytes.
  public var byteCount: Int { removed.reduce(eventByteCount) { $0 + $1.byteCount } }
}
