/// The progress of a sweep as lines of text: one a worker and one for the whole.
///
/// The lines are pure functions of the state and the width; drawing them again and again in place is up to whoever
/// owns the terminal.
public enum ProgressView {
  /// A part of a line.
  ///
  /// Parts line up over the workers; where they do not fit, the greatest priority goes first.
  private struct Part {
    var text: String
    var priority: Int
    var role: Style.Role?
    var isRightAligned = false
  }

  private static let barWidth = 12
  /// A label is shortened to this before any part but the bar is left out.
  private static let smallestLabelWidth = 18

  /// One line a worker and one for the sweep, none longer than the width.
  ///
  /// - Parameters:
  ///   - progress: what the workers do.
  ///   - width: the columns of the terminal.
  ///   - height: where there are more lines than this, the last workers are only counted.
  ///   - style: how roles of text are shown.
  public static func lines(
    _ progress: SweepProgress, width: Int, height: Int = .max, style: Style = .plain
  ) -> [String] {
    var lines = workerLines(progress.workers, width: width, style: style)
    if lines.count >= height {
      let shown = max(0, height - 2)
      let rest = "… and \(lines.count - shown) \(shown == 0 ? "" : "more ")workers"
      lines = lines.prefix(shown) + (height > 1 ? [style.apply(.faint, to: rest.truncated(to: width))] : [])
    }
    return lines + [sweepLine(progress, width: width, style: style)]
  }

  /// One line on a worker for a log file, which is as long as it needs to be.
  public static func logLine(_ worker: SweepProgress.Worker) -> String {
    // What is logged at an epoch's end is the epoch, and that its evaluation follows is nothing to tell.
    let skipsStep = worker.phase == .evaluating
    return
      ([label(worker)]
      + parts(worker).filter { $0.priority < (skipsStep ? stepPriority : barPriority) }.map(\.text)
      .filter { !$0.isEmpty })
      .joined(separator: "  ")
  }

  /// One line on the sweep for a log file.
  public static func logLine(_ progress: SweepProgress) -> String {
    (["\(progress.name):"] + sweepParts(progress).map(\.text)).joined(separator: "  ")
  }

  private static let barPriority = 5
  private static let stepPriority = 4

  /// Which run the worker has; where there is little room, the variant is shortened and the seed is kept.
  private static func label(_ worker: SweepProgress.Worker, width: Int = .max) -> String {
    guard worker.phase != .idle else { return "idle".truncated(to: width) }
    let seed = " · seed \(worker.seed)"
    let variant = worker.variant.singleLine.truncated(to: max(1, width - seed.displayWidth))
    return (variant + seed).truncated(to: width)
  }

  private static func parts(_ worker: SweepProgress.Worker) -> [Part] {
    switch worker.phase {
    case .idle: return []
    case .preparing(let what): return [Part(text: what.singleLine, priority: 0, role: .faint)]
    case .training, .evaluating: break
    }
    let step =
      worker.phase == .evaluating ? "evaluating" : worker.stepCount > 0 ? "step \(worker.step)/\(worker.stepCount)" : ""
    return [
      Part(text: bar(worker.fraction, width: barWidth), priority: barPriority),
      Part(text: "epoch \(worker.epoch)/\(worker.epochCount)", priority: 0, isRightAligned: true),
      Part(text: step, priority: stepPriority, role: .faint, isRightAligned: true),
      Part(
        text: worker.loss.map { "loss " + ($0.isFinite ? NumberText.fixed($0, decimals: 4) : "NaN") } ?? "",
        priority: 1,
        role: worker.loss.map(\.isFinite) == false ? .failure : nil, isRightAligned: true),
      Part(text: worker.accuracy?.singleLine ?? "", priority: 2, isRightAligned: true),
      Part(
        text: worker.imagesPerSecond.map { NumberText.rate($0) + " images/s" } ?? "", priority: 3, isRightAligned: true),
      Part(
        text: worker.remainingSeconds.map { "ETA " + NumberText.remaining($0) } ?? "", priority: 2, isRightAligned: true
      ),
    ]
  }

  private static func workerLines(_ workers: [SweepProgress.Worker], width: Int, style: Style) -> [String] {
    let all = workers.map(parts)
    // Only workers that train have all the parts, and only theirs line up.
    let count = all.map(\.count).max() ?? 0
    var kept = Array(0..<count)
    func columnWidth(_ part: Int) -> Int {
      all.filter { $0.count == count }.map { $0[part].text.displayWidth }.max() ?? 0
    }
    let labelWidth = workers.map { label($0).displayWidth }.max() ?? 0
    func partsWidth() -> Int {
      kept.map(columnWidth).filter { $0 > 0 }.reduce(0) { $0 + $1 + 2 }
    }
    let reference = all.first { $0.count == count } ?? []
    while partsWidth() + min(labelWidth, smallestLabelWidth) > width,
      let least = kept.max(by: { reference[$0].priority < reference[$1].priority })
    {
      kept.removeAll { $0 == least }
    }
    let fittedLabelWidth = max(0, min(labelWidth, width - partsWidth()))
    return zip(workers, all).map { worker, parts in
      let start = label(worker, width: fittedLabelWidth)
      guard parts.count == count, count > 1 else {
        let rest = parts.map(\.text).joined(separator: "  ")
        let room = width - start.displayWidth - 2
        guard !rest.isEmpty, room > 0 else { return style.apply(.faint, to: start) }
        return start + "  " + style.apply(.faint, to: rest.truncated(to: room))
      }
      let columns = kept.filter { columnWidth($0) > 0 }.map { index in
        let part = parts[index]
        let padding = String(repeating: " ", count: columnWidth(index) - part.text.displayWidth)
        let text = style.apply(part.role, to: part.text)
        return "  " + (part.isRightAligned ? padding + text : text + padding)
      }
      return start.padded(to: fittedLabelWidth) + columns.joined()
    }
  }

  private static func sweepParts(_ progress: SweepProgress) -> [Part] {
    func count(_ number: Int, _ word: String, priority: Int, _ role: Style.Role? = nil) -> [Part] {
      number > 0 ? [Part(text: "\(number) \(word)", priority: priority, role: role)] : []
    }
    return [Part(text: "\(progress.completed)/\(progress.planned) runs", priority: 0)]
      + count(progress.failed, "failed", priority: 1, .failure)
      + count(progress.diverged, "diverged", priority: 1, .failure)
      + count(progress.reused, "reused", priority: 4, .faint)
      + [Part(text: NumberText.remaining(progress.elapsedSeconds) + " elapsed", priority: 3)]
      + (progress.isStopping
        ? [Part(text: "stopping", priority: 1, role: .warning)]
        : progress.remainingSeconds.map { [Part(text: "about \(NumberText.remaining($0)) left", priority: 2)] } ?? [])
  }

  private static func sweepLine(_ progress: SweepProgress, width: Int, style: Style) -> String {
    var parts = [Part(text: progress.name.singleLine, priority: 5, role: .heading)] + sweepParts(progress)
    func total() -> Int { parts.reduce(-2) { $0 + $1.text.displayWidth + 2 } }
    while total() > width, parts.count > 1,
      let least = parts.indices.max(by: { parts[$0].priority < parts[$1].priority })
    {
      parts.remove(at: least)
    }
    if parts.count == 1 { parts[0].text = parts[0].text.truncated(to: width) }
    // The bar takes the room that is left, within reason; its ends and the gap take four cells.
    let room = min(2 * barWidth, width - total() - 4)
    if room >= barWidth / 2, parts.count > 1 {
      let share = progress.planned > 0 ? finishedShare(progress) : 1
      parts.insert(Part(text: bar(share, width: room), priority: 0), at: parts[0].role == .heading ? 1 : 0)
    }
    return parts.map { style.apply($0.role, to: $0.text) }.joined(separator: "  ")
  }

  /// The share of the runs that have ended, with what is done of those that run.
  private static func finishedShare(_ progress: SweepProgress) -> Double {
    let ended = Double(progress.completed + progress.failed + progress.diverged)
    let running = progress.workers.reduce(0) { $0 + ($1.phase == .idle ? 0 : $1.fraction) }
    return min(1, (ended + running) / Double(progress.planned))
  }

  /// A bar in eighths of a cell.
  static func bar(_ fraction: Double, width: Int) -> String {
    let eighths = Int((min(1, max(0, fraction)) * Double(width * 8)).rounded(.down))
    let partial = eighths % 8 == 0 ? "" : String(Array("▏▎▍▌▋▊▉")[eighths % 8 - 1])
    return "▕" + (String(repeating: "█", count: eighths / 8) + partial).padded(to: width) + "▏"
  }
}
