import ArgumentParser
import Foundation
import LabCore
import LabExchange
import LabRecords
import LabReport
import LabScheduler
import LabStats
import LabStudy
import LabWorkbench

/// The command `labrun sweep`.
struct SweepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep", abstract: "Train every cell of a spec that has no result yet, and print the table.",
    usage: "labrun sweep <spec> [--dry-run] [--only <factor=level,…> ...] [options]",
    discussion: """
      Nothing is trained before the whole spec is checked: keys, levels, data, every variant's graph, memory. Cells \
      that are complete are not trained again, also where another spec trained them; interrupted ones go on bit for bit.

      With --until, seeds are added to those of the spec, each to every variant, until the widest interval of the \
      comparisons is narrow enough (at least five seeds, at most --max-seeds): intervals of the spec's "analysis", in points \
      of metrics in percent. Widths decide, and never differences. The sweep on record grows with them.

      With --shard 2/5, the second of five machines trains its part: the same cells wherever the spec and its data are the same, \
      whatever is stored there. Whole seeds are dealt first, then what is left over, run by run, by the work in it. --only \
      selects within the part, --limit takes the first of what is selected. labrun merge brings the parts together.

      Ctrl-C once: finish the step, write checkpoints, tell how to resume. Twice: stop at once. With --executor slurm, it asks \
      whether to leave the jobs to the cluster or to cancel them; the same command follows them on.

      EXAMPLES
        labrun sweep Experiments/ablation.json
        labrun sweep ablation --dry-run
        labrun sweep ablation --only conv=odconv-1x,odconv-4x --only seed=0
        labrun sweep ablation --until "test_accuracy ± 0.5" --max-seeds 20
        labrun sweep ablation --shard 2/5
        labrun sweep ablation --workers 1 --threads-per-run 2 --fail-fast
      """)

  @Argument(help: "The spec: a path, in any case, or the name of a file in Experiments/.", completion: .file())
  var spec: String

  @Option(help: "Runs at a time (default: one a core, or the spec's execution.workers).")
  var workers: Int?

  @Option(help: ArgumentHelp("Threads of each run.", valueName: "threads"))
  var threadsPerRun: Int?

  @Flag(help: "Print what would be trained, resumed or reused, with memory and time, and stop.")
  var dryRun = false

  @Option(
    help: ArgumentHelp(
      Executors.registry.entries.map { "\($0.name): \($0.summary)" }.joined(separator: " "), valueName: "name"))
  var executor: String?

  @Flag(help: "With --executor slurm: submit the jobs, and leave them to the cluster.")
  var detach = false

  @Flag(help: "With --executor slurm: cancel the jobs of the sweep.")
  var cancel = false

  @Option(
    help: ArgumentHelp(
      "Only cells with these levels; several factors narrow, several levels widen. Also seed=… and variant=….",
      valueName: "factor=level,…"))
  var only: [String] = []

  @Option(help: "Only the first cells, complete ones included, in the order of training.")
  var limit: Int?

  @Option(
    help: ArgumentHelp(
      "Only one of several parts of the cells, dealt the same way on every machine.", valueName: "part/parts"))
  var shard: String?

  @Option(
    help: ArgumentHelp(
      "Add seeds until the widest interval of a metric is at most ± this; +- and +/- are understood too.",
      valueName: "metric ± size"))
  var until: String?

  @Option(help: ArgumentHelp("The most seeds with --until, those of the spec included.", valueName: "count"))
  var maxSeeds: Int?

  @Flag(help: "End the sweep at the first failed or diverged run.")
  var failFast = false

  @Flag(help: "Train all cells anew, also those that are complete; earlier results of them are replaced.")
  var fresh = false

  @Flag(help: "Try failed and diverged runs again.")
  var retryFailed = false

  @Flag(help: "Train nothing where there are warnings about the spec or the data.")
  var strict = false

  @OptionGroup var resultsOptions: ResultsOptions

  @Flag(help: "Print the plan (with --dry-run) or the table as JSON.")
  var json = false

  func validate() throws {
    if let workers, workers < 1 { throw ValidationError("--workers must be at least 1, but is \(workers).") }
    if let threadsPerRun, threadsPerRun < 1 {
      throw ValidationError("--threads-per-run must be at least 1, but is \(threadsPerRun).")
    }
    if let limit, limit < 1 { throw ValidationError("--limit must be at least 1, but is \(limit).") }
    if fresh, retryFailed { throw ValidationError("--fresh trains everything anew, so --retry-failed adds nothing.") }
    if let shard, Shard(parsing: shard) == nil {
      throw ValidationError(
        "--shard takes a part and the number of parts (at most \(Shard.mostParts)), such as 2/5 for the second of five, but "
          + "\"\(shard)\" was given.")
    }
    if detach, cancel { throw ValidationError("--detach submits jobs, and --cancel ends them.") }
    let beside = [
      ("--dry-run", dryRun), ("--fresh", fresh), ("--retry-failed", retryFailed), ("--json", json),
      ("--until", until != nil),
    ]
    if cancel, let other = beside.first(where: \.1) {
      throw ValidationError("--cancel ends jobs and starts none, so \(other.0) has nothing to do beside it.")
    }
    if detach, dryRun { throw ValidationError("--dry-run submits nothing, so there is nothing to leave by --detach.") }
    if detach, until != nil {
      throw ValidationError("--until waits for results to decide on, so it cannot leave jobs by --detach.")
    }
    if shard != nil, until != nil {
      throw ValidationError(
        "--until adds seeds by all results of the sweep, which a shard does not have; bring the shards together by labrun "
          + "merge, and sweep with --until then.")
    }
    if until == nil, maxSeeds != nil {
      throw ValidationError("--max-seeds bounds the seeds that --until adds, and --until is missing.")
    }
    if until != nil {
      guard let maxSeeds else {
        throw ValidationError("--until needs --max-seeds, the most seeds that may be trained, such as --max-seeds 20.")
      }
      guard SweepCommand.seedCounts.contains(maxSeeds) else {
        throw ValidationError(
          "--max-seeds must be from \(SweepCommand.seedCounts.lowerBound), the fewest seeds that --until stops with, to "
            + "\(SweepCommand.seedCounts.upperBound), but is \(maxSeeds).")
      }
      if !only.isEmpty || limit != nil {
        throw ValidationError(
          "--until adds seeds to all variants, so it takes neither --only nor --limit, which leave cells out.")
      }
    }
  }

  /// The numbers of seeds that a sweep may be bounded by.
  private static let seedCounts = SequentialPrecision.safeMinimum...1000

  /// When seeds stop being added; nil where none are.
  private func seedRule() throws -> SeedRule? {
    guard let until, let maxSeeds else { return nil }
    return try SeedRule(parsing: until, maximumSeedCount: maxSeeds)
  }

  /// Refuses a rule that can never be followed.
  private func check(_ rule: SeedRule, of study: PlannedStudy) throws {
    let (count, variants) = (study.specSeedCount, study.plan.variants.count)
    if count > rule.maximumSeedCount {
      throw CommandError("--max-seeds is \(rule.maximumSeedCount), but the spec has \(count) seeds already")
    }
    if variants < 2 { throw CommandError("--until is about comparisons, and the spec has one variant only") }
    let comparesAll = study.plan.analysis?.comparisons == .all || study.plan.baseline == nil
    if comparesAll, variants > SweepAnalysis.mostPairedVariants {
      throw ReportError.tooManyPairs(variants: variants, limit: SweepAnalysis.mostPairedVariants)
    }
  }

  func run() throws {
    let given = try executor.map(Executors.named)
    let rule = try seedRule()
    let path = try SpecLocator().locate(spec)
    try ResourceCheck.requireOpenFiles()
    try ResourceCheck.requireThreads(Machine.coreCount + 4)
    let workbench = Workbench(specFolder: (path as NSString).deletingLastPathComponent, say: Terminal.sayBeside)
    let checked = try check(SpecSource(contentsOf: path), workbench)
    let plan = try checked.check.validPlan()
    Log.debug("spec checked")
    let execution: ExecutionConfiguration = try plan.execution.decode()
    let server = try execution.mlflow.map(Self.server)
    let executor = try Executors.chosen(given, spec: execution.executor, isOfProgram: checked.isOfProgram)
    // Options are those of the executor that the spec names.
    let executorOptions = execution.executor["name"]?.stringValue == executor.name ? execution.executor : [:]
    try check(executor, options: executorOptions, of: checked)
    let threads = threadsPerRun ?? execution.threadsPerRun
    let study = try PlannedStudy(
      checked, shard: shard.flatMap(Shard.init(parsing:)), only: only, limit: limit, threads: threads,
      results: resultsOptions.folder)
    Log.debug("variants compiled")
    if let rule { try check(rule, of: study) }
    // What the machine must be ready for.
    let whole = study.reaching(rule)
    let wished =
      workers ?? execution.workers ?? (executor.isRemote ? whole.runs.count : max(1, Machine.coreCount / threads))
    // A worker without a run would only stand there.
    let workers = min(wished, max(1, whole.runs.count))
    let budget = execution.memoryBudgetGigabytes.map { Int($0 * 1e9) } ?? study.memoryBytes / 5 * 4
    if !executor.isRemote { try study.checkMemory(budget: budget) }
    // A dry run has the files in its table.
    for remark in (dryRun ? [] : study.fileAccounts + study.seedRemarks(rule) + study.partRemarks) + study.remarks
      + workbench.backends.all.compactMap(\.remark)
    {
      Terminal.standardError.note("note: \(remark)")
    }
    let findings = ResourceCheck.findings(for: whole, results: resultsOptions.folder)
    for finding in findings { Terminal.standardError.note("warning: \(finding)") }
    try refuse(warnings: findings.count)
    if dryRun {
      return try DryRun(
        study: study, seedRule: rule, workers: workers, threads: threads, policy: policy, results: resultsOptions.folder
      ).show(json: json)
    }
    if cancel { return try cancelJobs(of: study) }
    if !executor.isRemote {
      try ResourceCheck.requireMemory(for: whole, workers: workers, threads: threads)
      try ResourceCheck.requireThreads(workers * (threads + 1) + Machine.coreCount + 4)
      try ResourceCheck.requireOpenFiles(workers: workers)
    }
    let leaving = LeavingPolicy()
    if detach { leaving.choice = .leaveAtOnce }
    let session = try SweepSession(
      study: study, seedRule: rule, folder: resultsOptions.folder, workers: workers, threads: threads,
      memoryBudget: budget, claimPolicy: policy, failsFast: failFast, retries: execution.retries,
      checkpointSeconds: execution.checkpointEverySeconds, keepsCheckpoints: execution.keepsCheckpoints,
      executor: executor, executorOptions: executorOptions, leaving: leaving,
      writesEventFiles: execution.tensorboard, mlflow: server, say: Terminal.sayBeside)
    let status = try session.run(
      resumeCommand: resumeCommand, reportCommand: command("report", session.name),
      exportCommand: server.map { command("export", session.name, $0.text, "--to", "mlflow") },
      leaving: executor.isRemote ? leaving : nil, json: json)
    if let status { throw ExitCode(status.rawValue) }
  }

  /// Refuses what an executor cannot do.
  private func check(_ executor: ExecutorDefinition, options: JSONValue, of study: CheckedStudy) throws {
    do { try executor.check(options, study.program) } catch { throw CommandError("\(error)", status: .badData) }
    if detach || cancel, !executor.isRemote {
      throw CommandError(
        "--\(detach ? "detach" : "cancel") is about jobs of a cluster, and the executor \"\(executor.name)\" trains on this "
          + "machine", status: .usage)
    }
  }

  /// Cancels what a cluster has of the study.
  private func cancelJobs(of study: PlannedStudy) throws {
    let cancelled = try SlurmJobs(results: resultsOptions.folder).cancel(study.scheduledRuns.map(\.identity))
    Terminal.standardError.note(
      cancelled == 0
        ? "Slurm has no job of \(study.plan.name)"
        : "cancelled \(cancelled) \(cancelled == 1 ? "run" : "runs") of \(study.plan.name); what they have told is taken over "
          + "when the sweep is started again")
  }

  /// What goes on with the sweep: the same command without what would start anew or leave cells out.
  private var resumeCommand: String {
    var words = ["labrun", "sweep", spec]
    if let results = resultsOptions.results { words += ["--results", results] }
    if let workers { words += ["--workers", "\(workers)"] }
    if let threadsPerRun { words += ["--threads-per-run", "\(threadsPerRun)"] }
    if let shard { words += ["--shard", shard] }
    if let until, let maxSeeds { words += ["--until", until, "--max-seeds", "\(maxSeeds)"] }
    if let executor { words += ["--executor", executor] }
    return words.map(\.shellQuoted).joined(separator: " ")
  }

  /// A command on the same results.
  private func command(_ words: String...) -> String {
    let results = resultsOptions.results.map { ["--results", $0] } ?? []
    return (["labrun"] + words + results).map(\.shellQuoted).joined(separator: " ")
  }

  /// The server that the spec names.
  private static func server(_ text: String) throws -> MLflowAddress {
    do {
      let address = try MLflowAddress(text)
      guard !address.hasCredentials else {
        throw ExchangeError.request(
          "expected an address without a name and a password, since specs are kept with results; set "
            + "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD instead")
      }
      return address
    } catch let error as ExchangeError {
      throw CommandError("execution.mlflow: \(error)", status: .badData)
    }
  }

  /// Which ended runs are trained again; what ends from now on is another sweep's fresh result.
  private var policy: ClaimPolicy {
    let now = Date()
    return fresh ? .fresh(endedBefore: now) : retryFailed ? .retryingFailed(endedBefore: now) : .unfinished
  }

  /// Checks the spec, prints what is wrong with it, and falls back on built-in images where data are missing.
  private func check(_ source: SpecSource, _ workbench: Workbench) throws -> CheckedStudy {
    let study = try SpecValidator(workbench).check(source)
    let checked = study.check
    if let note = study.note { Terminal.standardError.note("note: \(note)") }
    if !checked.issues.isEmpty { Terminal.standardError.write(checked.report() + "\n") }
    if checked.plan == nil {
      let count = checked.issues.errors.count
      Terminal.standardError.note("\(count) \(count == 1 ? "error" : "errors"); nothing was trained")
      throw ExitCode(ExitStatus.badData.rawValue)
    }
    try refuse(warnings: checked.issues.warnings.count)
    return study
  }

  /// Ends the command where there are warnings and the user wants none.
  private func refuse(warnings: Int) throws {
    guard strict, warnings > 0 else { return }
    Terminal.standardError.note(
      "\(warnings) \(warnings == 1 ? "warning" : "warnings"), which --strict treats as errors; nothing was trained")
    throw ExitCode(ExitStatus.badData.rawValue)
  }
}

/// Where results are.
struct ResultsOptions: ParsableArguments {
  @Option(name: .long, help: "The results folder (default: $LABRUN_RESULTS, else Results).", completion: .directory)
  var results: String?

  /// The folder.
  var folder: String { results ?? ProcessInfo.processInfo.environment["LABRUN_RESULTS"] ?? "Results" }
}
