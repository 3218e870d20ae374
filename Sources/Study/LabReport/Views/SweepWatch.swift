import Foundation
import LabCore
import LabRecords

/// What somebody sees of a sweep that another process trains: a state of its store at one instant.
public struct SweepWatch: Sendable {
  /// The sweep.
  public let sweep: Sweep
  private let activities: [RunIdentity: RunActivity]
  private let now: Date
  /// When the number of epochs on record of a running run was first seen to be what it is.
  private let epochsSince: [RunIdentity: (epochs: Int, date: Date)]
  /// Each run once, with the label of the first variant that has it.
  private let runs: [(label: String, run: Run)]

  /// Creates a state.
  ///
  /// - Parameters:
  ///   - sweep: the sweep.
  ///   - activities: what is going on in its runs.
  ///   - earlier: the state that was seen before; nil at the beginning.
  ///   - now: the current time.
  public init(
    _ sweep: Sweep, activities: [RunIdentity: RunActivity], after earlier: SweepWatch? = nil, now: Date = Date()
  ) {
    self.sweep = sweep
    self.activities = activities
    self.now = now
    var known: Set<RunIdentity> = []
    runs = sweep.variants.flatMap { variant in
      variant.runs.filter { known.insert($0.identity).inserted }.map { (variant.label, $0) }
    }
    var since: [RunIdentity: (epochs: Int, date: Date)] = [:]
    for (_, run) in runs where run.state == .running {
      let before = earlier?.epochsSince[run.identity].flatMap { $0.epochs == run.completedEpochs ? $0 : nil }
      since[run.identity] = before ?? (run.completedEpochs, now)
    }
    epochsSince = since
  }

  /// The same state at another time, so that what is left goes down while nothing is written.
  public func at(_ now: Date) -> SweepWatch {
    SweepWatch(sweep, activities: activities, after: self, now: now)
  }

  // MARK: What is known

  /// Whether every run has ended with a result or without.
  public var isOver: Bool { runs.allSatisfy { $0.run.state.isTerminal } }

  /// Whether a living process trains one of its runs.
  public var isTrained: Bool { runs.contains { $0.run.state == .running } }

  /// The number of runs that ended without a result.
  public var unsuccessfulCount: Int { runs.count { $0.run.state == .failed || $0.run.state == .diverged } }

  private func count(_ state: RunState) -> Int { runs.count { $0.run.state == state } }

  private var running: [(label: String, run: Run)] {
    runs.filter { $0.run.state == .running }.sorted { start($0.run) < start($1.run) }
  }

  private func start(_ run: Run) -> Date { activities[run.identity]?.startedAt ?? now }

  /// The runs that have ended in some states, the last one first.
  private func ended(_ states: RunState...) -> [(label: String, run: Run)] {
    func end(_ run: Run) -> Date { activities[run.identity]?.endedAt ?? .distantPast }
    return runs.filter { states.contains($0.run.state) }.sorted { end($0.run) > end($1.run) }
  }

  // MARK: Progress

  /// The progress, with a worker for each run that is trained.
  var progress: SweepProgress {
    let owners = Set(running.compactMap { activities[$0.run.identity]?.owner })
    let starts = activities.values.filter { $0.owner.map(owners.contains) ?? false }.compactMap(\.startedAt)
    return SweepProgress(
      name: sweep.name, planned: runs.count, completed: count(.completed), failed: count(.failed),
      diverged: count(.diverged), elapsedSeconds: starts.min().map { max(0, now.timeIntervalSince($0)) } ?? 0,
      remainingSeconds: sweep.remainingSeconds, workers: running.map(worker))
  }

  private func worker(_ label: String, _ run: Run) -> SweepProgress.Worker {
    let last = activities[run.identity]?.lastEpoch
    let told = run.progress
    return .init(
      phase: told?.activity == nil ? .training : .evaluating, variant: label, seed: run.seed,
      epoch: run.epochUnderWay, epochCount: max(run.plannedEpochs, told?.epochs ?? 0), step: told?.step ?? 0,
      stepCount: told?.stepsPerEpoch ?? 0, loss: told?.loss ?? last?.metrics["train_loss"],
      accuracy: last.flatMap { accuracy($0.metrics) },
      imagesPerSecond: told?.imagesPerSecond
        ?? last.flatMap { $0.timing.imagesPerSecond > 0 ? $0.timing.imagesPerSecond : nil },
      remainingSeconds: run.toldRemainingSeconds(at: now) ?? last.flatMap { remainingSeconds(run, $0) })
  }

  /// The accuracy of an epoch over the images that say most of it.
  private func accuracy(_ metrics: Metrics) -> String? {
    for (name, words) in [
      ("validation_accuracy", "validation"), ("test_accuracy", "test"), ("train_accuracy", "train"),
    ] {
      guard let value = metrics[MetricName(name)] else { continue }
      let metric = sweep.metric(named: name)
      return "\(words) acc \(metric.text(value, decimals: 1))" + (metric.unit == .percent ? " %" : "")
    }
    return nil
  }

  private func remainingSeconds(_ run: Run, _ last: EpochRecord) -> Double? {
    let pace = last.timing.trainSeconds + last.timing.evaluationSeconds
    guard pace > 0, run.plannedEpochs > 0 else { return nil }
    let since = epochsSince[run.identity].map { now.timeIntervalSince($0.date) } ?? 0
    return max(0, Double(run.plannedEpochs - run.completedEpochs) * pace - min(since, pace))
  }

  // MARK: Lines

  /// The state in lines that fit a window.
  ///
  /// - Parameters:
  ///   - width: the columns of the window.
  ///   - height: the most lines; nil for all.
  ///   - style: how roles of text are shown.
  ///   - hint: a last line, such as how the view is ended.
  public func lines(width: Int, height: Int? = nil, style: Style = .plain, hint: String? = nil) -> [String] {
    let room = max(1, (height ?? .max) - (hint == nil ? 0 : 1))
    // Runs that are trained come first, but leave a part of the window to the others.
    let workers = height.map { max(2, ($0 - 1) / 2) } ?? .max
    var lines =
      isTrained
      ? ProgressView.lines(progress, width: width, height: workers, style: style)
      : [
        style.apply(.heading, to: "\(sweep.name.singleLine): \(tally)"),
        style.apply(.faint, to: "no run is trained now"),
      ]
    func add(_ part: [String]) {
      // A part that has no line beside its title is none.
      guard part.count > 1, lines.count + 3 <= room else { return }
      lines += [""] + part.prefix(room - lines.count - 1)
    }
    let failures = ended(.failed, .diverged)
    add(
      [style.apply(.failure, to: "without a result")]
        + failures.prefix(3).map { $0.label.singleLine + " · seed \($0.run.seed): " + reason($0.run) }
        + (failures.count > 3 ? ["and \(failures.count - 3) more: labrun list"] : []))
    add(
      [style.apply(.heading, to: "completed last")] + ended(.completed).prefix(5).map { completion($0.label, $0.run) })
    if let table = table(width: width, style: style) { add(table) }
    lines = lines.prefix(room).map { fitted($0, to: width) }
    return lines + (hint.map { [style.apply(.faint, to: $0.truncated(to: width))] } ?? [])
  }

  private func reason(_ run: Run) -> String {
    run.reason.map(\.singleLine).flatMap { $0.isEmpty ? nil : $0 } ?? run.state.rawValue
  }

  private func completion(_ label: String, _ run: Run) -> String {
    let values = sweep.defaultMetricNames.prefix(1).compactMap { name -> String? in
      let metric = sweep.metric(named: name)
      guard let value = run.metrics[MetricName(name)] else { return nil }
      return "\(metric.titleWithUnit) \(metric.text(value, decimals: metric.decimals(for: [value])))"
    }
    let ago = activities[run.identity]?.endedAt.map { "\(NumberText.remaining(max(0, now.timeIntervalSince($0)))) ago" }
    let time = run.trainSeconds.map { "trained \(NumberText.seconds($0))" }
    return (["\(label.singleLine) · seed \(run.seed)"] + values + [time, ago].compactMap { $0 }).joined(separator: "  ")
  }

  /// The table of the sweep without its notes, as far as it has results.
  private func table(width: Int, style: Style) -> [String]? {
    guard count(.completed) > 0, var table = try? SweepTables.table(sweep) else { return nil }
    table.notes = []
    table.numberedNotes = []
    table.footnote = nil
    for row in table.rows.indices {
      for cell in table.rows[row].cells.indices { table.rows[row].cells[cell].notes = [] }
    }
    let text = table.rendered(options: .init(width: width, style: style, showsLegend: false))
    return text.split(separator: "\n").map(String.init)
  }

  /// A line that is too long, without its colors and cut.
  private func fitted(_ line: String, to width: Int) -> String {
    guard line.displayWidth > width else { return line }
    return Style.plain.stripped(line).truncated(to: width)
  }

  // MARK: Changes and the end

  /// What has changed since an earlier state, a line each, for a log.
  ///
  /// - Parameters:
  ///   - earlier: the state that was seen before; nil at the beginning.
  ///   - beginning: when somebody began to watch: the first state tells which runs have ended since.
  public func changes(since earlier: SweepWatch?, beginning: Date = .distantFuture) -> [String] {
    guard let earlier else {
      let running = count(.running)
      return ["\(sweep.name.singleLine): \(tally), \(running) \(running == 1 ? "run is" : "runs are") trained now"]
        + runs.filter { activities[$0.run.identity]?.endedAt.map { $0 >= beginning } ?? false }.compactMap(ending)
    }
    let before = Dictionary(earlier.runs.map { ($0.run.identity, $0.run) }) { first, _ in first }
    return runs.compactMap { label, run in
      let name = "\(label.singleLine) · seed \(run.seed)"
      guard let old = before[run.identity] else { return "added  \(name)" }
      if old.state != run.state { return run.state == .running ? "start  \(name)" : ending(label, run) }
      guard run.state == .running, old.completedEpochs != run.completedEpochs else { return nil }
      // What was measured is that of the epoch before the one that has begun.
      var run = run
      run.progress = nil
      var worker = worker(label, run)
      worker.epoch = max(1, run.completedEpochs)
      worker.phase = .evaluating
      return ProgressView.logLine(worker)
    }
  }

  /// How a run has ended; nil where it has not.
  private func ending(_ label: String, _ run: Run) -> String? {
    switch run.state {
    case .completed: "completed  " + completion(label, run)
    case .failed, .diverged, .interrupted:
      "\(run.state.rawValue)  \(label.singleLine) · seed \(run.seed): \(reason(run))"
    case .running, .pending: nil
    }
  }

  private var tally: String {
    "\(count(.completed)) of \(runs.count) runs completed"
      + [
        (RunState.failed, "failed"), (.diverged, "diverged"), (.interrupted, "interrupted"), (.pending, "not started"),
      ]
      .filter { count($0.0) > 0 }.map { ", \(count($0.0)) \($0.1)" }.joined()
  }

  /// What there is to say at the end: the outcome, what failed, and that nobody trains what is left.
  ///
  /// - Parameter elsewhere: how many of its runs were handed to a cluster.
  public func outcome(elsewhere: Int = 0) -> [String] {
    var lines = ["\(sweep.name.singleLine): \(tally)"]
    lines += ended(.failed, .diverged).map {
      "  \($0.label.singleLine), seed \($0.run.seed) \($0.run.state.rawValue)"
        + ($0.run.reason.map { ": \($0.singleLine)" } ?? "")
    }
    guard !isOver, !isTrained else { return lines }
    let left = runs.count { !$0.run.state.isTerminal }
    lines.append(
      elsewhere > 0
        ? "nobody follows its runs now, of which a cluster has \(elsewhere): the sweep's command takes in what they give"
        : "nobody trains the \(left) \(left == 1 ? "run" : "runs") left: the sweep's command goes on with them")
    return lines
  }
}
