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
  struct Kept {
    var response: Response
    /// What it was made of beside the store; empty for nothing.
    var content: String
    var version: Int
    var changes: Int
    var madeAt: ContinuousClock.Instant
    var seconds: Double
    var usedAt: ContinuousClock.Instant
    /// The page as it was before, by its tags, the last one last, for browsers that have it so.
    var previous: [(tag: String, body: Data)] = []
    /// What makes it of these; nil for what is sent whole.
    var patches: [String: Data?] = [:]
    /// The page itself, and what makes it of others, compressed, by the tags of these; once for all who follow.
    var compressed: [String: Data] = [:]
    /// What has been sent of it, by the tag of what the browser had, as long as it is of the same version; once for all, too.
    var sent: [String: Response] = [:]

    var tag: String { response.header("ETag") ?? "" }
    var length: Int { response.body.length + previous.reduce(0) { $0 + $1.body.count } }
  }

  /// What is known of a sweep as long as its standing is the same.
  struct Glance: Sendable {
    var standing: SweepStanding
    var madeAt: ContinuousClock.Instant
    /// What its runs say; nil where there was no time to read them, which the next one who looks sees.
    var runs: Runs?
    /// What is concluded; nil before somebody has looked.
    var verdict: String??

    /// What the runs of a sweep say.
    struct Runs: Sendable {
      /// The sweep's row in the table of sweeps, as `labrun list` has it.
      var row: ReportTable.Row
      var glance: SweepGlance
    }
  }

  /// The results folder.
  let results: String
  /// The only run that is shown, by a page that asks its model; nil where everything is.
  let onlyRun: RunIdentity?
  /// Where models are asked.
  let desk = PredictionDesk()
  /// The test images of runs.
  let images: ImageShelf
  /// The data sets that sweeps use.
  let data: DataShelf
  /// What they have said.
  let answers = KeptAnswers()
  /// What notices changes.
  let watcher: ChangeWatcher
  private let access: StoreAccess
  let kept = Mutex<[String: Kept]>([:])
  private let glances = Mutex<[Int64: Glance]>([:])
  private let overviews = Mutex<[Int64: (key: Int, sections: [ReportPage.Section])]>([:])
  /// Is held while what is sent is made of a page: all who follow it want the same at the same instant.
  let sending = NSLock()
  /// Two pages at a time are made, each by one for all who want it, so that a crowd of clients takes no more from a sweep than
  /// a few.
  private let turns = Turns(limit: 2)

  /// The most responses that are kept, and their most bytes together.
  private static let keptLimit = 64
  private static let keptBytes = 24 << 20
  /// How many versions of a page are kept for browsers that follow it.
  static let previousLimit = 3
  /// A page is made anew at most as often as takes this share of one core, but for one that is this old, in seconds.
  private let share: Double
  /// How long the first page reads sweeps that nobody has looked at before, in seconds.
  let glanceSeconds: Double
  private static let greatestAge = 10.0

  /// Opens a results folder.
  ///
  /// - Throws: what opening the store throws.
  init(results: String, share: Double, glanceSeconds: Double, onlyRun: RunIdentity? = nil) throws {
    self.results = results
    self.onlyRun = onlyRun
    self.share = share
    self.glanceSeconds = glanceSeconds
    access = StoreAccess(folder: results)
    let watcher = ChangeWatcher(StoreAccess(folder: results))
    self.watcher = watcher
    data = DataShelf { watcher.touch() }
    images = ImageShelf(data) { watcher.touch() }
    _ = try access.store()
  }

  /// Begins to notice changes.
  func start() { watcher.start() }

  /// Lets everybody go who waits.
  func stop() {
    watcher.stop()
    desk.stop()
    images.stop()
    data.stop()
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
  /// - Parameters:
  ///   - target: the address.
  ///   - content: what it is made of beside the store, which is another text when that has changed.
  ///   - make: makes it.
  /// - Throws: what `make` throws, or ``RequestProblem`` where too many wait.
  func kept(_ target: String, of content: String = "", _ make: () throws -> Response) throws -> Response {
    if let response = known(target, of: content) { return response }
    switch turns.take(target, seconds: 20, unless: { known(target, of: content) }) {
    case .made(let response): return response
    case .taken: break
    case .late:
      throw RequestProblem(status: 503, description: "too many pages are asked for at once: try again in a moment")
    }
    defer { turns.giveBack(target) }
    let state = watcher.state
    let start = ContinuousClock.now
    var response = try make()
    guard response.status == 200, case .data(let data) = response.body else { return response }
    let now = ContinuousClock.now
    response.headers += [
      ("ETag", "\"\(ContentHash(of: data).short)\""), ("Labrun-Version", "\(state.version)"),
    ]
    var entry = Kept(
      response: response, content: content, version: state.version, changes: state.changes, madeAt: now,
      seconds: (now - start) / .seconds(1), usedAt: now)
    kept.withLock { kept in
      if let old = kept[target] {
        entry.previous = old.previous.filter { $0.tag != entry.tag }
        if old.tag != entry.tag, case .data(let body) = old.response.body { entry.previous.append((old.tag, body)) }
        entry.previous = entry.previous.suffix(Window.previousLimit)
      }
      kept[target] = entry
      while kept.count > Window.keptLimit
        || (kept.count > 1 && kept.values.reduce(0) { $0 + $1.length } > Window.keptBytes)
      {
        guard let oldest = kept.min(by: { $0.value.usedAt < $1.value.usedAt }) else { break }
        kept[oldest.key] = nil
      }
    }
    return response
  }

  private func known(_ target: String, of content: String) -> Response? {
    let state = watcher.state
    return kept.withLock { kept in
      guard var entry = kept[target], entry.content == content else { return nil }
      let age = (ContinuousClock.now - entry.madeAt) / .seconds(1)
      if entry.changes == state.changes, !entry.response.isProvisional, entry.version != state.version {
        // More is known of other pages: this one is of the new version as it is.
        entry.version = state.version
        entry.sent = [:]
        entry.response.headers.removeAll { $0.name == "Labrun-Version" }
        entry.response.headers.append(("Labrun-Version", "\(state.version)"))
      }
      guard entry.version == state.version || age < min(entry.seconds / share, Window.greatestAge) else { return nil }
      entry.usedAt = .now
      kept[target] = entry
      return entry.response
    }
  }

  // MARK: Sweeps

  /// Every sweep at a glance, the one registered last first; only those are read that are not as they were.
  ///
  /// - Parameters:
  ///   - shown: how many of them are wanted; nil for all.
  ///   - seconds: how long sweeps are read and analyzed that nobody has looked at before; others are the next time. Nil reads
  ///     all of them, and analyzes none.
  /// - Returns: the sweeps that are wanted, and how many there are.
  /// - Throws: an error of the store.
  func sweeps(first shown: Int? = nil, seconds: Double? = nil) throws -> (glances: [Glance], count: Int) {
    let store = try self.store()
    let start = ContinuousClock.now
    // Who comes first waits for the store to be opened too.
    let seconds = seconds.map { glances.withLock(\.isEmpty) ? $0 / 2 : $0 }
    var hasProgressed = false
    // However slow the machine is, each look brings something new, so that all is known some time.
    func isLate(_ share: Double) -> Bool {
      hasProgressed && (seconds.map { ContinuousClock.now - start >= .seconds($0 * share) } ?? false)
    }
    let standings = try store.standings()
    var found: [Glance] = []
    var read: [Int64: Sweep] = [:]
    // What all sweeps do comes before what follows from any of them, which takes longer.
    for standing in standings.prefix(shown ?? standings.count) {
      let id = standing.sweep.id
      let known = glances.withLock { $0[id] }
      // A running process may die without a word.
      let isOld = standing.isRunning && known.map { ContinuousClock.now - $0.madeAt > .seconds(2) } == true
      if let known, known.standing == standing, !isOld {
        found.append(known)
      } else if isLate(0.6) {
        found.append(Glance(standing: standing, madeAt: .now))
      } else {
        let sweep = try store.sweep(id)
        read[id] = seconds == nil ? nil : sweep
        hasProgressed = true
        let glance = Glance(
          standing: standing, madeAt: .now,
          runs: .init(row: ListTables.sweeps([sweep]).rows[0], glance: SweepGlance(sweep)))
        glances.withLock { $0[id] = glance }
        found.append(glance)
      }
    }
    guard seconds != nil else { return (found, standings.count) }
    for index in found.indices where found[index].runs != nil && found[index].verdict == nil && !isLate(1) {
      let id = found[index].standing.sweep.id
      let sweep = try read.removeValue(forKey: id) ?? store.sweep(id)
      found[index].verdict = .some((try? SweepReport(sweep))?.verdictText)
      hasProgressed = true
      glances.withLock { $0[id] = found[index] }
    }
    // Whoever has the page open comes again for what is missing.
    if found.contains(where: { $0.verdict == nil }) { watcher.touch() }
    return (found, standings.count)
  }

  /// The most epochs of completed runs whose courses are read for a page.
  private static let courseLimit = 100_000
  /// The most points of courses that a page draws: variants times epochs.
  private static let pointLimit = 4000

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
    let longest = completed.lazy.map(\.completedEpochs).max() ?? 0
    var records = SweepRecords()
    var note: String?
    // A single epoch is no course.
    if longest > 1, let metric = try? AnalysisOptions().metric(of: sweep) {
      if completed.reduce(0, { $0 + $1.completedEpochs }) <= Window.courseLimit,
        longest * sweep.variants.count <= Window.pointLimit
      {
        records.epochs = try self.store().courses(sweep: id) { sweep.courseMetric(metric.name, known: $0) }
      } else {
        note = "The courses of so many epochs are not drawn here: labrun report \(id) draws them."
      }
    }
    var sections = Window.sections(of: sweep, records)
    if let note, let index = sections.firstIndex(where: { $0.anchor == "figures" }) {
      sections[index].blocks.append(.paragraph(note))
    }
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
