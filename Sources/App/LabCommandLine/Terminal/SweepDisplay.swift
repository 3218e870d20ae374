import Dispatch
import Foundation
import LabCore
import LabRecords
import LabReport
import LabScheduler
import LabWorkbench

/// Shows a sweep's progress: lines that are drawn again and again on a terminal, plain lines in a log.
final class SweepDisplay: SchedulerObserver, @unchecked Sendable {
  // Everything below is touched on the queue only.
  private let queue = DispatchQueue(label: "labrun.display")
  private let terminal: Terminal
  private var runs: [RunIdentity: ScheduledRun]
  /// The work of each run in any unit, for the estimate of the time that is left.
  private var work: [RunIdentity: Double]
  private let start = ContinuousClock.now
  private var progress: SweepProgress
  private var finishedWork = 0.0
  private var savedWork = 0.0
  private var activeRuns: [Int: RunIdentity] = [:]
  private var startFractions: [RunIdentity: Double] = [:]
  /// The workers whose run has told how far it is.
  private var steppingWorkers: Set<Int> = []
  private var loggedEpochs: [Int: Int] = [:]
  private var drawnLines = 0
  private var hasStepped = false
  private var isPaused = false
  private var timer: (any DispatchSourceTimer)?

  init(name: String, runs: [ScheduledRun], work: [RunIdentity: Double], workers: Int, terminal: Terminal) {
    self.terminal = terminal
    self.runs = Dictionary(runs.map { ($0.identity, $0) }, uniquingKeysWith: { first, _ in first })
    self.work = work
    progress = SweepProgress(
      name: name, planned: self.runs.count, workers: Array(repeating: .init(), count: workers))
    guard terminal.isInteractive else { return }
    let timer = DispatchSource.makeTimerSource(queue: queue)
    timer.schedule(deadline: .now(), repeating: .milliseconds(200))
    timer.setEventHandler { [weak self] in self?.redraw() }
    timer.resume()
    self.timer = timer
  }

  func observe(_ event: SchedulerEvent) { queue.sync { handle(event) } }

  /// Prints a line above the progress.
  func say(_ line: String) { queue.sync { log(line) } }

  /// Counts further runs in.
  func expect(_ further: [ScheduledRun], work: [RunIdentity: Double]) {
    queue.sync {
      runs.merge(further.map { ($0.identity, $0) }, uniquingKeysWith: { first, _ in first })
      self.work.merge(work, uniquingKeysWith: { first, _ in first })
      progress.planned = runs.count
    }
  }

  /// Takes the progress off the terminal for a question, until ``resume()``.
  func pause(_ question: String) {
    queue.sync {
      erase()
      isPaused = true
      terminal.ask(question)
    }
  }

  /// Shows the progress again.
  func resume() { queue.sync { isPaused = false } }

  /// Takes the progress off the terminal.
  func close() {
    queue.sync {
      timer?.cancel()
      timer = nil
      erase()
    }
  }

  // MARK: Events

  private func handle(_ event: SchedulerEvent) {
    switch event {
    case .began(let runs, let workers):
      log(
        "\(progress.name): \(runs) \(runs == 1 ? "run" : "runs") on \(workers) \(workers == 1 ? "worker" : "workers")",
        isForLog: true)
    case .submitted(let run, let worker):
      progress.workers[worker] = .init(phase: .preparing("waits"), variant: run.label, seed: run.seed)
    case .started(let run, let worker, let attempt, let epochs):
      activeRuns[worker] = run.identity
      loggedEpochs[worker] = nil
      progress.workers[worker] = .init(phase: .preparing("preparing"), variant: run.label, seed: run.seed)
      let from = attempt > 1 ? " (attempt \(attempt), \(epochs) \(epochs == 1 ? "epoch" : "epochs") on record)" : ""
      log("start  \(run.label) · seed \(run.seed)\(from)", isForLog: true)
    case .progress(let run, let position, let worker): update(run, position, worker)
    case .ended(let run, let worker, let outcome, let duration):
      settle(run, worker)
      count(outcome.state)
      let reason = outcome.reason.map { ": \($0)" } ?? ""
      log(
        "\(outcome.state.rawValue)  \(run.label) · seed \(run.seed) in \(NumberText.seconds(duration.seconds))\(reason)",
        isForLog: outcome.state == .completed || outcome.state == .interrupted)
    case .reused(let run, let state):
      savedWork += work[run.identity] ?? 0
      if state == .completed { progress.reused += 1 }
      count(state)
    case .busy(let run, let owner):
      log("wait   \(run.label) · seed \(run.seed) is trained by \(owner)")
    case .lost(let run, let worker, let loss):
      settle(run, worker)
      switch loss {
      case .takenOver: log("lost   \(run.label) · seed \(run.seed): another process took it over")
      case .notStored: log("stop   \(run.label) · seed \(run.seed): how far it came could not be stored")
      }
    case .warning(let text): log("warning: \(text)")
    case .stopping: progress.isStopping = true
    case .finished: break
    }
  }

  private func count(_ state: RunState) {
    switch state {
    case .completed: progress.completed += 1
    case .failed: progress.failed += 1
    case .diverged: progress.diverged += 1
    case .pending, .running, .interrupted: break
    }
  }

  private func settle(_ run: ScheduledRun, _ worker: Int) {
    finishedWork += (work[run.identity] ?? 0) * (1 - (startFractions[run.identity] ?? 0))
    activeRuns[worker] = nil
    steppingWorkers.remove(worker)
    progress.workers[worker] = .init()
  }

  private func update(_ run: ScheduledRun, _ position: RunProgress, _ worker: Int) {
    if !hasStepped {
      hasStepped = true
      Log.debug("first training step")
    }
    let steps = Double(max(position.stepsPerEpoch, 1))
    let fraction = (Double(position.epoch) + Double(position.step) / steps) / Double(max(position.epochs, 1))
    if steppingWorkers.insert(worker).inserted {
      startFractions[run.identity] = fraction
      savedWork += (work[run.identity] ?? 0) * fraction
    }
    var view = progress.workers[worker]
    view.phase = position.activity == nil ? .training : .evaluating
    view.epoch = position.epoch + 1
    view.epochCount = position.epochs
    view.step = position.step
    view.stepCount = position.stepsPerEpoch
    view.loss = position.loss
    view.imagesPerSecond = position.imagesPerSecond
    view.remainingSeconds = position.remainingSeconds ?? view.remainingSeconds
    progress.workers[worker] = view
    if !terminal.isInteractive, position.step == position.stepsPerEpoch, loggedEpochs[worker] != position.epoch {
      loggedEpochs[worker] = position.epoch
      log(ProgressView.logLine(view), isForLog: true)
    }
  }

  // MARK: Drawing

  private func estimate() {
    progress.elapsedSeconds = (ContinuousClock.now - start).seconds
    let total = work.values.reduce(0, +)
    var done = finishedWork
    for (worker, run) in activeRuns {
      let view = progress.workers[worker]
      guard view.epochCount > 0, view.stepCount > 0 else { continue }
      let fraction = (Double(view.epoch - 1) + Double(view.step) / Double(view.stepCount)) / Double(view.epochCount)
      done += (work[run] ?? 0) * (fraction - (startFractions[run] ?? 0))
    }
    let left = total - savedWork - done
    progress.remainingSeconds =
      done > 0 && progress.elapsedSeconds > 2 ? progress.elapsedSeconds * max(left, 0) / done : nil
  }

  private func log(_ line: String, isForLog: Bool = false) {
    guard terminal.isInteractive else { return terminal.note(line) }
    guard !isForLog else { return }
    erase()
    terminal.note(line)
    redraw()
  }

  private func redraw() {
    guard !isPaused else { return }
    estimate()
    let lines = ProgressView.lines(
      progress, width: terminal.width - 1, height: terminal.height - 1, style: terminal.style)
    terminal.redraw(lines, replacing: drawnLines)
    drawnLines = lines.count
  }

  private func erase() {
    terminal.redraw([], replacing: drawnLines)
    drawnLines = 0
  }
}
