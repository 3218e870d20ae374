import LabCore
import LabRecords

/// Takes what a capsule tells into a store, once, however often and by whomever it is done.
public struct CapsuleIngestion {
  /// How the training of a capsule ended.
  public struct End: Sendable, Hashable {
    /// The outcome that the capsule tells.
    public var outcome: RunOutcome
    /// Epochs of the run, over all attempts.
    public var epochs: Int
  }

  private let folder: CapsuleFolder
  private let store: any RunStore
  private let lease: RunLease
  private let files: any RunFiles
  private var reader: CapsuleReader
  private var position: CapsulePosition
  /// How the training ended; nil before the capsule tells.
  public private(set) var end: End?
  /// What the machine has refused; nil where nothing.
  public private(set) var refusal: CapsuleRefusal?

  /// Begins behind what the store has.
  ///
  /// - Parameters:
  ///   - folder: the capsule.
  ///   - attempt: the attempt that it was made for.
  ///   - store: where its events go.
  ///   - lease: the lease on the run.
  ///   - files: the run's files.
  ///   - isShared: whether another machine writes the events.
  /// - Throws: an error of the store.
  public init(
    _ folder: CapsuleFolder, attempt: Int, into store: any RunStore, lease: RunLease, files: any RunFiles,
    isShared: Bool = false
  ) throws {
    self.folder = folder
    self.store = store
    self.lease = lease
    self.files = files
    reader = CapsuleReader(folder, isShared: isShared)
    position = try store.capsulePosition(ofAttempt: attempt, lease: lease)
  }

  /// Takes in all that has come since the last time.
  ///
  /// - Parameters:
  ///   - progress: receives the newest progress.
  ///   - remark: receives what a person should know at once.
  /// - Throws: ``CapsuleError``, an error of the store or of the machine.
  public mutating func advance(
    progress: (RunProgress) -> Void = { _ in }, remark: (String) -> Void = { _ in }
  ) throws {
    var newest: RunProgress?
    defer { if let newest { progress(newest) } }
    var failure: (any Error)?
    repeat {
      var events: [CapsuleEvent] = []
      do {
        while events.count < CapsuleIngestion.batchSize, let event = try reader.next() { events.append(event) }
      } catch {
        // What stands before it was told, and counts.
        failure = error
      }
      guard !events.isEmpty else { break }
      try take(events, newest: &newest, remark: remark)
    } while failure == nil
    if let failure { throw failure }
  }

  /// Takes in events that have come together.
  private mutating func take(
    _ events: [CapsuleEvent], newest: inout RunProgress?, remark: (String) -> Void
  ) throws {
    var entries: [CapsuleEntry] = []
    let lastCheckpoint = events.last { $0.isCheckpoint }?.sequence
    for event in events {
      // What ended is told again to whoever comes later.
      switch event.content {
      case .final(let outcome, let epochs): end = End(outcome: outcome, epochs: epochs)
      case .refusal(let told): refusal = told
      // A cluster has started the same capsule again.
      case .start: (end, refusal) = (nil, nil)
      default: break
      }
      guard event.sequence > position.sequence else { continue }
      var next = position
      next.sequence = event.sequence
      switch event.content {
      case .start(let provenance, let epoch, let step): entries.append(.start(provenance, epoch: epoch, step: step))
      case .epoch(let record): entries.append(.epoch(record))
      case .log(let kind, let message): entries.append(.log(kind, message, at: event.date))
      case .progress(let state): newest = state
      case .remark(let sentence): remark(sentence)
      case .artifact(let written):
        // Of checkpoints that have come together, the last one is enough.
        if event.isCheckpoint, event.sequence != lastCheckpoint { break }
        try store(&entries)
        try files.adopt(written, from: folder.path, at: next)
      case .unknown(let line): entries.append(.log(.note, CapsuleIngestion.note(of: line), at: event.date))
      case .refusal, .final: break
      }
      position = next
    }
    try store(&entries)
  }

  /// Events that are taken in together: as few transactions as a fast program allows, in bounded memory.
  private static let batchSize = 1000

  /// What the log keeps of an event that this version does not know, which a later one may.
  private static func note(of line: JSONValue) -> String {
    let text = line.canonicalText
    return "an event that this version does not know: "
      + (text.count <= noteLength ? text : "\(text.prefix(noteLength)) … (\(text.utf8.count) bytes)")
  }

  private static let noteLength = 2000

  private func store(_ entries: inout [CapsuleEntry]) throws {
    guard !entries.isEmpty else { return }
    try store.ingest(entries, upTo: position, lease: lease)
    entries = []
  }
}

extension CapsuleEvent {
  fileprivate var isCheckpoint: Bool {
    if case .artifact(let files) = content { files.allSatisfy { $0.kind == .checkpoint } } else { false }
  }
}
