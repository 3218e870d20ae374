import LabCore
import LabScheduler
import LabTrain
import Synchronization

/// What runs of a sweep have computed with when they ended, for the next seeds of their variants.
///
/// Compiling a variant's graphs and filling their memory with pages takes as long as some steps: much of a run of a few
/// steps, and nothing of one that trains for minutes, whose memory is given back.
package final class ProgramPool: Sendable {
  /// Programs that no run uses.
  ///
  /// Sendable since whoever takes them out has them alone.
  private struct Idle: @unchecked Sendable {
    var variant: ObjectIdentifier
    var programs: TrainingPrograms
  }

  /// The longest training in seconds of which programs are kept.
  package static let longestSeconds = 10.0

  package let capacityBytes: Int
  private let idle = Mutex<[Idle]>([])

  /// Creates an empty pool.
  ///
  /// - Parameter capacityBytes: the bytes that what it keeps may take.
  package init(capacityBytes: Int) { self.capacityBytes = capacityBytes }

  /// A pool of a sixteenth of the memory that runs may use, as far as the largest runs leave so much.
  package convenience init(beside workers: Int, of runs: [ScheduledRun], memoryBudget: Int) {
    let running = runs.map(\.plannedBytes).sorted(by: >).prefix(workers).reduce(0, +)
    self.init(capacityBytes: max(0, min(memoryBudget / 16, memoryBudget - running)))
  }

  /// Takes programs of a variant out; nil where there are none.
  package func take(for variant: TrainableVariant) -> TrainingPrograms? {
    let found = idle.withLock { idle -> Idle? in
      idle.firstIndex { $0.variant == ObjectIdentifier(variant) }.map { idle.remove(at: $0) }
    }
    return found?.programs
  }

  /// Keeps programs while there is room; what is there already stays, since seeds come round in the order of the variants.
  package func keep(_ programs: TrainingPrograms, for variant: TrainableVariant, afterSeconds seconds: Double?) {
    guard let seconds, seconds <= ProgramPool.longestSeconds else { return }
    let entry = Idle(variant: ObjectIdentifier(variant), programs: programs)
    idle.withLock { idle in
      let used = idle.reduce(0) { $0 + $1.programs.plannedBytes }
      if used + entry.programs.plannedBytes <= capacityBytes { idle.append(entry) }
    }
  }
}
