import LabCore
import LabRecords

/// Decides which run starts next: the plan's order, bent only where memory would lie idle.
///
/// A run that does not fit beside the running ones is held, and later runs that fit may pass it, but only so often:
/// then nothing starts before it does, so that large runs are not starved by small ones.
package struct RunQueue: Sendable {
  /// What to do next.
  package enum Decision: Sendable, Hashable {
    /// Start this run; its memory is reserved.
    case start(ScheduledRun)
    /// This run can never fit.
    case tooLarge(ScheduledRun)
    /// Everything left must wait for a running run's memory.
    case wait
    /// Nothing is left but what was postponed.
    case empty
  }

  /// How many runs may wait for memory at a time.
  package static let holdLimit = 64

  private let budgetBytes: Int
  private let passLimit: Int
  private var upcoming: [ScheduledRun]
  private var position = 0
  private var held: [ScheduledRun] = []
  private var passes = 0
  package private(set) var postponed: [ScheduledRun] = []
  package private(set) var reservedBytes = 0

  /// Creates a queue.
  ///
  /// - Parameters:
  ///   - runs: the runs in the plan's order; the first of equal ones counts.
  ///   - budgetBytes: the memory that running runs may need together, in bytes; nil for no limit.
  ///   - passLimit: how many runs may pass the first held one.
  package init(_ runs: [ScheduledRun], budgetBytes: Int?, passLimit: Int) {
    self.budgetBytes = budgetBytes ?? .max
    self.passLimit = passLimit
    var known = Set<RunIdentity>()
    upcoming = runs.filter { known.insert($0.identity).inserted }
  }

  /// Runs that were neither started nor dismissed.
  package var remaining: [ScheduledRun] { held + upcoming[position...] + postponed }

  /// Whether a run was neither started nor dismissed.
  package var hasRuns: Bool { position < upcoming.count || !held.isEmpty || !postponed.isEmpty }

  /// Takes the next run and reserves its memory.
  package mutating func next() -> Decision {
    if let index = held.firstIndex(where: fits) {
      // Passing from inside the held ones starves the first as much as passing from behind them.
      guard index == 0 || passes < passLimit else { return .wait }
      let run = held.remove(at: index)
      passes = index == 0 ? 0 : passes + 1
      return start(run)
    }
    while position < upcoming.count {
      guard held.isEmpty || (passes < passLimit && held.count < RunQueue.holdLimit) else { return .wait }
      let run = upcoming[position]
      position += 1
      if run.plannedBytes > budgetBytes { return .tooLarge(run) }
      if fits(run) {
        if !held.isEmpty { passes += 1 }
        return start(run)
      }
      held.append(run)
    }
    return held.isEmpty ? .empty : .wait
  }

  /// Gives a started run's memory back.
  package mutating func release(_ run: ScheduledRun) { reservedBytes -= run.plannedBytes }

  /// Puts a run aside that another process holds.
  package mutating func postpone(_ run: ScheduledRun) { postponed.append(run) }

  /// Lines the postponed runs up again.
  package mutating func reconsiderPostponed() {
    upcoming = Array(upcoming[position...]) + postponed
    position = 0
    postponed = []
  }

  private func fits(_ run: ScheduledRun) -> Bool { run.plannedBytes <= budgetBytes - reservedBytes }

  private mutating func start(_ run: ScheduledRun) -> Decision {
    reservedBytes += run.plannedBytes
    return .start(run)
  }
}
