import LabWorkbench
import Synchronization

/// How far something is that may take more than a moment.
///
/// It is a line that a terminal shows after a second, and that is gone at the end. A log never sees it.
final class ProgressLine: Sendable {
  private struct State {
    var lines = 0
    var lastUpdate: ContinuousClock.Instant?
    var isClosed = false
  }

  /// Shorter work shows nothing.
  private static let patience = Duration.seconds(1)
  /// The pause between two updates, which only people read.
  private static let interval = Duration.milliseconds(100)

  private let terminal = Terminal.standardError
  private let start = ContinuousClock.now
  private let state = Mutex(State())
  private let isShown: Bool

  init() { isShown = Terminal.standardError.isInteractive }

  /// What takes the share of something that is done, from 0 to 1, from any thread.
  func updates(_ activity: String) -> @Sendable (Double) -> Void {
    { share in self.update(activity, share) }
  }

  /// Takes the line off the terminal; later updates draw nothing.
  func close() {
    state.withLock { state in
      if state.lines > 0 { terminal.redraw([], replacing: state.lines) }
      state.lines = 0
      state.isClosed = true
    }
  }

  private func update(_ activity: String, _ share: Double) {
    guard isShown else { return }
    let now = ContinuousClock.now
    guard now - start >= ProgressLine.patience else { return }
    state.withLock { state in
      if let last = state.lastUpdate, now - last < ProgressLine.interval { return }
      guard !state.isClosed else { return }
      terminal.redraw(["\(activity): \(Int(100 * share)) %"], replacing: state.lines)
      state.lines = 1
      state.lastUpdate = now
    }
  }
}
