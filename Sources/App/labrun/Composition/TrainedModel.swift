import ArgumentParser
import Foundation
import LabCore
import LabData
import LabNN
import LabRecords
import LabReport
import LabStats
import LabStore
import LabTrain
import LabZoo

/// Weights and what has to be known to use them: of a run, or of a file.
struct TrainedModel {
  /// Which weights of a run are used.
  enum Choice: String, ExpressibleByArgument, CaseIterable {
    case final, best
  }

  /// What the weights belong to, for people.
  var name: String
  var card: ModelCard
  var weights: [NamedTensor]
  /// The run, where the weights are a run's.
  var run: StoredRun?
  /// The run's folder.
  var folder: String?
  /// How the run was trained; as by default where nobody says.
  var training = TrainingConfiguration()
  /// The methods that the run's convolutions took.
  var convolutionMethods: [String: String] = [:]

  /// Finds a model: a file where there is one of that name, else a run by the first digits of its identity.
  ///
  /// - Parameter choice: which weights of a run; nil for those that its final metrics are of.
  init(_ name: String, choice: Choice?, results: String, laboratory: Laboratory) throws {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: name, isDirectory: &isFolder), !isFolder.boolValue {
      let content = try WeightsFile.readGroup(name)
      guard let card = try ModelCard(content.attributes, path: name) else {
        throw StoreError.unsupportedFile(
          path: name, problem: "it does not say which model its weights are of, as the weights of runs do")
      }
      self.name = name
      self.card = card
      weights = Self.tensors(content)
      return
    }
    if let problem = Self.problem(withName: name, isFolder: isFolder.boolValue) {
      throw CommandError(problem, status: .noInput)
    }
    let store = try StudyStore(reading: results)
    let run = try store.run(matching: name)
    let configuration = try RunConfiguration(run.configuration)
    let files = store.folder(of: run.identity)
    let takesBest = choice.map { $0 == .best } ?? (configuration.training.finalWeights == .best)
    let file = takesBest ? RunFolder.File.bestWeights : .finalWeights
    let path = files.path(of: file)
    guard files.has(file) else {
      throw CommandError(
        "run \(run.identity.short) is \(run.state.rawValue) and has no \(takesBest ? "best" : "final") weights",
        status: .noInput)
    }
    let content = try store.weights(file, of: run.identity)
    self.name = "run \(run.identity.short)"
    self.run = run
    folder = files.path
    training = configuration.training
    convolutionMethods = try store.convolutionMethods(of: run.identity)
    weights = Self.tensors(content)
    card = try ModelCard(content.attributes, path: path) ?? Self.card(of: run, configuration, content, laboratory)
  }

  /// Why a name that is no file's can be no run's either; nil where it can.
  private static func problem(withName name: String, isFolder: Bool) -> String? {
    guard name.isEmpty || !name.allSatisfy(\.isHexDigit) else { return nil }
    return isFolder
      ? "\(name) is a folder; name a file of weights in it, such as weights-final.h5, or a run by its identity"
      : "there is no file \"\(name)\", and it is no run, whose identity has the digits 0 to 9 and a to f only "
        + "(`labrun list SWEEP` shows runs)"
  }

  /// The card of weights that were stored without one: what the run's configuration and data say.
  private static func card(
    of run: StoredRun, _ configuration: RunConfiguration, _ content: TensorGroup, _ laboratory: Laboratory
  ) throws -> ModelCard {
    let data = try laboratory.dataset(configuration)
    let size = min(configuration.training.batchSize, data.train.count)
    let (whole, rest) = data.train.count.quotientAndRemainder(dividingBy: size)
    let steps = whole + (rest > 0 && !configuration.training.dropsLastBatch ? 1 : 0)
    let epoch = if case .integer(let epoch)? = content.attributes["epoch"] { Int(epoch) } else { 0 }
    var card = ModelCard(
      model: run.configuration["model"] ?? [:], data: data,
      position: StepPosition(
        step: (epoch + 1) * steps, stepsPerEpoch: steps, totalSteps: steps * configuration.training.epochs))
    // Today's data need not be those of then.
    card.dataHash = nil
    return card
  }

  /// The hash of the data that the weights were trained on; nil where nobody knows.
  var dataHash: ContentHash? {
    // A run's own hash is also that of its initial weights, where it has any.
    card.dataHash ?? (training.initialWeights == nil ? run?.dataHash : nil)
  }

  private static func tensors(_ content: TensorGroup) -> [NamedTensor] {
    content.tensors.filter { $0.floats != nil }
  }

  /// The model, compiled as the run's own evaluation was.
  func predictor(_ options: InferenceOptions, laboratory: Laboratory) throws -> Predictor {
    try Predictor(
      model: card.configuration().model(classCount: card.classNames.count), preprocessing: card.preprocessing,
      classCount: card.classNames.count, weights: weights, position: card.position,
      batchSize: options.batchSize ?? training.batchSize, algorithms: training.algorithms,
      backend: laboratory.backend.repeating(convolutionMethods), threads: options.threadCount)
  }
}

/// What `predict` and `evaluate` have in common.
struct InferenceOptions: ParsableArguments {
  @Option(help: "Which weights of a run: final or best (default: those that its test metrics are of).")
  var weights: TrainedModel.Choice?

  @Option(help: "Images that are classified at once (default: as many as in the run's steps, else 64).")
  var batchSize: Int?

  @Option(help: "Threads (default: one a core).")
  var threads: Int?

  var threadCount: Int { threads ?? Machine.coreCount }

  func validate() throws {
    guard (1...65_536).contains(batchSize ?? 1) else { throw ValidationError("--batch-size takes 1 to 65536") }
    guard (threads ?? 1) > 0 else { throw ValidationError("--threads takes at least 1") }
  }
}

/// What a model says of images whose classes are partly known, and what follows from it.
struct Classification {
  let names: [String]
  /// The index of each image's class among the model's, where it is known.
  let labels: [Int?]
  let logits: [Float]
  let classNames: [String]
  /// The places of the images that could not be read.
  let unreadable: Set<Int>

  /// The logits of an image.
  func row(_ index: Int) -> ArraySlice<Float> { logits[index * classNames.count..<(index + 1) * classNames.count] }

  /// The probability of each class, computed in double precision.
  func probabilities(_ index: Int) -> [Double] {
    let row = row(index)
    let largest = Double(row.max() ?? 0)
    let weights = row.map { exp(Double($0) - largest) }
    let total = weights.reduce(0, +)
    return weights.map { $0 / total }
  }

  /// The cross-entropy of an image, in nats; nil where its class is not known.
  func loss(_ index: Int) -> Double? {
    guard let label = labels[index], !unreadable.contains(index) else { return nil }
    let row = row(index)
    let largest = Double(row.max() ?? 0)
    let total = row.reduce(0.0) { $0 + exp(Double($1) - largest) }
    return log(total) + largest - Double(row[row.startIndex + label])
  }

  /// Metrics over the images whose class is known; nil where there are none.
  func report(title: String) -> EvaluationReport? {
    var accumulator = ClassificationAccumulator(classCount: classNames.count)
    for (index, label) in labels.enumerated() {
      guard let label, !unreadable.contains(index) else { continue }
      accumulator.add(logits: Array(row(index)), labels: [Int32(label)])
    }
    return accumulator.metrics.map {
      EvaluationReport(title: title, metrics: $0, confusion: accumulator.confusion, classNames: classNames)
    }
  }

  /// Stores logits, labels, losses and the images' names: HDF5 for a name that ends in .h5 or .hdf5, CSV for one that ends in .csv.
  func write(to path: String, attributes: [String: TensorGroup.Attribute] = [:]) throws {
    switch (path as NSString).pathExtension.lowercased() {
    case "h5", "hdf5": try writeHDF5(to: path, attributes)
    case "csv": try writeCSV(to: path)
    default:
      throw CommandError("results are written to files that end in .h5 or .csv, but \"\(path)\" was given")
    }
  }

  private func writeHDF5(to path: String, _ attributes: [String: TensorGroup.Attribute]) throws {
    var group = TensorGroup(
      [NamedTensor("logits", [names.count, classNames.count], logits)], texts: ["names": names],
      attributes: attributes)
    if labels.contains(where: { $0 != nil }) {
      group.tensors.append(NamedTensor("labels", [names.count], labels.map { Int64($0 ?? -1) }))
      let losses = names.indices.map { loss($0).map { Float($0) } ?? .nan }
      group.tensors.append(NamedTensor("losses", [names.count], losses))
    }
    if let report = report(title: "") {
      let count = classNames.count
      group.tensors.append(NamedTensor("confusion", [count, count], report.confusion.rows.joined().map(Int64.init)))
    }
    group.attributes["class_names"] = .string(try JSONValue(encoding: classNames).canonicalText)
    try ResultFile.write(group, format: "labrun-logits", to: path)
  }

  private func writeCSV(to path: String) throws {
    let table = ReportTable(
      kind: "logits", title: "Logits",
      columns: [
        .init("image", fields: ["image"]), .init("class", fields: ["class"]), .init("loss", fields: ["loss"]),
      ] + classNames.map { .init($0, fields: [$0]) },
      rows: names.indices.map { index in
        let isReadable = !unreadable.contains(index)
        return .init(
          [
            .string(names[index]), labels[index].map { .string(classNames[$0]) } ?? .missing(),
            loss(index).map { .init("", values: [.number($0)]) } ?? .missing(),
          ]
            + row(index).map { isReadable ? .init("", values: [.number(Double($0))]) : .missing() })
      })
    try AtomicFile.write(Data(table.rendered(as: try TableFormats.named("csv")).utf8), to: path)
  }
}
