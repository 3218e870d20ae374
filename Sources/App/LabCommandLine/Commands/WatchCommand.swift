import ArgumentParser
import Foundation
import LabRecords
import LabReport
import LabScheduler
import LabStore
import LabWorkbench

/// The command `labrun watch`.
struct WatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Watch a sweep that another process trains, until it ends.",
    discussion: """
      A view of the terminal's size, which changes when the results do: progress, the runs that are trained now with what \
      they told last (every 15 seconds) and what their last epoch gave, what was completed last, what failed and why, and the head of the table. It reads the results \
      folder, and keeps nobody from writing. A sweep that is not there yet is waited for.

      q or Ctrl-C ends the view, and not the sweep. It ends by itself with the sweep's outcome when all runs have ended, or \
      when nobody trains those that are left. Without a terminal, each change is a line.

      EXAMPLES
        labrun watch                # the sweep that was worked on last
        labrun watch ablation
        labrun watch --once         # how it stands now
        labrun watch ablation >> log.txt

      EXIT STATUS
        0    all runs were completed, or the view was ended
        1    some runs failed or diverged
        130  nobody trains the runs that are left
      """)

  /// The pause between two looks at the keys, in milliseconds.
  private static let keyMilliseconds: Int32 = 100
  /// The longest time between two looks at the results: that a process has died, nobody writes.
  private static let longestInterval = Duration.seconds(2)
  /// How long nobody has to train a sweep before that counts: between two runs nobody does for a moment.
  private static let patience = Duration.seconds(5)

  @Argument(help: "The sweep's number or name (default: the sweep that was worked on last).")
  var sweep: String?

  @Flag(help: "Print how it stands now, and stop.") var once = false

  @OptionGroup var resultsOptions: ResultsOptions

  func run() throws {
    if once {
      let store = try StudyStore(reading: resultsOptions.folder)
      let terminal = Terminal.standardOutput
      for line in try state(of: store).lines(width: terminal.width, style: terminal.style) {
        terminal.write(styled: line + "\n")
      }
      return
    }
    let stop = StopSignal()
    let interrupts = InterruptHandler(raising: stop) { _ in }
    let end = try withExtendedLifetime(interrupts) { try watch(until: stop) }
    guard let end else { return }
    let elsewhere = CapsuleShelf(results: resultsOptions.folder).runsElsewhere()
    let lines = end.outcome(elsewhere: end.sweep.runs.count { elsewhere.contains($0.identity.short) })
    for line in lines { Terminal.standardOutput.note(line) }
    if end.unsuccessfulCount > 0 { throw ExitCode(ExitStatus.someRunsFailed.rawValue) }
    if !end.isOver { throw ExitCode(ExitStatus.interrupted.rawValue) }
  }

  private func state(of store: StudyStore, after earlier: SweepWatch? = nil) throws -> SweepWatch {
    let found = try earlier?.sweep.id.map { try store.sweep($0) } ?? store.sweep(matching: sweep)
    return SweepWatch(found, activities: try found.id.map { try store.activities(sweep: $0) } ?? [:], after: earlier)
  }

  /// Shows the sweep until it ends.
  ///
  /// - Returns: its last state; nil where the view was ended.
  private func watch(until stop: StopSignal) throws -> SweepWatch? {
    let terminal = Terminal.standardOutput
    let isScreen = terminal.isInteractive
    let keys = isScreen ? KeyReader() : nil
    if isScreen { terminal.enterScreen() }
    defer {
      if isScreen { terminal.leaveScreen() }
      keys?.close()
    }
    var store: StudyStore?
    var state: SweepWatch?
    var version: Int?
    var lastRead: ContinuousClock.Instant?
    var lastDraw: ContinuousClock.Instant?
    var lastTrained = ContinuousClock.now
    var lastOpened = ContinuousClock.now
    let beginning = Date()
    let database = "\(resultsOptions.folder)/\(StudyStore.databaseName)"
    var hasSaidWaiting = false
    while stop.request == .none, Terminal.outputFailure == nil {
      let now = ContinuousClock.now
      let isOld = lastRead.map { now - $0 >= Self.longestInterval } ?? true
      // What is opened while it is made or brought up to date is a copy, which does not change any more.
      if isOld, state?.isTrained != true { store = nil }
      if store == nil {
        store = try found(orTorn: now - lastOpened < Self.patience) { try StudyStore(reading: resultsOptions.folder) }
        // A database that is being made has no log for a moment.
        if store != nil || !FileManager.default.fileExists(atPath: database) { lastOpened = now }
        version = nil
      }
      let newVersion = try store?.dataVersion()
      if let store, newVersion != version || isOld {
        version = newVersion
        lastRead = now
        let earlier = state
        state = try found { try self.state(of: store, after: earlier) } ?? earlier
        if !isScreen, let state {
          for line in state.changes(since: earlier, beginning: beginning) { terminal.note(line) }
        }
        if state?.isTrained ?? true || earlier == nil { lastTrained = now }
        lastDraw = nil
      }
      if let state, state.isOver { return state }
      if let state, now - lastTrained >= Self.patience { return state }
      if isScreen, lastDraw.map({ now - $0 >= .seconds(1) }) ?? true {
        draw(state, on: terminal)
        lastDraw = now
      } else if !isScreen, state == nil, !hasSaidWaiting {
        terminal.note(waiting)
        hasSaidWaiting = true
      }
      if let keys {
        if let key = keys.key(waiting: Self.keyMilliseconds), "qQ\u{4}".contains(key) { return nil }
      } else {
        usleep(UInt32(Self.keyMilliseconds) * 1000)
      }
    }
    return nil
  }

  private var waiting: String {
    sweep.map { "there is no sweep \"\($0)\" in \(resultsOptions.folder) yet; waiting for it" }
      ?? "there is no sweep in \(resultsOptions.folder) yet; waiting for one"
  }

  private func draw(_ state: SweepWatch?, on terminal: Terminal) {
    let hint = "q ends the view, and not the sweep"
    guard let state else {
      let text = (waiting.wrapped(to: terminal.width) + [hint.truncated(to: terminal.width)]).prefix(terminal.height)
      return terminal.show(Array(text))
    }
    terminal.show(
      state.at(Date()).lines(width: terminal.width, height: terminal.height, style: terminal.style, hint: hint))
  }

  /// What a body finds; nil where there is nothing yet.
  ///
  /// - Parameter isNew: whether a database without its log counts as nothing yet.
  private func found<Found>(orTorn isNew: Bool = false, _ body: () throws -> Found) throws -> Found? {
    do {
      return try body()
    } catch let error as StoreError {
      switch error {
      case .noResults, .noSweeps: return nil
      case .copyWithoutLog where isNew: return nil
      default: throw error
      }
    } catch let error as WorkbenchError where error.kind == .noInput {
      return nil
    }
  }
}
