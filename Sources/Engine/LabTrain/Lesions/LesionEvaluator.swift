import LabCore
import LabData
import LabGraph
import LabNN

/// Evaluates a trained model with parts of it replaced, without training.
///
/// A lesion leaves all before it as it is. So batches go through the model once, up to the values that all paths go
/// through, and from there once for each lesion. Bits are those of the whole model with the same parts replaced.
/// Batches are spread over threads as by ``Predictor``. Calls must not overlap.
public final class LesionEvaluator {
  /// What is evaluated.
  struct Model: Sendable {
    var graph: Graph
    var scalars: [any RuntimeScalar]
    var position: StepPosition
    var weights: [String: [Float]]
    var preprocessing: Preprocessing
    var classCount: Int
    var batchSize: Int
    var algorithms: ConvolutionAlgorithms
    var backend: any Backend

    /// Loads images into a program.
    ///
    /// - Throws: the first image that cannot be read.
    func load(_ range: Range<Int>, of images: ImageCollection, into program: any Executable) throws {
      let input = try program.floatInput(ClassifierTensor.images)
      if let failure = images.load(range, as: preprocessing, into: input.baseAddress!).first { throw failure }
    }
  }

  /// What workers are to do.
  struct Task: Sendable {
    var lesions: [Lesion]
    var sample: AttentionSample?
    var donors: [Int]
  }

  /// The programs that are in memory at once.
  private static let mostPrograms = 16

  /// The parts that layers mark, in the order in which they are computed.
  public let parts: [ModelPart]
  /// The convolutions, in the order in which they are computed.
  public let convolutions: [ConvolutionLayer]
  private let model: Model
  private let workers: [LesionWorker]
  private let types: [ValueID: TensorType]

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
  /// - Throws: ``TrainingError/misfit(_:)`` where weights are missing, unexpected or of another shape.
  public init(
    model: ModelFunction, preprocessing: Preprocessing, classCount: Int, weights: [NamedTensor],
    position: StepPosition, batchSize: Int = 64, algorithms: ConvolutionAlgorithms = .automatic,
    backend: any Backend, threads: Int
  ) throws {
    let shape = preprocessing.imageShape
    let graph = try EvaluationGraph(
      model: model,
      batch: ClassificationBatch(
        size: batchSize, image: [shape.channels, shape.height, shape.width], classCount: classCount))
    let matching = WeightMatching(
      model: graph.declarations.map { ($0.name, $0.shape) }, given: weights.map { ($0.name, $0.shape) })
    if let difference = matching.difference {
      throw TrainingError.misfit(difference)
    }
    let names = Set(matching.matched)
    let own = weights.filter { names.contains($0.name) }
    self.model = Model(
      graph: graph.graph, scalars: graph.scalars, position: position,
      weights: Dictionary(try own.map { ($0.name, try $0.singlePrecision()) }) { first, _ in first },
      preprocessing: preprocessing, classCount: classCount, batchSize: batchSize, algorithms: algorithms,
      backend: backend)
    parts = graph.parts
    let layers = graph.graph.nodes.enumerated().compactMap { index, node in
      ConvolutionLayer(node, at: index, of: graph.graph)
    }
    // Layers that are used twice are there once.
    convolutions = layers.indices.filter { place in !layers[..<place].contains { $0.weight == layers[place].weight } }
      .map { layers[$0] }
    types = Dictionary(
      graph.parts.flatMap { [$0.value] + [$0.input].compactMap { $0 } }.map { ($0, graph.graph.type(of: $0)) }
    ) { first, _ in first }
    let model = self.model
    workers = try (0..<max(1, threads)).map { _ in try LesionWorker(model) }
  }

  /// The shape of what a part computes for one image, such as `[16]` for the weights of 16 channels.
  public func shape(of part: ModelPart) -> Shape {
    Shape(Array((types[part.value]?.shape.dimensions ?? []).dropFirst()))
  }

  /// Whether a part can be replaced: every attention, and blocks whose result is of their input's shape.
  public func isReplaceable(_ part: ModelPart) -> Bool {
    part.kind.isAttention || part.input.flatMap { types[$0] } == types[part.value]
  }

  /// The attentions of images, of which means are taken and others drawn.
  ///
  /// - Parameters:
  ///   - parts: the attentions.
  ///   - images: the images, at least one.
  /// - Throws: what reading an image throws, and errors of the backend.
  public func sample(of parts: [ModelPart], for images: ImageCollection) throws -> AttentionSample {
    let values = parts.map(\.value)
    var rows = [[Range<Int>: [Float]]](repeating: [:], count: values.count)
    for (range, read) in try spread(
      images.count,
      { worker, range in
        try worker.collect(values, for: range, of: images)
      })
    {
      for (index, elements) in read.enumerated() { rows[index][range] = elements }
    }
    let weights = zip(values, rows).map { value, parts in
      (value, parts.sorted { $0.key.lowerBound < $1.key.lowerBound }.flatMap(\.value))
    }
    return AttentionSample(count: images.count, weights: Dictionary(weights) { first, _ in first })
  }

  /// Evaluates the model as it is, and with each of some lesions.
  ///
  /// - Parameters:
  ///   - lesions: what is replaced.
  ///   - images: the images.
  ///   - sample: the attentions of other images, where a lesion takes means or draws.
  ///   - seed: what draws depend on.
  ///   - progress: is told, from any thread, the share of the work that is done.
  ///   - body: is given, from any thread, the place of a lesion or nil for the model as it is, some images, and their
  ///     logits `[images, classes]`.
  /// - Throws: `ModelError` where a part is not replaceable or not in the sample, what reading an image throws, and
  ///   errors of the backend.
  public func evaluate(
    _ lesions: [Lesion], of images: ImageCollection, sample: AttentionSample? = nil, seed: UInt64 = 0,
    progress: @escaping @Sendable (Double) -> Void = { _ in },
    _ body: @escaping @Sendable (_ lesion: Int?, _ images: Range<Int>, _ logits: [Float]) -> Void
  ) throws {
    for lesion in lesions {
      if let part = (lesion.attentions + lesion.blocks).first(where: { !isReplaceable($0) }) {
        throw ModelError.option(subject: part.path, problem: "its result is not of its input's shape")
      }
      if lesion.needsSample, let part = lesion.attentions.first(where: { sample?.contains($0) != true }) {
        throw ModelError.option(subject: part.path, problem: "the sample of attentions does not have it")
      }
    }
    let task = Task(
      lesions: lesions, sample: sample, donors: sample?.donors(for: images.count, seed: seed) ?? [])
    let total = Double((lesions.count + 1) * images.count)
    let done = ProgressSum { progress(Double($0) / total) }
    _ = try spread(images.count) { worker, range in
      body(nil, range, try worker.intact(range, of: images))
      done.add(range.count)
    }
    let programs = LesionProgram.all(lesions, of: model.graph)
    for first in stride(from: 0, to: programs.count, by: Self.mostPrograms) {
      let group = Array(programs[first..<min(first + Self.mostPrograms, programs.count)])
      for result in Parallel.results(of: workers, { try $0.prepare(group) }) { try result.get() }
      _ = try spread(images.count) { worker, range in
        try worker.evaluate(range, of: images, task) { lesion, logits in
          body(lesion, range, logits)
          done.add(range.count)
        }
      }
    }
    for result in Parallel.results(of: workers, { try $0.prepare([]) }) { try result.get() }
  }

  /// Has all workers go through batches of images.
  private func spread<Output: Sendable>(
    _ count: Int, _ body: @Sendable (LesionWorker, Range<Int>) throws -> Output
  ) throws -> [(Range<Int>, Output)] {
    let batches = BatchQueue(count: count, batchSize: model.batchSize)
    let parts = Parallel.results(of: workers) { worker in
      var parts: [(Range<Int>, Output)] = []
      do {
        while let range = batches.next() { parts.append((range, try body(worker, range))) }
      } catch {
        batches.end()
        throw error
      }
      return parts
    }
    return try parts.flatMap { try $0.get() }
  }
}
