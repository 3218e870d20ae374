import Foundation
import LabRecords
import LabReport
import LabScheduler
import LabWorkbench

extension SweepSession {
  /// Trains, prints the summary and the table, and returns the exit status where it is not success.
  ///
  /// - Parameters:
  ///   - exportCommand: what sends to a server what it lacks at the end.
  ///   - leaving: what becomes of runs that other machines train; nil where this one does.
  func run(
    resumeCommand: String, reportCommand: String, exportCommand: String? = nil, leaving: LeavingPolicy? = nil,
    json: Bool
  ) throws -> ExitStatus? {
    let errors = Terminal.standardError
    for line in changes { errors.note(line) }
    let stop = StopSignal()
    let display = SweepDisplay(name: name, runs: runs, work: work, workers: workerCount, terminal: errors)
    let interrupts = interrupts(raising: stop, display, leaving)
    let start = ContinuousClock.now
    let report = withExtendedLifetime(interrupts) { trainAll(stop: stop, display) }
    display.close()
    if let gone = absence(report) {
      if let sentence = rescue(from: gone) { errors.note(sentence) }
      throw gone
    }
    let (summary, table) = try result(
      of: report, seconds: (ContinuousClock.now - start).seconds, resumeCommand: resumeCommand,
      reportCommand: reportCommand)
    for line in summary.lines(width: errors.width, style: errors.style) { errors.write(styled: line + "\n") }
    Terminal.standardOutput.write(table, as: json ? TableFormats.json : TableFormats.text)
    // Who has interrupted a sweep is not kept waiting.
    let waitingSeconds = report.stopRequest == .none ? 10.0 : 2
    if let exportCommand, let lack = closeMirrors(waitingSeconds: waitingSeconds) {
      errors.note("\(lack); what is missing is sent by: \(exportCommand)")
    }
    if let error = report.endingError ?? report.machineError { throw error }
    if let leaving, leaving.choice == .leaveAtOnce, report.stopRequest == .none, report.leftCount > 0 {
      errors.note(
        "\(report.leftCount) \(report.leftCount == 1 ? "run is" : "runs are") left to the cluster; follow them: "
          + resumeCommand)
      return report.count(.failed) + report.count(.diverged) == 0 ? nil : .someRunsFailed
    }
    if report.stopRequest != .none, !report.hasFailedFast { return .interrupted }
    return report.isComplete ? nil : .someRunsFailed
  }

  /// Handles Ctrl-C and its like: runs on this machine are stopped, and of those elsewhere a person is asked.
  private func interrupts(
    raising stop: StopSignal, _ display: SweepDisplay, _ leaving: LeavingPolicy?
  ) -> InterruptHandler {
    guard let leaving else {
      return InterruptHandler(raising: stop) { request in
        display.say(
          request == .afterStep
            ? "stopping after the current step and a checkpoint; Ctrl-C again to stop at once"
            : "stopping at once; the next start goes on from the last checkpoints")
      }
    }
    let question = LeavingQuestion(leaving, display: display)
    return InterruptHandler(raising: StopSignal()) { _ in question.answer(raising: stop) }
  }

  /// Trains what is asked for, and what the sweep's rule adds to it.
  private func trainAll(stop: StopSignal, _ display: SweepDisplay) -> SchedulerReport {
    var report = train(runs, stop: stop, observer: display)
    while report.stopRequest == .none, report.endingError == nil, report.machineError == nil {
      do {
        guard let growth = try grow(after: report.runs) else { break }
        display.say(growth.line)
        guard !growth.runs.isEmpty else { break }
        display.expect(growth.runs, work: growth.work)
        report.add(train(growth.runs, stop: stop, observer: display))
      } catch {
        report.endingError = error
      }
    }
    return report
  }
}
