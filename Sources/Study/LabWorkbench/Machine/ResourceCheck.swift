import CLabMachine
import LabCore
import LabReport

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Whether the machine gives what a sweep needs, asked before anything is trained.
package enum ResourceCheck {
  /// What a thread takes of the addresses: its stack, as systems lay it out.
  private static let threadBytes = 8 << 20
  /// What a run takes besides what was planned: batches, copies of small things.
  private static let runBytes = 32 << 20
  /// Events and timers of Dispatch, the database with its log and readers.
  private static let openFiles = 19

  /// Refuses to begin with fewer threads than will be asked for: libraries wait for ever for those that they do not get.
  package static func requireThreads(_ count: Int) throws {
    let code = labTryThreads(Int32(clamping: count))
    guard code == 0 else { throw MachineError.threads(wanted: count, code: code) }
  }

  /// Refuses to begin with fewer open files than a sweep takes at least: Dispatch ends the process where it is refused one.
  ///
  /// - Parameter workers: how many runs are trained at a time, each of which writes one file at a time.
  /// - Throws: ``MachineError/limit(problem:remedy:)``.
  package static func requireOpenFiles(workers: Int = 1) throws {
    let needed = openFiles + workers
    var opened: [Int32] = []
    defer { for descriptor in opened { close(descriptor) } }
    for _ in 0..<needed {
      let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else {
        throw MachineError.limit(
          problem:
            "a sweep needs \(needed) open files at least, but the system refuses them: \(SystemError.text(errno))",
          remedy: "raise the limit (ulimit -n), or \(workers > 1 ? "use fewer --workers" : "close other programs"); "
            + "nothing was trained")
      }
      opened.append(descriptor)
    }
  }

  /// Whether a run can be tried for a moment: it needs an eighth of the memory at most, and a quarter of what limits leave.
  static func canTry(_ variant: any PlannedVariant, memoryBytes: Int, threads: Int) -> Bool {
    let needed = bytes(variant) + runBytes
    let left = labAddressesLeft()
    guard needed < memoryBytes / 8, left < 0 || needed + (threads + 2) * threadBytes < left / 4 else { return false }
    return (try? requireThreads(threads + 2)) != nil
  }

  /// Refuses to begin a study whose runs will not fit into the limits on the process's memory.
  package static func requireMemory(for study: PlannedStudy, workers: Int, threads: Int) throws {
    let left = labAddressesLeft()
    guard left >= 0 else { return }
    let largest = study.runs.map { bytes($0.variant) }.sorted().suffix(workers)
    let stacks = (workers * (threads + 1) + 4) * threadBytes
    let needed = largest.reduce(stacks) { $0 + $1 + runBytes }
    guard needed > left else { return }
    let runs = largest.count == 1 ? "a run needs" : "\(largest.count) runs at a time need"
    throw MachineError.limit(
      problem: "\(runs) about \(NumberText.bytes(needed)) of memory, but the limit on it (ulimit -v, ulimit -d) leaves "
        + NumberText.bytes(left),
      remedy: "raise the limit, or use fewer --workers or a smaller training.batch_size; nothing was trained")
  }

  /// What a run takes at most: besides what was planned, a checkpoint is copied on its way to the disk.
  private static func bytes(_ variant: any PlannedVariant) -> Int {
    variant.plannedBytes + (variant.parameterCount ?? 0) * 32
  }

  /// What is odd about the room for results.
  package static func findings(for study: PlannedStudy, results: String) -> [Finding] {
    // Weights, moments and averages; two checkpoints and a third that is being written; last and best weights.
    let needed = study.runs.reduce(0) { $0 + ($1.variant.parameterCount ?? 0) * 4 * 5 }
    guard let free = FreeSpace.bytes(at: results), needed > free else { return [] }
    return [
      Finding(
        key: .root,
        message:
          "the files of \(study.runs.count) runs may take \(NumberText.bytes(needed)), but the disk of \(results) "
          + "has \(NumberText.bytes(free)) left",
        remedy: "Make space, or name another folder with --results")
    ]
  }
}
