import Foundation
import LabCore
import LabRecords
import LabReport
import LabStore
import LabWorkbench
import Synchronization

/// What is shown: the store of a results folder, what has been made of it, and whether that is still so.
final class Window: Sendable {
  /// A response as it was made.
  private struct Kept {
    var response: Response
    var version: Int
    var madeAt: ContinuousClock.Instant
    var seconds: Double
    var usedAt: ContinuousClock.Instant
  }

  /// What is known of a sweep as long as its standing is the same.
  struct Glance: Sendable {
    var standing: SweepStanding
    var madeAt: ContinuousClock.Instant
    /// The sweep's row in the table of sweeps, as `labrun list` has it.
    var row: ReportTable.Row
    var glance: SweepGlance
    /// What is concluded; nil before somebody has looked.
    var verdict: String??
  }

  /// The results folder.
  let results: String
  /// The only run that is shown, by a page that asks its model; nil where everything is.
  let onlyRun: RunIdentity?
  /// Where models are asked.
  let desk = PredictionDesk()
  /// What they have said.
  let answers = KeptAnswers()
  /// What notices changes.
  let watcher: ChangeWatcher
  private let access: StoreAccess
  private let kept = Mutex<[String: Kept]>([:])
  private let glances = Mutex<[Int64: Glance]>([:])
  private let overviews = Mutex<[Int64: (key: Int, sections: [ReportPage.Section])]>([:])
  /// Two at a time compute, so that a crowd of clients takes no more from a sweep than a few.
  private let places = DispatchSemaphore(value: 2)

  /// The most responses that are kept, and their most bytes together.
  private static let keptLimit = 64
  private static let keptBytes = 24 << 20
  /// A page is made anew at most as often as takes this share of one core, but for one that is this old, in seconds.
  private let share: Double
  private static let greatestAge = 10.0

  /// Opens a results folder.
  ///
  /// - Throws: what opening the store throws.
  init(results: String, share: Double, onlyRun: RunIdentity? = nil) throws {
    self.results = results
    self.onlyRun = onlyRun
    self.share = share
    access = StoreAccess(folder: results)
    watcher = ChangeWatcher(StoreAccess(folder: results))
    _ = try access.store()
  }

  /// Begins to notice changes.
  func start() { watcher.start() }

  /// Lets everybody go who waits.
  func stop() {
    watcher.stop()
    desk.stop()
  }

  /// Whether an address is one of those that are shown.
  ///
  /// - Parameters:
  ///   - route: the address.
  ///   - values: what stands for the names in it.
  func shows(_ route: Route, _ values: [String: String]) -> Bool {
    guard let onlyRun else { return true }
    guard route.isOfPredictions else { return false }
    return values["run"].map { !$0.isEmpty && onlyRun.hash.hexadecimal.hasPrefix($0) } ?? true
  }

  /// The store.
  ///
  /// - Throws: what opening it throws.
  func store() throws -> StudyStore { try access.store() }

  // MARK: Keeping

  /// A response as it was made before, as long as nothing has changed since, or else made now.
  ///
  /// One that took long is given for a while although something has changed: pages that everybody has open must not cost a
  /// sweep its speed. Its header says which version it is of.
  ///
  /// - Throws: what `make` throws, or ``RequestProblem`` where too many wait.
  func kept(_ target: String, _ make: () throws -> Response) throws -> Response {
    if let response = known(target) { return response }
    guard places.wait(timeout: .now() + 20) == .success else {
      throw RequestProblem(status: 503, description: "too many pages are asked for at once: try again in a moment")
    }
    defer { places.signal() }
    // Whoever was before may have made it.
    if let response = known(target) { return response }
    let version = watcher.version
    let start = ContinuousClock.now
    var response = try make()
    guard response.status == 200, case .data(let data) = response.body else { return response }
    let now = ContinuousClock.now
    response.headers += [
      ("ETag", "\"\(ContentHash(of: data).short)\""), ("Labrun-Version", "\(version)"),
    ]
    let entry = Kept(
      response: response, version: version, madeAt: now, seconds: (now - start) / .seconds(1), usedAt: now)
    kept.withLock { kept in
      kept[target] = entry
      while kept.count > Window.keptLimit
        || (kept.count > 1 && kept.values.reduce(0) { $0 + $1.response.body.length } > Window.keptBytes)
      {
        guard let oldest = kept.min(by: { $0.value.usedAt < $1.value.usedAt }) else { break }
        kept[oldest.key] = nil
      }
    }
    return response
  }

  private func known(_ target: String) -> Response? {
    let version = watcher.version
    return kept.withLock { kept in
      guard let entry = kept[target] else { return nil }
      let age = (ContinuousClock.now - entry.madeAt) / .seconds(1)
      guard entry.version == version || age < min(entry.seconds / share, Window.greatestAge) else { return nil }
      kept[target]?.usedAt = .now
      return entry.response
    }
  }

  // MARK: Sweeps

  /// Every sweep at a glance, the one registered last first; only those are read that are not as they were.
  ///
  /// - Parameter verdictSeconds: how long sweeps are analyzed that nobody has analyzed before, in seconds; others are the next
  ///   time.
  /// - Throws: an error of the store.
  func sweeps(verdictSeconds: Double = 0) throws -> [Glance] {
    let store = try self.store()
    let start = ContinuousClock.now
    var isWhole = true
    var found: [Glance] = []
    for standing in try store.standings() {
      let id = standing.sweep.id
      var known = glances.withLock { $0[id] }
      if let glance = known {
        // A running process may die without a word.
        let isOld = standing.isRunning && (ContinuousClock.now - glance.madeAt) > .seconds(2)
        if glance.standing != standing || isOld { known = nil }
      }
      let wantsVerdict = verdictSeconds > 0 && known?.verdict == nil
      guard known == nil || wantsVerdict else {
        if let known { found.append(known) }
        continue
      }
      let sweep = try store.sweep(id)
      var glance =
        known
        ?? Glance(
          standing: standing, madeAt: .now, row: ListTables.sweeps([sweep]).rows[0], glance: SweepGlance(sweep))
      if wantsVerdict {
        if (ContinuousClock.now - start) < .seconds(verdictSeconds) {
          glance.verdict = .some((try? SweepReport(sweep))?.verdictText)
        } else {
          isWhole = false
        }
      }
      glances.withLock { $0[id] = glance }
      found.append(glance)
    }
    // Whoever has the page open comes again for what is missing.
    if !isWhole { watcher.touch() }
    return found
  }

  /// The most completed runs whose courses are read for a page.
  static let courseLimit = 60

  /// Conclusions and figures of a sweep, made anew where a run has been completed since.
  ///
  /// - Throws: an error of the store.
  func overview(_ sweep: Sweep) throws -> [ReportPage.Section] {
    guard let id = sweep.id else { return [] }
    var hasher = Hasher()
    for run in sweep.runs where run.state == .completed { hasher.combine(run.identity) }
    for variant in sweep.variants { hasher.combine(variant.label) }
    hasher.combine(sweep.analyses)
    let key = hasher.finalize()
    if let known = overviews.withLock({ $0[id] }), known.key == key { return known.sections }
    let completed = sweep.runs.filter { $0.state == .completed }
    var records = SweepRecords()
    if completed.count <= Window.courseLimit {
      let store = try self.store()
      for run in completed { records.epochs[run.identity] = try store.epochs(of: run.identity) }
    }
    let sections = Window.sections(of: sweep, records)
    overviews.withLock { overviews in
      if overviews.count > 32 { overviews.removeAll() }
      overviews[id] = (key, sections)
    }
    return sections
  }

  private static func sections(of sweep: Sweep, _ records: SweepRecords) -> [ReportPage.Section] {
    do {
      return try SweepReport(sweep, records: records).overview
    } catch {
      // Before the first result there is nothing to analyze.
      guard sweep.runs.contains(where: { $0.state == .completed }) else { return [] }
      return [ReportPage.Section("conclusions", title: "Conclusions", [.paragraph("\(error)")])]
    }
  }
}
