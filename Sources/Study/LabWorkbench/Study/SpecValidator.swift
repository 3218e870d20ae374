import LabCore
import LabData
import LabGraph
import LabNN
import LabRecords
import LabReport
import LabStudy
import LabTrain

/// Checks specs against everything that can be known without training: keys and values, data, every variant's graph.
package struct SpecValidator {
  /// The number of variants whose graphs are kept for their runs; those of thousands would take gigabytes.
  static let keptGraphCount = 128

  private let workbench: Workbench

  /// - Parameter workbench: what the data come from and the variants will be compiled for.
  package init(_ workbench: Workbench) { self.workbench = workbench }

  /// Checks a spec; where it wants Fashion-MNIST and that is not installed, with the built-in images instead.
  ///
  /// - Throws: an error of the machine, which says nothing of the spec.
  package func check(_ source: SpecSource) throws -> CheckedStudy {
    let standard = StandardData(workbench.library)
    var variants: [CheckedVariant] = []
    var programs = ProgramCheck(specFolder: workbench.environment.specFolder ?? ".")
    var refusal: (any Error)?
    let check = StudySchema.labrun.check(source, substitute: { ProgramSpec($0) == nil ? standard.substituted($0) : $0 })
    { variant in
      if let program = ProgramSpec(variant.configuration) { return programs.issues(of: variant, program) }
      // Once the machine has refused something, more of it would only be refused too.
      guard refusal == nil else { return [] }
      do {
        var findings: [SpecIssue] = []
        if let checked = try checked(variant, keepsGraph: variants.count < Self.keptGraphCount, &findings) {
          variants.append(checked)
        }
        return findings
      } catch {
        refusal = error
        return []
      }
    }
    if let refusal { throw refusal }
    return CheckedStudy(
      check: check, note: standard.note, variants: check.plan == nil ? [] : variants,
      programVariants: check.plan == nil ? [] : programs.variants, workbench: workbench)
  }

  /// The variant with what its check built; nil where something is wrong with it.
  ///
  /// - Parameter findings: receives what is wrong or odd.
  /// - Throws: an error of the machine.
  private func checked(
    _ variant: ResolvedVariant, keepsGraph: Bool, _ findings: inout [SpecIssue]
  ) throws -> CheckedVariant? {
    let configuration: RunConfiguration
    do { configuration = try RunConfiguration(variant.configuration) } catch let problem as RunConfiguration.Problem {
      findings += try issue(problem.path, problem.error)
      return nil
    }
    let initialWeights = Result { try configuration.initialWeights(of: workbench.startingWeights) }
    if case .failure(let error) = initialWeights { findings += try issue("training.initial_weights", error) }
    do {
      let data = try workbench.dataset(configuration)
      findings += (data.findings + configuration.training.findings(trainingImages: data.train.count)).map(
        SpecIssue.init)
      let weights = try? initialWeights.get()
      guard let step = try step(of: configuration, data: data, initialWeights: weights, &findings), let weights else {
        return nil
      }
      return CheckedVariant(
        variant: variant, configuration: configuration, data: data, initialWeights: weights,
        step: keepsGraph ? step : nil)
    } catch {
      findings += try issue("dataset", error)
      return nil
    }
  }

  /// The graph of the step; nil where something is wrong with it.
  ///
  /// - Parameters:
  ///   - initialWeights: the weights to start from, empty without any; nil where they could not be read.
  ///   - findings: receives what is wrong or odd.
  private func step(
    of configuration: RunConfiguration, data: PreparedDataset, initialWeights: [NamedTensor]?,
    _ findings: inout [SpecIssue]
  ) throws -> TrainingGraph? {
    do {
      let training = configuration.training
      let model = configuration.model.model(classCount: data.classCount)
      let size = min(training.batchSize, data.train.count)
      let graph = try training.graph(model: model, batch: ClassificationBatch(of: data, size: size))
      try graph.graph.verify()
      // Of smaller batches, only one of a single image can fail where the others do not.
      if training.lastBatchSize(trainingImages: data.train.count) == 1 {
        _ = try training.graph(
          model: model, batch: ClassificationBatch(of: data, size: 1), isLastBatch: true)
      }
      if training.earlyStoppingEvaluations != nil || training.finalWeights == .best,
        data.validation.count == 0
      {
        findings += try issue(
          "dataset.validation",
          TrainingError.configuration(
            key: configuration.training.finalWeights == .best ? "final_weights" : "early_stopping",
            problem: "needs a validation split, which dataset.validation sets aside"
              + (data.findings.first { $0.key == "dataset.validation" }.map { "; here \($0.message)" } ?? "")))
        return nil
      }
      // Compiling allocates the variables, so what can never fit is found before.
      let bytes = graph.graph.variables.reduce(0) { $0 + $1.type.shape.elementCount * 4 }
      guard bytes < Machine.memoryBytes else {
        findings += try issue(
          "model",
          WorkbenchError(
            "its weights and their optimiser's state take \(NumberText.bytes(bytes)), more than the "
              + "\(NumberText.bytes(Machine.memoryBytes)) of memory here"))
        return nil
      }
      let courses = training.courseFindings(
        scalars: graph.scalars, stepsPerEpoch: training.stepsPerEpoch(trainingImages: data.train.count))
      findings += ([training.lastBatchFinding(trainingImages: data.train.count)].compactMap(\.self) + courses)
        .map(SpecIssue.init)
      guard training.initialWeights != nil, let initialWeights else { return graph }
      do {
        let matching = try WeightMatching(
          declarations: graph.declarations, weights: initialWeights, excluding: training.initialExclusions)
        try matching.check(training.initialMatch)
      } catch {
        findings += try issue("training.initial_weights", error)
        return nil
      }
      return graph
    } catch {
      findings += try issue("model", error)
      return nil
    }
  }
}
