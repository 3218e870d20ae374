import Foundation
import GRDB
import LabCore
import LabRecords
import LabStore
import LabTesting
import Testing

/// Results that are taken over from other folders.
@Suite struct MergeTests {
  private let folder = TestFolder()
  private let clock = ManualClock()

  private func store(_ name: String) throws -> StudyStore {
    try StudyStore(folder: folder.path(name), options: .init(now: { [clock] in clock.now }))
  }

  private func run(_ level: String, _ seed: UInt64) -> RunIdentity {
    RunStoreSamples.run(level: level, seed: seed).identity
  }

  /// Trains a run, as a process that has died since or has completed it.
  private func train(_ store: StudyStore, _ level: String, _ seed: UInt64, epochs: Int? = nil) throws {
    let sweep = try store.register(RunStoreSamples.sweep()).id
    var life = TrainingLife()
    life.lastEpoch = epochs
    try life.live(in: store, run: run(level, seed), sweep: sweep)
    clock.advance(seconds: 10)
  }

  /// Ends a run without files.
  private func end(_ store: StudyStore, _ level: String, _ seed: UInt64, _ outcome: RunOutcome) throws {
    let sweep = try store.register(RunStoreSamples.sweep()).id
    try store.finish(#require(try store.claimed(level, seed, sweep)).lease, outcome)
    clock.advance(seconds: 10)
  }

  @discardableResult
  private func merge(_ other: String, into name: String) throws -> MergeReport {
    var merge = try StoreMerge(StudyStore(reading: folder.path(other)), into: store(name), named: other)
    try merge.run()
    return merge.report
  }

  private func bytes(_ store: StudyStore, _ run: RunIdentity, _ file: RunFolder.File) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: store.folder(of: run).path(of: file)))
  }

  /// Everything that is stored of a sweep, but for numbers of rows and what merges have said.
  private struct Content: Equatable {
    var plan: ContentHash
    var seeds: [UInt64]
    var analyses: [AnalysisRegistration]
    var rules: [SeedRuleRegistration]
    var shards: [Shard]
    var runs: [Run]
    var attempts: [RunAttempt]
    var events: [RunEvent]
    var epochs: [[EpochRecord]]
    var finals: [FinalRecord?]
  }

  private func content(_ store: StudyStore) throws -> [Content] {
    try store.sweeps().sorted { $0.name < $1.name }.map { stored in
      let sweep = try store.sweep(stored.id)
      let runs = sweep.runs.map(\.identity)
      return Content(
        plan: stored.planHash, seeds: sweep.seeds, analyses: sweep.analyses, rules: sweep.seedRules,
        shards: sweep.shards,
        runs: sweep.runs,
        attempts: try runs.flatMap(store.attempts).map { attempt in
          var attempt = attempt
          attempt.sweep = 0
          return attempt
        },
        events: try runs.flatMap(store.events).filter { !$0.message.hasPrefix("taken over") },
        epochs: try runs.map(store.epochs), finals: try runs.map(store.finalRecord))
    }
  }

  private func isWhole(_ store: StudyStore) throws -> Bool {
    try StoreExamination(store).problems.isEmpty && store.text("PRAGMA integrity_check") == "ok"
  }

  // MARK: Taking

  @Test func shardsOfTwoMachinesBecomeOneSweep() throws {
    let (first, second) = (try store("first"), try store("second"))
    try train(first, "static", 0)
    try train(second, "odconv-1x", 0)
    try train(second, "odconv-4x", 1)
    try first.register(Shard(number: 1, count: 2), sweep: 1)
    try second.register(Shard(number: 2, count: 2), sweep: 1)
    let before = try content(second)

    let report = try merge("first", into: "all")
    #expect(report.newSweeps == ["ablation"] && report.taken == [.completed: 1] && report.knownCount == 8)
    let further = try merge("second", into: "all")
    #expect(further.extendedSweeps == ["ablation"] && further.taken == [.completed: 2] && further.newSweeps == [])
    let all = try store("all")
    #expect(try all.sweeps().map(\.runCounts) == [[.completed: 3, .pending: 6]])
    #expect(try all.sweep(1).shards == [Shard(number: 1, count: 2), Shard(number: 2, count: 2)])
    #expect(try isWhole(all))
    for (source, run) in [(first, run("static", 0)), (second, run("odconv-1x", 0)), (second, run("odconv-4x", 1))] {
      #expect(try all.run(run) == source.run(run))
      #expect(
        try all.epochs(of: run) == source.epochs(of: run) && all.finalRecord(of: run) == source.finalRecord(of: run))
      #expect(try all.attempts(at: run) == source.attempts(at: run))
      #expect(try all.events(of: run).dropLast() == source.events(of: run)[...])
      #expect(try all.events(of: run).last?.message.hasPrefix("taken over from") == true)
      for file in [RunFolder.File.finalWeights, .bestWeights] {
        #expect(try bytes(all, run, file) == bytes(source, run, file))
      }
      #expect(try all.loss(of: run) == nil)
      #expect(try all.weights(.finalWeights, of: run) == source.weights(.finalWeights, of: run))
    }
    #expect(try content(second) == before)

    let row = try all.integer("SELECT COUNT(*) FROM event")
    #expect(try merge("second", into: "all").isEmpty && merge("first", into: "all").isEmpty)
    #expect(try all.integer("SELECT COUNT(*) FROM event") == row)
    // A chain of merges leads to the same, also back to where it began.
    try merge("all", into: "chain")
    #expect(try content(store("chain")) == content(all))
    #expect(try isWhole(store("chain")))
    let back = try merge("chain", into: "first")
    #expect(back.taken == [.completed: 2])
    #expect(try isWhole(first) && content(first) == content(all))
    #expect(try first.integer("SELECT COUNT(*) FROM attempt WHERE database IS NULL") == 1)
  }

  @Test func anInterruptedRunGoesOnFromWhereItWas() throws {
    let (undisturbed, other) = (try store("undisturbed"), try store("other"))
    try train(undisturbed, "static", 0)
    try train(other, "static", 0, epochs: 2)
    let report = try merge("other", into: "all")
    #expect(report.taken == [.interrupted: 1] && report.damaged == [])
    let all = try store("all")
    #expect(try all.run(run("static", 0))?.state == .interrupted)
    #expect(try all.attempts(at: run("static", 0)).map(\.exitReason) == ["its process ended without a word"])
    #expect(try isWhole(all))
    var life = TrainingLife()
    try life.live(in: all, run: run("static", 0), sweep: 1)
    #expect(life.remarks == [])
    #expect(try all.run(run("static", 0))?.attempts == 2)
    #expect(try all.finalRecord(of: run("static", 0)) == undisturbed.finalRecord(of: run("static", 0)))
    #expect(try isWhole(all))
    // What is completed here is taken in the place of what is interrupted there.
    let back = try merge("all", into: "other")
    #expect(back.replaced.map(\.text) == ["takes the place of one that was interrupted after 2 of 4 epochs"])
    #expect(back.replaced.first?.label == "ablation, static, seed 0 (\(run("static", 0).short))")
    #expect(try isWhole(other) && other.run(run("static", 0))?.state == .completed)
    #expect(!other.folder(of: run("static", 0)).has(.checkpoint))
  }

  /// What a process told last, and the sweep that it trained for has not put on record, is not lost by a merge.
  @Test func capsulesStayWhereTheyAreGoneOnFrom() throws {
    let (here, there) = (try store("here"), try store("there"))
    try train(there, "static", 0, epochs: 1)
    try end(here, "static", 0, .interrupted(reason: "its sweep died"))
    let capsules = [here, there].map { "\($0.folder)/capsules/\(run("static", 0).short)-1" }
    for capsule in capsules {
      try FileManager.default.createDirectory(atPath: capsule, withIntermediateDirectories: true)
    }
    let report = try merge("there", into: "here")
    #expect(report.taken == [:] && report.leftOut.count == 1)
    #expect(FileManager.default.fileExists(atPath: capsules[0]))
    let taken = try merge("there", into: "new")
    #expect(taken.taken == [.interrupted: 1] && taken.notes.count == 1)
    #expect(taken.notes.first?.contains("was taken without what its process has told last") == true)
    #expect(FileManager.default.fileExists(atPath: capsules[1]))
    var life = TrainingLife()
    try life.live(in: there, run: run("static", 0), sweep: 1)
    #expect(try merge("there", into: "here").taken == [.completed: 1])
    #expect(!FileManager.default.fileExists(atPath: capsules[0]))
  }

  @Test func whatIsHereStaysUnlessThereIsMoreThere() throws {
    let (here, there) = (try store("here"), try store("there"))
    let failed = RunOutcome.failed(reason: "no space", isRetriable: true)
    // Of each seed, how it stands here and there.
    try train(here, "static", 0, epochs: 1)
    try train(there, "static", 0, epochs: 3)
    try end(here, "static", 1, failed)
    try train(there, "static", 1)
    try end(there, "static", 2, failed)
    try end(here, "odconv-1x", 0, .diverged(reason: "loss NaN"))
    try train(there, "odconv-1x", 0, epochs: 1)
    try end(here, "odconv-1x", 1, .interrupted(reason: "stopped"))
    try train(there, "odconv-1x", 1, epochs: 2)
    try train(here, "odconv-1x", 2)
    try end(there, "odconv-1x", 2, failed)
    let report = try merge("there", into: "here")
    #expect(report.taken == [.completed: 1, .failed: 1, .interrupted: 1])
    #expect(
      report.leftOut.map(\.text) == [
        "was interrupted after 3 of 4 epochs there, and was interrupted after 1 of 4 epochs here"
      ])
    #expect(report.knownCount == 5 && report.conflicts == [] && report.damaged == [])
    let states = try here.sweep(1).variants.map { $0.runs.map(\.state) }
    #expect(
      states == [
        [.interrupted, .completed, .failed], [.diverged, .interrupted, .completed], [.pending, .pending, .pending],
      ])
    #expect(try here.run(run("static", 0))?.completedEpochs == 1 && here.run(run("odconv-1x", 1))?.completedEpochs == 2)
    #expect(try isWhole(here))
  }

  @Test func aRunWhoseFilesAreLostIsMended() throws {
    let (here, there) = (try store("here"), try store("there"))
    try train(here, "static", 0)
    try train(there, "static", 0)
    unlink(here.folder(of: run("static", 0)).path(of: .finalWeights))
    #expect(try here.loss(of: run("static", 0)) != nil)
    let report = try merge("there", into: "here")
    #expect(report.taken == [.completed: 1] && report.replaced.count == 1)
    #expect(try isWhole(here))
  }

  @Test func lesionsAreTakenOver() throws {
    let (here, there) = (try store("here"), try store("there"))
    func lesions(_ parts: [String]) -> LesionPredictions {
      LesionPredictions(
        setting: .init(
          program: "1", weights: .final, weightsHash: ContentHash(of: "weights"), dataHash: ContentHash(of: "data"),
          split: "test", imageCount: 2, sampleLimit: 8, drawSeed: 0), labels: [0, 1], classNames: ["stop", "yield"],
        intact: [1, 1],
        rows: parts.map {
          .init(.init(key: ContentHash(of: $0), part: $0, layer: "conv1", replacement: "mean"), classes: [0, 1])
        })
    }
    for store in [here, there] { try train(store, "static", 0) }
    try train(there, "static", 1)
    try here.folder(of: run("static", 0)).add(lesions(["a", "b"]))
    try there.folder(of: run("static", 0)).add(lesions(["b", "c"]))
    try there.folder(of: run("static", 1)).add(lesions(["d"]))
    #expect(try merge("there", into: "here").lesionCount == 2)
    #expect(try here.folder(of: run("static", 0)).readLesions().found == [lesions(["a", "b", "c"])])
    #expect(try here.folder(of: run("static", 1)).readLesions().found == [lesions(["d"])])
    #expect(try merge("there", into: "here").isEmpty)
    #expect(try isWhole(here))
  }

  // MARK: What is not taken

  @Test func otherResultsOfARunAreNamedAndKeptApart() throws {
    let (here, there) = (try store("here"), try store("there"))
    try end(here, "static", 0, .completed(RunStoreSamples.final()))
    try end(there, "static", 0, .completed(RunStoreSamples.final(1)))
    var weights = RunStoreSamples.final()
    weights.weightsHash = ContentHash(of: "others")
    try end(here, "static", 1, .completed(RunStoreSamples.final()))
    try end(there, "static", 1, .completed(weights))
    try end(here, "static", 2, .diverged(reason: "loss NaN"))
    try end(there, "static", 2, .completed(RunStoreSamples.final()))
    // What another version of the program measures beside is no other result.
    var further = RunStoreSamples.final()
    further.metrics["test_brier"] = 0.5
    try end(here, "odconv-1x", 0, .completed(RunStoreSamples.final()))
    try end(there, "odconv-1x", 0, .completed(further))
    let final = try here.finalRecord(of: run("static", 0))
    for _ in 0..<2 {
      let report = try merge("there", into: "here")
      #expect(report.isEmpty)
      #expect(
        report.conflicts.map(\.text) == [
          "has validation_loss 3.0 in there, and 2.0 here",
          "has other weights in there (\(ContentHash(of: "others").short)) than here "
            + "(\(ContentHash(of: "weights 0.0").short))",
          "is completed in there, and diverged here",
        ])
    }
    let kept = try #require(try here.finalRecord(of: run("static", 0)))
    #expect(kept.metrics == final?.metrics && kept.weightsHash == final?.weightsHash)
    let message = "the run has validation_loss 3.0 in there, and 2.0 here; what is here stays"
    #expect(kept.health.filter { $0.kind == "other_result_elsewhere" }.map(\.message) == [message])
    #expect(try here.events(of: run("static", 0)).filter { $0.kind == .warning }.map(\.message) == [message])
    #expect(try here.events(of: run("static", 2)).filter { $0.kind == .warning }.count == 1)
    #expect(try here.run(run("static", 2))?.state == .diverged)
  }

  @Test(arguments: [RunFolder.File.finalWeights, .bestWeights])
  func aDamagedFileIsNotTaken(file: RunFolder.File) throws {
    let there = try store("there")
    try train(there, "static", 0)
    let path = there.folder(of: run("static", 0)).path(of: file)
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    var torn = whole
    torn[whole.count / 2] ^= 1
    for (damaged, reason) in [
      (torn, "its content is not what was written"), (Data(whole.dropLast(9)), "is not what was"),
    ] {
      try damaged.write(to: URL(fileURLWithPath: path))
      let report = try merge("there", into: "here")
      #expect(report.taken == [:] && report.damaged.count == 1)
      let text = try #require(report.damaged.first?.text)
      #expect(text.hasPrefix("is left there: \(path) is damaged") && text.contains(reason), "\(text)")
      #expect(try isWhole(store("here")) && store("here").run(run("static", 0))?.state == .pending)
      #expect(!folder.files.contains { $0.contains(".tmp-") })
    }
    unlink(path)
    #expect(try merge("there", into: "here").damaged.map(\.text) == ["is left there: \(path) is gone"])
    try whole.write(to: URL(fileURLWithPath: path))
    #expect(try merge("there", into: "here").taken == [.completed: 1])
    #expect(try isWhole(store("here")))
  }

  @Test func filesThatDoNotBelongToTheirRunAreNotTaken() throws {
    let there = try store("there")
    for seed in [0, 1] as [UInt64] { try train(there, "static", seed) }
    let paths = [0, 1].map { there.folder(of: run("static", $0)).path(of: .finalWeights) }
    unlink(paths[0])
    try FileManager.default.copyItem(atPath: paths[1], toPath: paths[0])
    let report = try merge("there", into: "here")
    #expect(report.taken == [.completed: 1] && report.damaged.count == 1)
    #expect(report.damaged.first?.text.contains("\(paths[0]) belongs to run") == true)
  }

  @Test func aRunThatIsBeingTrainedIsLeftOutAndTakenLater() throws {
    let there = try store("there")
    let sweep = try there.register(RunStoreSamples.sweep()).id
    let claimed = try #require(try there.claimed("static", 0, sweep))
    try there.record(RunStoreSamples.epoch(0), lease: claimed.lease)
    let report = try merge("there", into: "here")
    #expect(report.leftOut.map(\.text) == ["is being trained there"] && report.taken == [:])
    #expect(try store("here").run(run("static", 0))?.state == .pending)
    try there.finish(claimed.lease, .completed(RunStoreSamples.final()))
    #expect(try merge("there", into: "here").taken == [.completed: 1])

    let here = try store("here")
    _ = try #require(try here.claimed("static", 1, 1))
    try end(there, "static", 1, .completed(RunStoreSamples.final()))
    let busy = try merge("there", into: "here")
    #expect(busy.leftOut.map(\.text) == ["is being trained here, by \(ProcessIdentity.current)"])
  }

  @Test func foldersThatCannotBeMergedAreNamed() throws {
    let here = try store("here")
    #expect(throws: StoreError.noResults(folder: folder.path("nothing"))) { try merge("nothing", into: "here") }
    let same = folder.path("same")
    try FileManager.default.createSymbolicLink(atPath: same, withDestinationPath: here.folder)
    #expect(
      throws: StoreError.unsupportedFile(path: same, problem: "it is the results folder that is merged into")
    ) { try merge("same", into: "here") }
    let newer = try store("newer")
    try DatabaseQueue(path: newer.path).write {
      try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('of the future')")
    }
    #expect(throws: StoreError.schemaFromFuture(path: newer.path, unknownMigrations: ["of the future"])) {
      try merge("newer", into: "here")
    }
  }

  // MARK: Registrations

  private func register(
    _ name: String, _ plan: AnalysisPlan?, levels: [String] = ["static", "odconv-1x"], seeds: [UInt64] = [0, 1]
  ) throws -> (StudyStore, Int64) {
    let store = try store(name)
    var sweep = RunStoreSamples.sweep(levels: levels, seeds: seeds)
    sweep.analysis = plan
    let id = try store.register(sweep).id
    clock.advance(seconds: 1)
    return (store, id)
  }

  @Test func registrationsKnowTheResultsOfBothSides() throws {
    let plan = AnalysisPlan(metric: "test_accuracy")
    let set = clock.now
    let (first, id) = try register("first", plan)
    try first.finish(#require(try first.claimed("static", 0, id)).lease, .completed(RunStoreSamples.final()))
    clock.advance(seconds: 1)
    // The other shard is registered later, by the same spec.
    let (second, _) = try register("second", plan)
    try second.finish(#require(try second.claimed("static", 1, id)).lease, .completed(RunStoreSamples.final()))
    try merge("second", into: "all")
    try merge("first", into: "all")
    let all = try store("all")
    #expect(try all.sweep(1).analyses == [.init(plan: plan, registeredAt: set, completedRuns: 0)])
    #expect(try merge("second", into: "all").isEmpty && merge("first", into: "all").isEmpty)

    // Elsewhere, the analysis was changed after these results.
    clock.advance(seconds: 1)
    let changed = clock.now
    let other = AnalysisPlan(metric: "test_log_loss")
    _ = try register("third", other)
    try merge("third", into: "all")
    #expect(
      try all.sweep(1).analyses == [
        .init(plan: plan, registeredAt: set, completedRuns: 0),
        .init(plan: other, registeredAt: changed, completedRuns: 2),
      ])
    #expect(try merge("third", into: "all").isEmpty)
  }

  @Test func seedsThatRulesHaveAddedAreTakenOver() throws {
    let rule = SeedRule(metric: "test_accuracy", halfWidth: 0.3, maximumSeedCount: 20)
    let narrower = SeedRule(metric: "test_accuracy", halfWidth: 0.2, maximumSeedCount: 20)
    func grown(_ seeds: [UInt64]) -> Sweep { RunStoreSamples.sweep(levels: ["static", "odconv-1x"], seeds: seeds) }
    let (first, id) = try register("first", nil)
    try first.register(rule, sweep: id)
    try first.addSeeds(last: 1, of: grown([0, 1, 2]), to: id)
    let (second, _) = try register("second", nil)
    try second.register(narrower, sweep: id)
    try second.register(rule, sweep: id)
    try second.addSeeds(last: 3, of: grown([0, 1, 2, 3, 4]), to: id)
    let report = try merge("second", into: "first")
    #expect(report.extendedSweeps == ["ablation"])
    let sweep = try first.sweep(id)
    #expect(sweep.seeds == [0, 1, 2, 3, 4] && sweep.plannedSeedCount == 2)
    #expect(sweep.seedRules.map(\.rule) == [rule, narrower] && sweep.seedRules.map(\.seeds) == [[2, 3, 4], []])
    #expect(
      sweep.variants.map { $0.runs.map(\.identity) } == grown([0, 1, 2, 3, 4]).variants.map { $0.runs.map(\.identity) })
    #expect(try merge("second", into: "first").isEmpty)
    try merge("first", into: "new")
    #expect(try content(store("new")) == content(first))
  }

  /// An earlier sweep of the same name, with which the analysis was registered, may come into a folder after the later one.
  @Test func analysesContinueEarlierOnesInWhateverOrderTheyAreMerged() throws {
    let plan = AnalysisPlan(metric: "test_accuracy")
    let (pilot, pilotID) = try register("pilot", plan, seeds: [0])
    let set = try #require(try pilot.sweep(pilotID).analyses.first).registeredAt
    try pilot.finish(#require(try pilot.claimed("static", 0, pilotID)).lease, .completed(RunStoreSamples.final()))
    clock.advance(seconds: 1)
    try merge("pilot", into: "both")
    let (both, id) = try register("both", plan, seeds: [0, 1])
    let expected = try #require(try both.sweep(id).analyses.last?.continuation)
    #expect(expected.registeredAt == set && expected.additions.map(\.seeds) == [[1]])
    // The sweeps are numbered the other way round.
    let later = try StudyStore(reading: folder.path("both"))
    var first = try StoreMerge(later, into: store("reversed"), sweeps: [id])
    try first.run()
    try merge("both", into: "reversed")
    let reversed = try store("reversed")
    #expect(try reversed.sweep(1).seeds == [0, 1] && reversed.sweep(2).seeds == [0])
    let found = try #require(try reversed.sweep(1).analyses.last?.continuation)
    #expect(found.registeredAt == set && found.additions == expected.additions && found.sweep == 2)
    #expect(try reversed.sweep(2).analyses.last?.continuation == nil)
  }

  // MARK: Columns

  /// What is not copied row by row: locks and what is each database's own.
  private static let ownTables: Set = ["lease", "store", "grdb_migrations", "sqlite_sequence"]
  /// Numbers of rows, which are each database's own.
  private static let ownColumns: Set = ["id", "run_id", "sweep_id", "variant_id", "metric_id"]

  /// The rows of a table without numbers of rows.
  private func rows(_ table: String, _ database: Database) throws -> [String] {
    try Row.fetchAll(database, sql: "SELECT * FROM \(table)").filter { row in
      // Runs that nobody has begun, what the merge itself has said, and the checkpoint of a completed run.
      switch table {
      case "run": row["state"] != "pending"
      case "event": !(row["message"] as String).hasPrefix("taken over")
      case "file": row["name"] != "checkpoint.h5"
      default: true
      }
    }.map { row in
      row.filter { !MergeTests.ownColumns.contains($0.0) }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    }.sorted()
  }

  /// Whatever the database has of sweeps and runs comes along, also in columns and tables that are added later.
  @Test func everyColumnIsCopied() throws {
    let (there, _) = try register("there", AnalysisPlan(metric: "test_accuracy"), levels: ["static", "odconv-1x"])
    try there.register(SeedRule(metric: "test_accuracy", halfWidth: 0.3, maximumSeedCount: 20), sweep: 1)
    try there.addSeeds(last: 1, of: RunStoreSamples.sweep(levels: ["static", "odconv-1x"], seeds: [0, 1, 2]), to: 1)
    try there.register(Shard(number: 2, count: 3), sweep: 1)
    clock.advance(seconds: 1)
    var life = TrainingLife()
    try life.live(in: there, run: run("static", 0), sweep: 1)
    try end(there, "static", 1, .failed(reason: "no space", isRetriable: true))

    let queue = try DatabaseQueue(path: there.path)
    let tables = try queue.write { database in
      let names = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
      let tables = try String.fetchAll(database, sql: names).filter { !MergeTests.ownTables.contains($0) }
      for table in tables {
        #expect(try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM \(table)") ?? 0 > 0, "no row of \(table)")
        for column in try database.columns(in: table) where !MergeTests.ownColumns.contains(column.name) {
          // Files are compared with where their attempt was recorded.
          let value = column.name == "database" ? "(SELECT token FROM store)" : column.type == "TEXT" ? "'text'" : "7"
          try database.execute(
            sql: "UPDATE \(table) SET \(column.name) = \(value) WHERE \(column.name) IS NULL"
              + (table == "run" ? " AND state <> 'pending'" : ""))
        }
      }
      return tables
    }
    #expect(tables.count > 15)
    let report = try merge("there", into: "here")
    #expect(report.taken == [.completed: 1, .failed: 1] && report.damaged == [])
    let here = try DatabaseQueue(path: store("here").path)
    for table in tables {
      let (before, after) = try (queue.read { try rows(table, $0) }, here.read { try rows(table, $0) })
      #expect(before == after, "\(table)")
    }
    for view in ["epoch_metric", "final_metric"] {
      let sql = """
        SELECT run.identity, \(view).* FROM \(view) JOIN run ON run.id = run_id ORDER BY \(view).name, run.identity
        """
      let (before, after) = try (
        queue.read { try Row.fetchAll($0, sql: sql).map { $0.filter { $0.0 != "run_id" }.map { "\($0)" } } },
        here.read { try Row.fetchAll($0, sql: sql).map { $0.filter { $0.0 != "run_id" }.map { "\($0)" } } }
      )
      #expect(before == after && !before.isEmpty)
    }
  }

  // MARK: Crashes

  /// A process that merges is killed again and again, at instants that have nothing to do with what it does.
  @Test func whoeverIsKilledLeavesWholeResults() throws {
    for name in ["other", "undisturbed"] {
      let store = try store(name)
      for level in ["static", "odconv-1x", "odconv-4x"] {
        for seed in 0..<3 as Range<UInt64> where name == "other" {
          try train(store, level, seed, epochs: seed == 2 ? 2 : nil)
        }
      }
    }
    try merge("other", into: "undisturbed")
    let expected = try content(store("undisturbed"))
    let delays = RandomStream(seed: 0, name: "kill merges")
    var partial = 0
    for trial in 0..<12 {
      let name = "killed-\(trial)"
      for kill in 0..<3 {
        let child = try ChildProcess(["merge", folder.path(name), folder.path("other")], outputIn: folder)
        let count = trial % 6 + 1
        if kill > 0 || trial % 3 > 0 {
          _ = child.wait { _ in child.lines.count { $0.hasPrefix("took") } >= min(count, 2) }
        }
        usleep(UInt32(delays.uniform(UInt64(3 * trial + kill)) * 20_000))
        child.kill()
        #expect(!child.lines.contains { $0.hasPrefix("error") }, "\(child.lines)")
        guard FileManager.default.fileExists(atPath: folder.path("\(name)/labrun.sqlite")),
          let store = try? StudyStore(reading: folder.path(name)), let stored = try store.sweeps().first
        else { continue }
        let sweep = try store.sweep(stored.id)
        let taken = sweep.runs.count { $0.state != .pending }
        if taken > 0, taken < 9 { partial += 1 }
        for run in sweep.runs where run.state == .completed {
          #expect(try store.loss(of: run.identity) == nil)
          #expect(try store.folder(of: run.identity).readWeights(.finalWeights) == TrainingLife.finalWeights)
        }
        #expect(try store.text("PRAGMA integrity_check") == "ok")
        #expect(try store.integer("SELECT COUNT(*) FROM pragma_foreign_key_check") == 0)
      }
      let report = try merge("other", into: name)
      #expect(report.conflicts == [] && report.damaged == [] && report.leftOut == [])
      let store = try store(name)
      #expect(try content(store) == expected)
      let problems = try StoreExamination(store).problems
      #expect(try isWhole(store), "\(problems)")
      #expect(try merge("other", into: name).isEmpty)
    }
    #expect(partial > 3, "the test kills processes before or after all that they do")
  }
}
