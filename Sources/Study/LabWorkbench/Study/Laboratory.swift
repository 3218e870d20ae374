import Foundation
import LabCore
import LabData
import LabGraph
import LabNN
import LabReport
import LabStudy
import LabTrain

/// What commands share: the data sets of the process and the backends.
package struct Laboratory: Sendable {
  package let library: DatasetLibrary
  /// Where data are looked for.
  private(set) var environment: DataEnvironment
  package let backends = OpenBackends()

  /// - Parameters:
  ///   - specFolder: the folder of the spec, which relative paths of data may start from.
  ///   - say: receives one sentence whenever preparing data begins or ends a long phase.
  package init(
    specFolder: String? = nil, say: @escaping @Sendable (String) -> Void
  ) {
    environment = .current
    environment.specFolder = specFolder
    library = DatasetLibrary(environment: environment, progress: say)
  }

  // MARK: Specs

  /// Checks a spec against everything that can be known without training: keys and values, data, every variant's graph.
  ///
  /// - Throws: an error of the machine, which says nothing of the spec.
  package func check(_ source: SpecSource, schema: StudySchema = .labrun) throws -> SpecCheck {
    var refusal: (any Error)?
    let check = schema.check(source) { issues(of: $0, unless: &refusal) }
    if let refusal { throw refusal }
    return check
  }

  /// What only building a variant can tell; nothing once the machine has refused something, which `refusal` receives.
  private func issues(of variant: ResolvedVariant, unless refusal: inout (any Error)?) -> [SpecIssue] {
    guard refusal == nil else { return [] }
    do { return try issues(of: variant) } catch {
      refusal = error
      return []
    }
  }

  /// Checks a spec; where it wants Fashion-MNIST and that is not installed, the spec with the built-in images instead,
  /// and one sentence on it.
  ///
  /// - Throws: an error of the machine, which says nothing of the spec.
  package func checkOrSubstitute(_ source: SpecSource) throws -> (check: SpecCheck, note: String?) {
    var missing: String?
    var refusal: (any Error)?
    let check = StudySchema.labrun.check(source) { variant in
      if missing == nil { missing = remedyForMissingStandardData(of: variant) }
      return issues(of: variant, unless: &refusal)
    }
    if let refusal { throw refusal }
    guard let missing else { return (check, nil) }
    let substitute = SubstituteData(source, remedy: missing)
    return (try self.check(substitute.source, schema: substitute.schema), substitute.note)
  }

  /// How to get the standard data set, where a variant wants it from no particular folder and it is not installed.
  private func remedyForMissingStandardData(of variant: ResolvedVariant) -> String? {
    guard let configuration = try? RunConfiguration(variant.configuration),
      configuration.dataset.name == DatasetConfiguration.standardName, configuration.dataset.path == nil
    else { return nil }
    do {
      _ = try dataset(configuration)
      return nil
    } catch DataError.notFound(_, _, let remedy) {
      return remedy
    } catch {
      return nil
    }
  }

  /// What only building a variant can tell.
  ///
  /// - Throws: an error of the machine.
  private func issues(of variant: ResolvedVariant) throws -> [SpecIssue] {
    let configuration: RunConfiguration
    do { configuration = try RunConfiguration(variant.configuration) } catch { return try issue("model", error) }
    var issues: [SpecIssue] = []
    let initialWeights = Result { try configuration.loadInitialWeights() }
    if case .failure(let error) = initialWeights { issues += try issue("training.initial_weights", error) }
    do {
      let data = try dataset(configuration)
      let findings = data.findings + configuration.training.findings(trainingImages: data.train.count)
      issues += findings.map(SpecIssue.init)
      issues += try self.issues(of: configuration, data: data, initialWeights: try? initialWeights.get())
    } catch {
      issues += try issue("dataset", error)
    }
    return issues
  }

  /// What building the graph of a variant tells.
  ///
  /// - Parameter initialWeights: the weights to start from, empty without any; nil where they could not be read.
  private func issues(
    of configuration: RunConfiguration, data: PreparedDataset, initialWeights: [NamedTensor]?
  ) throws -> [SpecIssue] {
    do {
      let training = configuration.training
      let model = configuration.model.model(classCount: data.classCount)
      let graph = try training.graph(model: model, batch: configuration.batch(of: data), seed: 0)
      try graph.graph.verify()
      // Of smaller batches, only one of a single image can fail where the others do not.
      if training.lastBatchSize(trainingImages: data.train.count) == 1 {
        _ = try training.graph(
          model: model, batch: configuration.batch(of: data, size: 1), isLastBatch: true, seed: 0)
      }
      if training.earlyStoppingEvaluations != nil || training.finalWeights == .best,
        data.validation.count == 0
      {
        return try issue(
          "dataset.validation",
          TrainingError.configuration(
            key: configuration.training.finalWeights == .best ? "final_weights" : "early_stopping",
            problem: "needs a validation split, which dataset.validation sets aside"
              + (data.findings.first { $0.key == "dataset.validation" }.map { "; here \($0.message)" } ?? "")))
      }
      // Compiling allocates the variables, so what can never fit is found before.
      let bytes = graph.graph.variables.reduce(0) { $0 + $1.type.shape.elementCount * 4 }
      guard bytes < Machine.memoryBytes else {
        return try issue(
          "model",
          WorkbenchError(
            "its weights and their optimiser's state take \(NumberText.bytes(bytes)), more than the "
              + "\(NumberText.bytes(Machine.memoryBytes)) of memory here"))
      }
      let courses = training.courseFindings(
        scalars: graph.scalars, stepsPerEpoch: training.stepsPerEpoch(trainingImages: data.train.count))
      let findings = ([training.lastBatchFinding(trainingImages: data.train.count)].compactMap(\.self) + courses)
        .map(SpecIssue.init)
      guard configuration.training.initialWeights != nil, let initialWeights else { return findings }
      do {
        let matching = try WeightMatching(
          declarations: graph.declarations, weights: initialWeights,
          excluding: configuration.training.initialExclusions)
        try matching.check(configuration.training.initialMatch)
      } catch {
        return try findings + issue("training.initial_weights", error)
      }
      return findings
    } catch {
      return try issue("model", error)
    }
  }

  /// What an error says, at the key that it is about; else at the section in which it happened; one of the machine is thrown.
  private func issue(_ section: String, _ error: any Error) throws -> [SpecIssue] {
    if error.isErrorOfMachine { throw error }
    let training: ConfigurationPath = "training"
    switch error {
    case let error as TrainingError:
      if case .singleImage = error {
        return [
          SpecIssue(keyPath: training.appending("batch_size"), message: error.problem, hint: error.remedy)
        ]
      }
      if case .configuration("initial_prefix", let problem) = error {
        return [SpecIssue(keyPath: training.appending("initial_prefix"), message: problem)]
      }
    case ModelError.pattern(let key, let index, _, _):
      return [SpecIssue(keyPath: training.appending(key).appending(index: index), message: "\(error)")]
    case ModelError.option(subject: "parameter_groups", let problem):
      return [SpecIssue(keyPath: training.appending("parameter_groups"), message: problem)]
    case let error as ConfigurationError:
      return error.issues.map { SpecIssue(keyPath: ConfigurationPath(section), message: "\($0)") }
    default: break
    }
    return [SpecIssue(keyPath: ConfigurationPath(section), message: "\(error)")]
  }

  // MARK: Data

  /// The prepared data of a run.
  package func dataset(_ configuration: RunConfiguration) throws -> PreparedDataset {
    try library.dataset(configuration.dataset)
  }
}

extension ContentHash {
  /// A hash of what a run reads: its data and, where it starts from given weights, these.
  package static func ofInput(data: PreparedDataset, initialWeights: [NamedTensor]) -> ContentHash {
    guard !initialWeights.isEmpty, let weights = initialWeights.weightsHash else { return data.contentHash }
    var hasher = ContentHasher()
    hasher.update(data.contentHash.hexadecimal)
    hasher.update(weights.hexadecimal)
    return hasher.finish()
  }
}
