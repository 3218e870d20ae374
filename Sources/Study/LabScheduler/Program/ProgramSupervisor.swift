import Dispatch
import Foundation
import LabCore
import LabRecords
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Runs somebody's program for a capsule, and tells the capsule what the program reports and how it ends.
///
/// The program reports by lines of `reports.jsonl` in the capsule, by the same lines on its standard output, by whatever it
/// prints that looks as the spec says, or by a source beside them.
public struct ProgramSupervisor {
  /// The status by which a program says that it was stopped, and goes on another time.
  static let temporaryFailure: Int32 = 75
  private static let lookInterval = DispatchTimeInterval.milliseconds(100)
  /// The time between two looks at sources, which search folders.
  private static let sourceInterval = Duration.seconds(2)

  private let folder: CapsuleFolder
  private let asked: CapsuleRun
  private let program: CapsuleRun.Program
  private let writer: CapsuleWriter
  private let parent: ParentConnection
  private let patterns: [ProgramPattern]
  private let keep: (Predictions) throws -> Void
  private let makeSources: [MakeProgramReportSource]
  private var sources: [any ProgramReportSource] = []
  private var nextSourceLook = ContinuousClock.now
  /// The metrics that lines have had, of which those of sources do not count.
  private var named: Set<String> = []
  private var predictions: ProgramPredictions?
  private var reports: GrowingFile
  private var output: GrowingFile
  private var epochs: [Int: [String: Double]] = [:]
  private var finals: [String: Double] = [:]
  /// The time of each epoch in seconds.
  private var seconds: [Int: Double] = [:]
  /// When the last epoch was reported, or the program started.
  private var lastReport = ContinuousClock.now
  private var lastProgress = ContinuousClock.now - .seconds(1)
  /// The first line of reports that is none.
  private var problem: String?
  /// How many lines were printed that speak of an epoch and are no reports.
  private var oddLineCount = 0

  /// Prepares to run a program.
  ///
  /// - Parameters:
  ///   - folder: the capsule.
  ///   - asked: what it asks for.
  ///   - program: what it asks of a program.
  ///   - writer: what adds to the capsule's events.
  ///   - parent: the process that must know of the program, so that it does not outlive this one.
  ///   - sources: where the program may report beside lines.
  ///   - keep: puts predictions into the capsule.
  /// - Throws: an error where a pattern of the spec means nothing.
  package init(
    _ folder: CapsuleFolder, _ asked: CapsuleRun, program: CapsuleRun.Program, writer: CapsuleWriter,
    parent: ParentConnection, sources: [MakeProgramReportSource] = [], keep: @escaping (Predictions) throws -> Void
  ) throws {
    self.keep = keep
    makeSources = sources
    self.folder = folder
    self.asked = asked
    self.program = program
    self.writer = writer
    self.parent = parent
    patterns = try program.patterns.map { try ProgramPattern($0, percentMetrics: program.percentMetrics) }
    reports = GrowingFile(folder.reportsPath)
    output = GrowingFile(folder.outputPath)
    for record in asked.resumption.epochs {
      epochs[record.epoch] = Dictionary(record.metrics.map { ($0.name.key, $0.value) }) { $1 }
    }
  }

  /// Runs the program to its end, or until `stop` is raised; it is started in the folder of this process.
  ///
  /// - Throws: `FileError` where nothing can be told any more.
  public mutating func run(stop: StopSignal) throws {
    let outcome: RunOutcome
    do {
      outcome = try supervised(stop: stop)
    } catch let error as FileError where error.path == program.command.first {
      outcome = .failed(reason: "\(error)")
    }
    try writer.append(.final(outcome, epochs: epochs.count))
  }

  private mutating func supervised(stop: StopSignal) throws -> RunOutcome {
    try AtomicFile.createFolder(program.folder)
    let isResumed = access(program.checkpoint, F_OK) == 0
    // Without a checkpoint, the program begins anew, and so do its epochs.
    if !isResumed { epochs = [:] }
    sources = makeSources.map { $0(program, isResumed) }
    try writer.append(.start(program.provenance, epoch: isResumed ? (epochs.keys.max() ?? -1) + 1 : 0, step: 0))
    if isResumed { try writer.append(.log(.resumed, "from the program's own checkpoint")) }
    lastReport = .now
    let process = try ProcessLaunch(
      program: program.command[0], arguments: Array(program.command.dropFirst()), environment: environment,
      output: .file(folder.outputPath), leadsGroup: true
    ).start()
    parent.tellProgramStart(group: process)
    // What it has started goes with it, also where nothing can be told any more.
    defer { kill(-process, SIGKILL) }
    let end = try wait(for: process, stop: stop)
    try look(isLast: true)
    if oddLineCount > 1 {
      try writer.append(.log(.warning, "\(oddLineCount) lines of what it printed speak of an epoch and are no reports"))
    }
    let outcome = outcome(of: end)
    if case .completed = outcome, let predictions { try keep(predictions.predictions) }
    return outcome
  }

  private var environment: [String: String] {
    var environment = [
      "LABRUN_CAPSULE": folder.path, "LABRUN_SEED": String(asked.seed), "LABRUN_FOLDER": program.folder,
      // What is printed is there when it is printed, and not when some thousand bytes are.
      "PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": String(asked.threads),
    ]
    if let devices = program.devices {
      environment["CUDA_VISIBLE_DEVICES"] = devices.map { $0.replacing("cuda:", with: "") }.joined(separator: ",")
    }
    return environment
  }

  // MARK: Waiting

  /// What ended a program.
  private struct End {
    var process: ProcessEnd
    var wasAskedToStop = false
    var isOverdue = false
  }

  private mutating func wait(for process: pid_t, stop: StopSignal) throws -> End {
    let wakeUp = DispatchSemaphore(value: 0)
    let box = StatusBox()
    let thread = Thread {
      var value: Int32 = 0
      while waitpid(process, &value, 0) < 0, errno == EINTR {}
      box.status.withLock { $0 = value }
      wakeUp.signal()
    }
    thread.start()
    var end = End(process: .exit(status: -1))
    var killAt: ContinuousClock.Instant?
    while true {
      _ = wakeUp.wait(timeout: .now() + Self.lookInterval)
      if let value = box.status.withLock({ $0 }) {
        end.process = ProcessEnd(waitStatus: value)
        return end
      }
      try look(isLast: false)
      let isOverdue = program.deadline.map { Date() >= $0 } ?? false
      if killAt == nil, stop.request != .none || isOverdue || problem != nil {
        end.wasAskedToStop = stop.request != .none
        end.isOverdue = isOverdue && !end.wasAskedToStop
        kill(process, SIGTERM)
        killAt = .now + .seconds(program.graceSeconds)
      }
      if let time = killAt, .now >= time || stop.request == .now {
        kill(process, SIGKILL)
        killAt = .now + .seconds(3600)
      }
    }
  }

  /// A place for the status of a program, which another thread waits for.
  private final class StatusBox: Sendable {
    let status = Mutex<Int32?>(nil)
  }

  // MARK: Reports

  /// Takes in what the program has reported and printed since the last time.
  private mutating func look(isLast: Bool) throws {
    guard problem == nil else { return }
    for (number, line) in reports.lines(isWhole: isLast) {
      do {
        try take(ProgramReport(line: line, firstEpoch: firstEpoch))
      } catch let error as ProgramReport.Problem {
        problem = "\(folder.reportsPath), line \(number): \(error)"
        return
      }
    }
    for (number, line) in output.lines(isWhole: isLast) {
      if line.first == UInt8(ascii: "{") {
        do {
          try takePrinted(line, number: number)
        } catch let error as ProgramReport.Problem {
          problem = "\(error)"
          return
        }
      } else if !patterns.isEmpty {
        let text = String(decoding: line, as: UTF8.self)
        for pattern in patterns {
          let metrics = pattern.metrics(in: text)
          if !metrics.isEmpty { try take(.final(metrics)) }
        }
      }
    }
    try lookAtSources(isLast: isLast)
  }

  /// Takes a line that the program has printed, in which other programs may have printed theirs.
  private mutating func takePrinted(_ line: Data, number: Int) throws {
    let report: ProgramReport
    do {
      report = try ProgramReport(line: line, firstEpoch: firstEpoch)
    } catch let error as ProgramReport.Problem {
      // What is no report was printed for somebody else, but for what speaks of an epoch.
      guard let epoch = ProgramReport.epoch(of: line) else { return }
      if let epoch = epoch.doubleValue, epoch < Double(firstEpoch) {
        throw ProgramReport.Problem(description: "line \(number) of what it printed: \(error)")
      }
      oddLineCount += 1
      if oddLineCount == 1 {
        try writer.append(.log(.warning, "line \(number) of what it printed is no report of an epoch: \(error)"))
      }
      return
    }
    try take(report)
  }

  private var firstEpoch: Int { program.firstEpoch ?? 1 }

  private mutating func lookAtSources(isLast: Bool) throws {
    guard isLast || ContinuousClock.now >= nextSourceLook else { return }
    nextSourceLook = .now + Self.sourceInterval
    for index in sources.indices {
      let found: [ProgramReport]
      do {
        found = try sources[index].reports(isLast: isLast)
      } catch {
        problem = "\(error)"
        return
      }
      for report in found { try takeBeside(report) }
    }
  }

  /// Takes in what a source has found, but for what lines have said better, and what is known.
  private mutating func takeBeside(_ report: ProgramReport) throws {
    switch report {
    case .epoch(let epoch, let metrics):
      let known = epochs[epoch] ?? [:]
      let new = metrics.filter { !named.contains($0.key) && known[$0.key].map(Self.text) != Self.text($0.value) }
      guard !new.isEmpty else { return }
      try record(new, of: epoch)
    case .final(let metrics): finals.merge(metrics.filter { !named.contains($0.key) }) { $1 }
    default: try take(report)
    }
  }

  /// A number as a text that is equal where the number is, be it none.
  private static func text(_ number: Double) -> String { "\(number)" }

  private mutating func record(_ metrics: [String: Double], of epoch: Int) throws {
    epochs[epoch, default: [:]].merge(metrics) { $1 }
    if seconds[epoch] == nil {
      let now = ContinuousClock.now
      seconds[epoch] = (now - lastReport).seconds
      lastReport = now
    }
    let timing = EpochRecord.Timing(
      trainSeconds: seconds[epoch] ?? 0, imagesPerSecond: 0, meanStepMilliseconds: 0)
    try writer.append(
      .epoch(EpochRecord(epoch: epoch, metrics: Self.metrics(epochs[epoch] ?? [:]), timing: timing)))
  }

  private mutating func take(_ report: ProgramReport) throws {
    switch report {
    case .epoch(let epoch, let metrics):
      named.formUnion(metrics.keys)
      try record(metrics, of: epoch)
    case .final(let metrics):
      named.formUnion(metrics.keys)
      // What a source had found so far stands back.
      finals.merge(metrics) { $1 }
    case .message(let text): try writer.append(.log(.note, text))
    case .progress(let progress):
      // As often as a person looks.
      guard .now - lastProgress >= .milliseconds(500) else { return }
      lastProgress = .now
      try writer.append(.progress(progress))
    case .predictions(let path):
      let whole = path.hasPrefix("/") ? path : "\(program.folder)/\(path)"
      do {
        predictions = try ProgramPredictions(contentsOf: whole)
      } catch {
        throw ProgramReport.Problem(description: "\(whole): \(error)")
      }
    case .artifact(let path, let kind): try writer.append(.log(.note, "has written \(path) (\(kind))"))
    }
  }

  // MARK: Ending

  private func outcome(of end: End) -> RunOutcome {
    if let problem { return .failed(reason: problem) }
    if end.isOverdue { return .failed(reason: "its program had not ended when its time was up\(lastWords)") }
    switch end.process {
    case .exit(0) where !end.wasAskedToStop: return completed
    case .exit(Self.temporaryFailure): return .interrupted(reason: "its program has stopped, to go on another time")
    case _ where end.wasAskedToStop: return .interrupted(reason: "stopped on request")
    case .exit: return .failed(reason: "its program \(end.process.clause)\(lastWords)")
    case .signal: return .failed(reason: "its program \(end.process.clause)\(lastWords)", isRetriable: true)
    }
  }

  /// The end of a program that had nothing left to do.
  private var completed: RunOutcome {
    var metrics = epochs.keys.max().flatMap { epochs[$0] } ?? [:]
    metrics.merge(finals) { $1 }
    // What labrun has computed itself counts.
    for (name, value) in predictions?.metrics ?? [:] { metrics[name.key] = value }
    let missing = program.metrics.filter { metrics[$0] == nil }
    guard missing.isEmpty else {
      return .failed(
        reason: "its program ended without having reported \(missing.sorted().joined(separator: " and "))"
          + "\(accounts)\(lastWords)")
    }
    guard !metrics.isEmpty else {
      return .failed(reason: "its program ended without having reported a metric\(lastWords)")
    }
    return .completed(
      FinalRecord(
        metrics: Self.metrics(metrics), classNames: predictions?.classNames ?? [],
        confusion: predictions?.accumulator.confusion))
  }

  private static func metrics(_ values: [String: Double]) -> Metrics {
    var metrics = Metrics()
    for (name, value) in values { metrics[MetricName(name)] = value }
    return metrics
  }

  private var accounts: String {
    let found = sources.map(\.account).filter { !$0.isEmpty }
    return found.isEmpty ? "" : " (\(found.joined(separator: "; ")))"
  }

  private var lastWords: String { folder.lastLines(1).first.map { "; it said last: \($0)" } ?? "" }
}
