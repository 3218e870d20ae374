import BackendOneDNN
import Foundation
import LabCore
import LabData
import LabGraph
import LabNN
import LabStudy
import LabTrain

/// What commands share: the data sets of the process and the backend.
struct Laboratory: Sendable {
  let library: DatasetLibrary
  let backend = OneDNNBackend()

  /// - Parameter say: receives one sentence whenever preparing data begins or ends a long phase.
  init(say: @escaping @Sendable (String) -> Void = { Terminal.standardError.note($0) }) {
    library = DatasetLibrary(progress: say)
  }

  // MARK: Specs

  /// Checks a spec against everything that can be known without training: keys and values, data, every variant's graph.
  func check(_ source: SpecSource) -> SpecCheck {
    StudySchema.labrun.check(source) { issues(of: $0) }
  }

  /// What only building a variant can tell.
  private func issues(of variant: ResolvedVariant) -> [SpecIssue] {
    func issue(_ section: String, _ error: any Error) -> [SpecIssue] {
      [SpecIssue(keyPath: ConfigurationPath(section), message: "\(error)")]
    }
    let configuration: RunConfiguration
    do { configuration = try RunConfiguration(variant.configuration) } catch { return issue("model", error) }
    let data: PreparedDataset
    do { data = try dataset(configuration) } catch { return issue("dataset", error) }
    do {
      let graph = try TrainingGraph(
        model: configuration.model.model(classCount: data.classCount), batch: configuration.batch(of: data),
        optimization: configuration.training.optimization, seed: 0,
        options: .init(mixesLabels: configuration.training.augmentation.mixup > 0))
      try graph.graph.verify()
      if configuration.training.earlyStoppingEpochs != nil || configuration.training.finalWeights == .best,
        data.validation.count == 0
      {
        return issue(
          "dataset.validation",
          TrainingError.configuration(
            key: configuration.training.finalWeights == .best ? "final_weights" : "early_stopping",
            problem: "needs a validation split, which dataset.validation sets aside"))
      }
      if let path = configuration.training.initialWeights, !FileManager.default.isReadableFile(atPath: path) {
        return issue(
          "training.initial_weights", FileError(action: "read the initial weights", path: path, code: ENOENT))
      }
      return []
    } catch {
      return issue("model", error)
    }
  }

  // MARK: Data

  /// The prepared data of a run; the built-in images where the standard data set's files are not installed.
  func dataset(_ configuration: RunConfiguration) throws -> PreparedDataset {
    try library.dataset(configuration.dataset)
  }

  /// The plan with the built-in images in place of Fashion-MNIST, where that is not installed, and one sentence on it.
  func substitutingMissingData(_ source: SpecSource, _ check: SpecCheck) -> (check: SpecCheck, note: String)? {
    guard check.plan == nil, let substitute = SubstituteData(source, check, library: library) else { return nil }
    return (self.check(substitute.source), substitute.note)
  }
}
