import Foundation
import LabCore
import LabNN
import LabRecords
import LabStore
import LabTrain

/// Weights and what has to be known to use them: of a run, or of a file.
package struct TrainedModel {
  /// Which weights of a run are used.
  package enum Choice: String, CaseIterable {
    case final, best
  }

  /// What the weights belong to, for people.
  package var name: String
  package var card: ModelCard
  package var weights: [NamedTensor]
  /// The run, where the weights are a run's.
  package var run: Run?
  /// The run's files.
  package var files: RunFolder?
  /// Which of the run's weights they are.
  package var choice: RunWeights?
  /// How the run was trained; as by default where nobody says.
  package var training = TrainingConfiguration()
  /// The name of the backend that trained it; nil where nobody says.
  package var backend: String?
  /// The methods that the run's convolutions took.
  package var convolutionMethods: [String: String] = [:]

  /// Finds a model: a file where there is one of that name, else a run by the first digits of its identity.
  ///
  /// - Parameters:
  ///   - choice: which weights of a run; nil for those that its final metrics are of.
  ///   - description: what the model is, for a file of weights that does not say so.
  package init(
    _ name: String, choice: Choice?, results: String, workbench: Workbench, description: ModelDescription? = nil
  ) throws {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: name, isDirectory: &isFolder), !isFolder.boolValue {
      let content = try WeightsFile.readGroup(name)
      self.name = name
      guard let card = try ModelCard(content.attributes, path: name) else {
        guard let description else {
          throw StoreError.unsupportedFile(
            path: name,
            problem: "it does not say which model its weights are of, as the weights of runs do; --model says so")
        }
        var found = description
        (weights, found.model) = try description.ownWeights(Self.tensors(content))
        self.card = ModelCard(found)
        return
      }
      guard description == nil else {
        throw WorkbenchError(
          "\(name) says itself which model its weights are of; leave out --model and what goes with it")
      }
      self.card = card
      weights = Self.tensors(content)
      return
    }
    guard description == nil else {
      throw WorkbenchError(
        "--model is for a file of weights from elsewhere, and there is no file \"\(name)\"", kind: .noInput)
    }
    if let problem = Self.problem(withName: name, isFolder: isFolder.boolValue) {
      throw WorkbenchError(problem, kind: .noInput)
    }
    let store = try StudyStore(reading: results)
    self = try TrainedModel(of: store.run(matching: name), choice: choice, in: store, workbench: workbench)
  }

  /// Takes the weights of a run.
  ///
  /// - Parameters:
  ///   - run: the run.
  ///   - choice: which of its weights; nil for those that its final metrics are of.
  ///   - store: the store that has them.
  /// - Throws: ``WorkbenchError`` where there are none, and errors of the store.
  package init(of run: Run, choice: Choice?, in store: StudyStore, workbench: Workbench) throws {
    if let source = run.importSource {
      throw WorkbenchError(
        "run \(run.identity.short) was imported from \(source), and has no weights here: labrun predicts with runs that it "
          + "has trained, and with files of weights", kind: .noInput)
    }
    if run.configuration["program"] != nil {
      throw WorkbenchError(
        "run \(run.identity.short) was trained by somebody's program, whose model labrun does not know: only networks of "
          + "labrun's own can be predicted with, evaluated, explained or exported", kind: .noInput)
    }
    let configuration = try RunConfiguration(run.configuration)
    let files = store.folder(of: run.identity)
    let takesBest = choice.map { $0 == .best } ?? (configuration.training.finalWeights == .best)
    let file = takesBest ? RunFolder.File.bestWeights : .finalWeights
    let path = files.path(of: file)
    guard files.has(file) else {
      throw WorkbenchError(
        "run \(run.identity.short) is \(run.state.rawValue) and has no \(takesBest ? "best" : "final") weights",
        kind: .noInput)
    }
    let content = try store.weights(file, of: run.identity)
    self.name = "run \(run.identity.short)"
    self.run = run
    self.files = files
    self.choice = takesBest ? .best : .final
    training = configuration.training
    backend = configuration.backend
    convolutionMethods = try store.convolutionMethods(of: run.identity)
    weights = Self.tensors(content)
    card = try ModelCard(content.attributes, path: path) ?? Self.card(of: run, configuration, content, workbench)
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
    of run: Run, _ configuration: RunConfiguration, _ content: TensorGroup, _ workbench: Workbench
  ) throws -> ModelCard {
    let data = try workbench.dataset(configuration)
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
  package var dataHash: ContentHash? {
    // A run's own hash is also that of its initial weights, where it has any.
    card.dataHash ?? (training.initialWeights == nil ? run?.dataHash : nil)
  }

  private static func tensors(_ content: TensorGroup) -> [NamedTensor] {
    content.tensors.filter { $0.floats != nil }
  }

  /// The model, compiled as the run's own evaluation was.
  ///
  /// - Parameters:
  ///   - batchSize: images that are classified at once; nil for as many as in the steps of its training, whose results
  ///     these are to the bit, and for other weights no more than there are images.
  ///   - imageCount: the number of images.
  package func predictor(batchSize: Int?, imageCount: Int, threads: Int, workbench: Workbench) throws -> Predictor {
    let usual = run == nil ? max(1, min(training.batchSize, imageCount)) : training.batchSize
    let backend = try backend.map(workbench.backends.named) ?? workbench.backends.standard
    return try Predictor(
      model: card.configuration().model(classCount: card.classNames.count), preprocessing: card.preprocessing,
      classCount: card.classNames.count, weights: weights, position: card.position,
      batchSize: batchSize ?? usual, algorithms: training.algorithms,
      backend: backend.repeating(convolutionMethods), threads: threads)
  }
}
