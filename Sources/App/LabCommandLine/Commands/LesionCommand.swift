import ArgumentParser
import LabCore
import LabRecords
import LabReport
import LabStore
import LabWorkbench

/// The command `labrun lesion`.
struct LesionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lesion",
    abstract: "Replace parts of a trained model, without training, and table what each costs.",
    usage: """
      labrun lesion <run> ... [options]
      labrun lesion <sweep> --variant <label> [options]
      """,
    discussion: """
      Attentions are replaced by their means over training images (mean), by weights that attend to nothing in \
      particular (one: 1, or equal shares where they sum to 1), or by those of another image (random). A block with a \
      shortcut passes on what comes in (identity). A channel, filter or kernel of a convolution is set to zero (zero). \
      Everything else stays as it is, to the bit.

      Without --parts there is a row for all attentions at once, for each kind in all layers, and for each layer. \
      Several runs are seeds of one configuration, and so are the completed runs of a sweep's variant: intervals are \
      then over seeds and images. With one run they are over images.

      What is evaluated of runs is stored beside their weights: it is not evaluated again, and `labrun report` shows \
      the lesions of a sweep's runs.

      EXAMPLES
        labrun lesion 3fa9 --list                 # what can be replaced
        labrun lesion 3fa9                        # all attentions, each kind, each layer
        labrun lesion 3fa9 --each-part --replace mean --replace random
        labrun lesion ablation --variant odconv-4x --classes
        labrun lesion 3fa9 --parts blocks --layers 'layer3.*'
        labrun lesion 3fa9 --parts filters --layers layer1.0.conv1 --format csv

      PARTS
        \(LesionKind.names.joined(separator: ", ").wrapped(to: 76).joined(separator: "\n  "))
      """)

  @Argument(
    help: ArgumentHelp(
      "Runs, by the first digits of their identities, or files of weights; with --variant a sweep.", valueName: "run"))
  var models: [String]

  @Option(help: ArgumentHelp("The variant of the sweep whose completed runs are lesioned.", valueName: "label"))
  var variant: String?

  @Option(
    help: ArgumentHelp("What is replaced, as listed above; may be repeated (default: attentions).", valueName: "parts"))
  var parts: [String] = []

  @Option(
    help: ArgumentHelp(
      "A layer, or a pattern with * for any characters; may be repeated (default: all).", valueName: "layer"))
  var layers: [String] = []

  @Option(
    help: ArgumentHelp(
      "By what: mean, one or random for attentions, identity for blocks, zero for weights; may be repeated (default: "
        + "mean, identity, zero).", valueName: "name"))
  var replace: [String] = []

  @Flag(help: "A row for each attention of each layer, instead of one for each layer.") var eachPart = false

  @Flag(help: "One row, for all that is chosen at once.") var together = false

  @Flag(help: "Show what can be replaced, and stop.") var list = false

  @Flag(help: "Compare the recall of each class as well.") var classes = false

  @Option(
    help: ArgumentHelp("The most training images that attentions are sampled from (default: 1024).", valueName: "count")
  )
  var sample: Int?

  @Option(help: ArgumentHelp("What the draw of other images' attentions depends on (default: 0).", valueName: "seed"))
  var drawSeed: UInt64?

  @Option(help: ArgumentHelp("The most images to evaluate, evenly spaced (default: all).", valueName: "count"))
  var limit: Int?

  @Option(help: ArgumentHelp("The confidence of the intervals (default: 0.95).", valueName: "level"))
  var confidence: Double?

  @Flag(help: "Intervals and p-values that hold each by itself, instead of all at once.") var perComparison = false

  @Flag(help: "Evaluate nothing where a run's own data have changed since it was trained.") var strict = false

  @OptionGroup var dataOptions: EvaluationDataOptions
  @OptionGroup var inferenceOptions: InferenceOptions
  @OptionGroup var formatOptions: TableFormatOptions
  @OptionGroup var resultsOptions: ResultsOptions

  func validate() throws {
    guard !models.isEmpty else { throw ValidationError("name at least one run, or a sweep and --variant.") }
    if variant != nil, models.count > 1 {
      throw ValidationError("--variant is of one sweep, but \(models.count) were given.")
    }
    for (option, count) in [("--sample", sample), ("--limit", limit)] where (count ?? 1) < 1 {
      throw ValidationError("\(option) takes at least 1.")
    }
    if let confidence, !(confidence > 0 && confidence < 1) {
      throw ValidationError("--confidence lies between 0 and 1, such as 0.95, but is \(confidence).")
    }
    if list {
      let others: [(option: String, isGiven: Bool)] = [
        ("--parts", !parts.isEmpty), ("--layers", !layers.isEmpty), ("--replace", !replace.isEmpty),
        ("--each-part", eachPart), ("--together", together), ("--classes", classes), ("--sample", sample != nil),
        ("--draw-seed", drawSeed != nil), ("--limit", limit != nil), ("--confidence", confidence != nil),
        ("--per-comparison", perComparison), ("--strict", strict), ("--dataset", dataOptions.dataset != nil),
        ("--path", dataOptions.path != nil), ("--set", !dataOptions.set.isEmpty),
        ("--split", dataOptions.split != .test), ("--batch-size", inferenceOptions.batchSize != nil),
        ("--threads", inferenceOptions.threads != nil), ("a second run", models.count > 1),
      ]
      if let other = others.first(where: \.isGiven) {
        throw ValidationError("--list shows all that can be replaced in a run, so \(other.option) does nothing.")
      }
    }
    if together, eachPart { throw ValidationError("--together is one row, so --each-part does nothing.") }
  }

  func run() throws {
    let format = try formatOptions.chosen()
    let workbench = Workbench(say: Terminal.sayBeside)
    let names = try variant.map { try runs(of: $0) } ?? models
    if list { return try showParts(of: names[0], workbench, format) }
    var subjects: [(model: TrainedModel, images: LesionStudy.Images)] = []
    var title = ""
    for name in names {
      let model = try self.model(name, workbench)
      guard !subjects.contains(where: { $0.model.name == model.name }) else {
        throw CommandError("\(model.name) was given twice")
      }
      let (configuration, data) = try dataOptions.data(for: model, isStrict: strict, workbench)
      let images = try LesionStudy.Images(
        data, split: dataOptions.split, limit: limit, sampleLimit: sample ?? 1024, for: model)
      subjects.append((model, images))
      title = "on \(configuration.name), \(dataOptions.split.rawValue)"
    }
    var options = LesionPlan.Options()
    options.parts = parts
    options.layers = layers
    options.replacements = replace
    options.isEachPart = eachPart
    options.isTogether = together
    let study = try LesionStudy(
      subjects, options: options, batchSize: inferenceOptions.batchSize, threads: inferenceOptions.threadCount,
      workbench: workbench)
    try checkEffects(of: study.plan)
    let progress = ProgressLine()
    defer { progress.close() }
    let start = ContinuousClock.now
    let findings = try study.findings(seed: drawSeed ?? 0, progress: progress.updates("evaluating"))
    let seconds = (ContinuousClock.now - start).seconds
    let comparison = study.comparison(
      findings, level: confidence ?? 0.95, isPerComparison: perComparison, comparesClasses: classes,
      progress: progress.updates("drawing test images"))
    progress.close()
    let subject =
      variant.map { "\($0.singleLine) of \(models[0].singleLine), \(names.count) runs" }
      ?? (names.count == 1 ? study.models[0].name : "\(names.count) runs")
    Terminal.standardOutput.write(
      comparison.document(
        title: "Lesions of \(subject) \(title)", notes: study.notes, metadata: study.metadata(seed: drawSeed ?? 0)),
      as: format)
    for problem in findings.problems { Terminal.standardError.note("warning: \(problem)") }
    Terminal.standardError.note(Self.effort(findings.counts, comparison.labels.count, names.count, seconds))
  }

  /// What was evaluated, and how fast, for people.
  private static func effort(
    _ counts: (evaluated: Int, known: Int), _ imageCount: Int, _ modelCount: Int, _ seconds: Double
  ) -> String {
    func lesions(_ count: Int) -> String { count == 1 ? "1 lesion" : "\(NumberText.grouped(count)) lesions" }
    guard counts.evaluated > 0 else { return "\(lesions(counts.known)) from the record; nothing was evaluated" }
    let images = Double(imageCount * (counts.evaluated + modelCount))
    let known = counts.known > 0 ? ", and \(NumberText.grouped(counts.known)) from the record" : ""
    return
      "\(lesions(counts.evaluated)) in \(NumberText.seconds(seconds)), \(NumberText.rate(images / seconds)) images/s"
      + known
  }

  private func model(_ name: String, _ workbench: Workbench) throws -> TrainedModel {
    try TrainedModel(name, choice: inferenceOptions.weights, results: resultsOptions.folder, workbench: workbench)
  }

  /// The completed runs of a variant, and says which others there are.
  private func runs(of label: String) throws -> [String] {
    let sweep = try StudyStore(reading: resultsOptions.folder).sweep(matching: models[0])
    guard let variant = sweep.variants.first(where: { $0.label == label }) else {
      let labels = sweep.variants.map(\.label)
      throw CommandError(
        "sweep \(sweep.name.singleLine) has no variant \"\(label)\"\(NearestName.hint(for: label, among: labels)); it "
          + "has " + labels.joined(separator: ", "))
    }
    let completed = variant.runs.filter { $0.state == .completed }
    guard !completed.isEmpty else {
      throw CommandError("no run of \(label) in sweep \(sweep.name.singleLine) is completed", status: .noInput)
    }
    let others = variant.runs.filter { $0.state != .completed }
    if !others.isEmpty {
      Terminal.standardError.note(
        "warning: without \(others.map { "run \($0.identity.short) (\($0.state.rawValue))" }.joined(separator: ", ")), "
          + "which \(others.count == 1 ? "is" : "are") not completed")
    }
    return completed.map(\.identity.hash.hexadecimal)
  }

  private func showParts(of name: String, _ workbench: Workbench, _ format: any TableFormat) throws {
    let model = try model(name, workbench)
    let evaluator = try model.lesionEvaluator(batchSize: 1, threads: 1, workbench: workbench)
    Terminal.standardOutput.write(
      LesionTable.parts(of: evaluator, title: "What can be replaced in \(model.name)"), as: format, showsLegend: false)
  }

  /// Refuses options that say nothing of the lesions.
  private func checkEffects(of plan: LesionPlan) throws {
    let lesions = plan.lesions.map(\.lesion)
    if sample != nil, !lesions.contains(where: \.needsSample) {
      throw CommandError("--sample is of attentions that are replaced by mean or random, and none is")
    }
    if drawSeed != nil, !lesions.contains(where: { $0.needsSample && $0.substitute == .random }) {
      throw CommandError("--draw-seed is of attentions that are replaced by random, and none is")
    }
    if eachPart, !lesions.contains(where: { !$0.attentions.isEmpty }) {
      throw CommandError("--each-part is of attentions; blocks, channels, filters and kernels have a row each anyway")
    }
  }
}
