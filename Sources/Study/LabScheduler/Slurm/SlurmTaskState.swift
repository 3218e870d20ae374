import Foundation
import LabCore

/// The name of a task among Slurm's jobs.
struct SlurmTaskName: Sendable, Hashable, CustomStringConvertible {
  /// The number of the array.
  var job: String
  /// The index in it.
  var index: Int

  var description: String { "\(job)_\(index)" }
}

/// What Slurm says of a task.
struct SlurmTaskState: Sendable, Hashable {
  /// How far a task is.
  enum Phase: Sendable, Hashable {
    /// It waits, for the first time or to be started again.
    case waiting
    /// It runs.
    case running
    /// It will not run any more.
    case ended
  }

  /// Slurm's own word, such as `PENDING`.
  var word: String
  /// Why it waits, or why it ended.
  var reason: String
  /// The machine; empty before there is one.
  var node: String
  /// Whose array it is.
  var comment = ""

  var phase: Phase {
    switch word {
    case "RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT": .running
    case "BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED",
      "TIMEOUT", "REVOKED", "SPECIAL_EXIT", "LAUNCH_FAILED", "RECONFIG_FAIL":
      .ended
    // Whatever else there is will run, or wait.
    default: .waiting
    }
  }

  /// Whether it waits until somebody lets it go.
  var isHeld: Bool { phase == .waiting && reason.localizedCaseInsensitiveContains("held") }
  /// Whether what it ran on was taken away from it.
  var isPreempted: Bool { word == "PREEMPTED" }
  /// Whether somebody has cancelled it.
  var isCancelled: Bool { word == "CANCELLED" || word == "REVOKED" }
  /// Whether it had used up its memory.
  var isOutOfMemory: Bool { word == "OUT_OF_MEMORY" }

  /// What became of it, as the end of a sentence that begins with the job.
  var clause: String {
    switch word {
    case "CANCELLED", "REVOKED": "was cancelled"
    case "TIMEOUT": "had not ended when its time was up"
    case "DEADLINE": "had not ended by its deadline"
    case "OUT_OF_MEMORY": "was ended, since it used more memory than it had asked for"
    case "NODE_FAIL", "BOOT_FAIL": "was lost with its machine\(node.isEmpty ? "" : ", \(node)")"
    case "PREEMPTED": "had to make room for another one"
    case "COMPLETED": "ended early"
    default: "ended early (\(word)\(reason.isEmpty || reason == "None" ? "" : ", \(reason)"))"
    }
  }
}

/// What Slurm says of all jobs of a user at one instant.
struct SlurmSnapshot: Sendable {
  /// What is asked for, so that this type can read the answer.
  static let command = [
    "squeue", "--noheader", "--array", "--states=all", "--me", "--format=%F|%K|%T|%r|%N|%k",
  ]

  /// When it was asked.
  var instant: ContinuousClock.Instant
  /// The tasks of arrays.
  private var tasks: [SlurmTaskName: SlurmTaskState] = [:]
  /// The numbers of arrays by their comments.
  var jobs: [String: String] = [:]

  /// What is said of a task; nil where nothing is.
  ///
  /// A controller that has lost its memory gives numbers a second time.
  func state(of task: SlurmTaskName, in submission: SlurmSubmission) -> SlurmTaskState? {
    tasks[task].flatMap { $0.comment == submission.comment ? $0 : nil }
  }

  /// Reads what the command printed.
  init(_ text: String, at instant: ContinuousClock.Instant) {
    self.instant = instant
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: "|", maxSplits: 5, omittingEmptySubsequences: false).map(String.init)
      guard fields.count == 6 else { continue }
      jobs[fields[5]] = fields[0]
      guard let index = Int(fields[1]) else { continue }
      tasks[SlurmTaskName(job: fields[0], index: index)] = SlurmTaskState(
        word: fields[2], reason: fields[3], node: fields[4], comment: fields[5])
    }
  }
}
