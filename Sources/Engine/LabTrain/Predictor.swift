import LabCore
import LabData
import LabGraph
import LabNN

/// A trained model, ready to classify images: compiled for evaluation, with its weights and its preprocessing.
///
/// Batches are spread over threads, each with a compiled graph of its own: small layers gain nothing from several
/// threads, and so an image's logits do not depend on their number. Calls must not overlap.
public final class Predictor {
  /// What a model says of a collection's images.
  public struct Output: Sendable {
    /// `[images, classes]`, in the order of the collection; zeros for images that could not be read.
    public var logits: [Float]
    /// The images that could not be read, in their order.
    public var failures: [ImageCollection.Failure]
  }

  /// What is done to each image.
  public let preprocessing: Preprocessing
  /// The number of classes.
  public let classCount: Int
  private let batchSize: Int
  private let workers: [Worker]

  /// Compiles a model and gives it its weights.
  ///
  /// - Parameters:
  ///   - model: builds the model.
  ///   - preprocessing: what makes an image of a file the model's input.
  ///   - classCount: the number of classes.
  ///   - weights: every parameter and buffer of the model, by its state_dict name.
  ///   - position: the training step after which the weights were taken, for scalars such as a temperature.
  ///   - batchSize: the number of images that a thread classifies at once.
  ///   - algorithms: those of the training, where logits are to be its evaluation's to the bit.
  ///   - backend: what executes the graph.
  ///   - threads: the number of threads.
  /// - Throws: ``TrainingError/weights(name:problem:)`` where weights are missing, unexpected or of another shape.
  public init(
    model: ModelFunction, preprocessing: Preprocessing, classCount: Int,
    weights: [NamedTensor], position: StepPosition, batchSize: Int = 64,
    algorithms: ConvolutionAlgorithms = .automatic, backend: any Backend, threads: Int
  ) throws {
    self.preprocessing = preprocessing
    self.classCount = classCount
    self.batchSize = batchSize
    let shape = preprocessing.imageShape
    let graph = try EvaluationGraph(
      model: model,
      batch: ClassificationBatch(
        size: batchSize, image: [shape.channels, shape.height, shape.width], classCount: classCount))
    let matching = WeightMatching(
      model: graph.declarations.map { ($0.name, $0.shape) }, given: weights.map { ($0.name, $0.shape) })
    try matching.checkCompleteness()
    let names = Set(matching.matched)
    workers = try (0..<max(1, threads)).map { _ in
      let session = try backend.makeSession(SessionOptions(threads: 1, algorithms: algorithms))
      let program = try session.compile(graph.graph)
      for tensor in weights where names.contains(tensor.name) {
        try session.write(tensor.name, tensor.singlePrecision())
      }
      try program.fill(graph.scalars, at: position)
      return Worker(session: session, program: program)
    }
  }

  /// Classifies images, batch by batch.
  ///
  /// - Throws: what reading an image throws, and errors of the backend.
  public func logits(of images: ImageCollection) throws -> Output {
    let batches = BatchQueue(count: images.count, batchSize: batchSize)
    let task = Task(images: images, preprocessing: preprocessing, classCount: classCount)
    let parts = Parallel.results(of: workers) { worker in
      var parts: [(first: Int, rows: Rows)] = []
      do {
        while let range = batches.next() { parts.append((range.lowerBound, try worker.classify(range, task))) }
      } catch {
        batches.end()
        throw error
      }
      return parts
    }
    var output = Output(logits: Array(repeating: 0, count: images.count * classCount), failures: [])
    for (first, rows) in try parts.flatMap({ try $0.get() }) {
      output.logits.replaceSubrange(first * classCount..<first * classCount + rows.logits.count, with: rows.logits)
      output.failures += rows.failures
    }
    output.failures.sort { $0.index < $1.index }
    return output
  }

  // MARK: Threads

  private struct Task: Sendable {
    let images: ImageCollection
    let preprocessing: Preprocessing
    let classCount: Int
  }

  private typealias Rows = (logits: [Float], failures: [ImageCollection.Failure])

  /// What one thread works with.
  private final class Worker: @unchecked Sendable {
    // Each worker is used by one iteration of a loop, and calls do not overlap.
    private let session: any Session
    private let program: any Executable

    init(session: any Session, program: any Executable) {
      self.session = session
      self.program = program
    }

    func classify(_ range: Range<Int>, _ task: Task) throws -> Rows {
      let input = try program.floatInput(ClassifierTensor.images)
      let failures = task.images.load(range, as: task.preprocessing, into: input.baseAddress!)
      // The rows behind a smaller batch hold an earlier one, and are not looked at.
      try program.run()
      var rows = Array(try program.read(ClassifierTensor.logits).prefix(range.count * task.classCount))
      for failure in failures {
        let first = (failure.index - range.lowerBound) * task.classCount
        rows.replaceSubrange(first..<first + task.classCount, with: repeatElement(0, count: task.classCount))
      }
      return (rows, failures)
    }
  }
}
