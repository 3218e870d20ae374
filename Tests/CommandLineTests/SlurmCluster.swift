import Foundation
import LabCore
import Testing

/// A real Slurm cluster of this machine, for the tests of one process.
struct SlurmCluster {
  /// The cluster; nil where Slurm is not installed, or may not be started.
  static let shared: SlurmCluster? = {
    let cluster = SlurmCluster()
    guard cluster.script("start") else { return nil }
    cluster.administer()
    atexit { _ = SlurmCluster.shared?.script("stop") }
    return cluster
  }()

  /// Why there is none.
  static let reason: Comment = "Slurm (slurm-wlm, munge) is not installed here, or this is not root's process"

  private let folder = FileManager.default.temporaryDirectory.path + "/slurm-\(UUID().uuidString.prefix(8))"

  /// What the environment of those has who use it.
  var variables: [String: String] { ["SLURM_CONF": "\(folder)/slurm.conf"] }

  private func script(_ action: String) -> Bool {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let script = root.appendingPathComponent("Scripts/slurm-cluster.sh").path
    return (try? LimitedProcess(["/bin/bash", script, action, folder]).run(atMost: 60))?.end == .exit(status: 0)
  }

  /// Ends the controller, as a machine that is restarted does, or starts it again.
  func setController(isRunning: Bool) throws {
    if isRunning {
      try run("slurmctld", "-f", "\(folder)/slurm.conf")
    } else if let text = try? String(contentsOfFile: "\(folder)/slurmctld.pid", encoding: .utf8),
      let process = pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines))
    {
      kill(process, SIGKILL)
    }
  }

  /// Waits until the controller answers.
  func awaitController() throws {
    for _ in 0..<600 where try run("sinfo", "--noheader", "--format=%t").isEmpty { Thread.sleep(forTimeInterval: 0.1) }
  }

  /// Looks after the cluster as long as there is one, like somebody who is paid for it.
  ///
  /// A controller that was killed has lost its memory of the last jobs. It gives their numbers to others, which machines
  /// refuse; then it trusts neither machine nor jobs any more, and takes jobs for running that are done. All of that may come
  /// long after its start.
  private func administer() {
    let thread = Thread {
      while true {
        Thread.sleep(forTimeInterval: 1)
        try? heal()
      }
    }
    thread.start()
  }

  private func heal() throws {
    if try !run("sinfo", "--noheader", "--states=drain,down", "--format=%n").isEmpty {
      let host = try run("hostname", "-s").trimmingCharacters(in: .whitespacesAndNewlines)
      try run("scontrol", "update", "NodeName=\(host)", "State=RESUME")
    }
    let waiting = try run("squeue", "--noheader", "--array", "--states=PENDING", "--format=%F_%K %r")
    for line in waiting.split(separator: "\n") where line.lowercased().contains("held") {
      try run("scontrol", "release", String(line.prefix { $0 != " " }))
    }
    let alive = try Set(
      run("scontrol", "listpids").split(separator: "\n").compactMap { $0.split(separator: " ").dropFirst().first })
    for line in try run("squeue", "--noheader", "--array", "--states=RUNNING", "--format=%A %F_%K %M").split(
      separator: "\n")
    {
      let words = line.split(separator: " ")
      // Times are minutes and seconds, such as 0:07.
      guard words.count == 3, !alive.contains(words[0]), words[2] > "0:20" else { continue }
      try run("scancel", String(words[1]))
    }
  }

  /// Runs one of Slurm's commands, and returns what it printed.
  @discardableResult
  func run(_ words: String...) throws -> String {
    var process = LimitedProcess(["/usr/bin/env"] + words)
    process.environment = variables
    return String(decoding: try process.run(atMost: 120).output, as: UTF8.self)
  }

  /// The tasks that run, such as `4711_3`.
  func running() throws -> [String] {
    try run("squeue", "--noheader", "--array", "--states=RUNNING", "--format=%F_%K %j")
      .split(separator: "\n").filter { $0.hasSuffix("labrun-tiny") }
      .compactMap { $0.split(separator: " ").first.map(String.init) }
  }

  // MARK: One test at a time

  /// Makes a test the only one that uses the cluster: what one does to its jobs, machines and controller is done to all.
  static func reserve() async -> Reservation {
    await turnstile.enter()
    return Reservation()
  }

  /// Lets the next test in when nobody holds it any more.
  final class Reservation: Sendable {
    deinit { Task { await SlurmCluster.turnstile.leave() } }
  }

  private static let turnstile = Turnstile()

  private actor Turnstile {
    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func enter() async {
      guard isTaken else { return isTaken = true }
      await withCheckedContinuation { waiting.append($0) }
    }

    func leave() {
      if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
    }
  }
}
