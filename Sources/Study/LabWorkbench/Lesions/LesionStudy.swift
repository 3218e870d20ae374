import LabCore
import LabData
import LabNN
import LabReport
import LabStats
import LabTrain
import Synchronization

/// Evaluates trained models with parts of them replaced, and compares what they predict.
package struct LesionStudy {
  /// What models are evaluated on.
  package struct Images {
    /// The images.
    package var collection: ImageCollection
    /// The class of each image, as the model numbers them.
    package var labels: [Int32]
    /// The images that attentions are sampled from.
    package var sample: ImageCollection
    /// The hash of the data.
    package var dataHash: ContentHash

    /// Takes images of a data set, evenly spaced where not all are taken.
    ///
    /// - Parameters:
    ///   - data: the data set.
    ///   - split: the split that models are evaluated on.
    ///   - limit: the most images of it; nil for all.
    ///   - sampleLimit: the most training images that attentions are sampled from.
    ///   - model: numbers the classes.
    /// - Throws: ``WorkbenchError`` where there are none, or of a class that the model does not know.
    package init(
      _ data: PreparedDataset, split: SplitName, limit: Int?, sampleLimit: Int, for model: TrainedModel
    ) throws {
      func spaced(_ images: ImageCollection, _ limit: Int) -> [Int] {
        let count = min(limit, images.count)
        return (0..<count).map { $0 * images.count / count }
      }
      let all = ImageCollection(data, split: split)
      let train = ImageCollection(data, split: .train)
      guard all.count > 0, train.count > 0 else {
        throw WorkbenchError(
          "data set \(data.configuration.name) has no \(all.count > 0 ? "train" : split.rawValue) images",
          kind: .badData)
      }
      let places = spaced(all, limit ?? all.count)
      collection = all.selecting(places)
      sample = train.selecting(spaced(train, sampleLimit))
      let numbers = data.split(split).labels
      labels = try ClassCorrespondence(model: model.card.classNames, data: data.classNames)
        .labels(places.map { Int(numbers[$0]) }).map { Int32($0 ?? 0) }
      dataHash = data.contentHash
    }
  }

  /// The models, which are runs of one configuration.
  package let models: [TrainedModel]
  private let images: [Images]
  private let evaluators: [LesionEvaluator]
  /// What is replaced.
  package let plan: LesionPlan

  /// Puts models and images together.
  ///
  /// - Parameters:
  ///   - models: at least one model, with the images of each.
  ///   - options: what is replaced.
  ///   - batchSize: images that are classified at once; nil for as many as in the steps of the training.
  ///   - threads: the number of threads.
  ///   - workbench: the backends.
  /// - Throws: ``WorkbenchError`` where models are of other parts or other images than the first.
  package init(
    _ models: [(model: TrainedModel, images: Images)], options: LesionPlan.Options, batchSize: Int?, threads: Int,
    workbench: Workbench
  ) throws {
    let first = models[0]
    for (model, images) in models.dropFirst() {
      guard model.card.model == first.model.card.model else {
        throw WorkbenchError(
          "\(first.model.name) and \(model.name) are other networks, and lesions are compared over seeds of one: name "
            + "runs that differ in their seed only, or one run at a time")
      }
      guard images.labels == first.images.labels, images.dataHash == first.images.dataHash,
        model.card.classNames == first.model.card.classNames
      else {
        throw WorkbenchError(
          "\(first.model.name) and \(model.name) have other data, and are compared on the same images: name one at "
            + "a time",
          kind: .badData)
      }
    }
    self.models = models.map(\.model)
    images = models.map(\.images)
    evaluators = try models.map {
      try $0.model.lesionEvaluator(batchSize: batchSize, threads: threads, workbench: workbench)
    }
    plan = try LesionPlan(options, for: evaluators[0])
  }

  /// Evaluates all models with all lesions.
  ///
  /// - Parameters:
  ///   - seed: what the draw of other images' attentions depends on.
  ///   - progress: is told, from any thread, the share of the work that is done.
  /// - Returns: the classes that each model predicts as it is, and those of each lesion.
  package func predictions(
    seed: UInt64, progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) throws -> (intact: [[Int32]], lesions: [[[Int32]]]) {
    let lesions = plan.lesions.map(\.lesion)
    var intact: [[Int32]] = []
    var found = [[[Int32]]](repeating: [], count: lesions.count)
    for (index, evaluator) in evaluators.enumerated() {
      let sampled = lesions.filter(\.needsSample).flatMap(\.attentions)
      let parts = evaluator.parts.filter(sampled.contains)
      let sample = parts.isEmpty ? nil : try evaluator.sample(of: parts, for: images[index].sample)
      let collected = CollectedClasses(
        count: lesions.count + 1, images: images[index].labels.count, classCount: models[index].card.classNames.count)
      let share = Double(evaluators.count)
      try evaluator.evaluate(
        lesions, of: images[index].collection, sample: sample, seed: seed,
        progress: { progress((Double(index) + $0) / share) }
      ) { lesion, range, logits in
        collected.add(lesion.map { $0 + 1 } ?? 0, range, logits)
      }
      let rows = collected.rows
      intact.append(rows[0])
      for lesion in lesions.indices { found[lesion].append(rows[lesion + 1]) }
    }
    return (intact, found)
  }

  /// What the lesions change.
  ///
  /// - Parameters:
  ///   - predictions: what the models predict.
  ///   - level: the confidence of the intervals.
  ///   - isPerComparison: whether intervals and p-values hold by themselves.
  ///   - comparesClasses: whether the recall of each class is compared.
  ///   - progress: is told, from any thread, the share of the work that is done.
  package func comparison(
    _ predictions: (intact: [[Int32]], lesions: [[[Int32]]]), level: Double, isPerComparison: Bool,
    comparesClasses: Bool, progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) -> LesionComparison {
    LesionComparison(
      zip(plan.lesions, predictions.lesions).map { ($0.subject, $1) }, intact: predictions.intact,
      labels: images[0].labels, classNames: models[0].card.classNames, level: level, isPerComparison: isPerComparison,
      comparesClasses: comparesClasses, progress: progress)
  }

  /// What is to be said of the lesions beside their comparison, a sentence each.
  package var notes: [String] {
    let lesions = plan.lesions.map(\.lesion)
    let count = NumberText.grouped(images[0].sample.count)
    var notes: [String] = []
    if lesions.contains(where: { $0.needsSample && $0.substitute == .mean }) {
      notes.append("Means of attentions are over \(count) training images, evenly spaced, of the model as it is.")
    }
    if lesions.contains(where: { $0.needsSample && $0.substitute == .random }) {
      notes.append(
        "At random, an image has the attention of one of \(count) training images, of the model as it is: the same one "
          + "for all parts, and each equally often.")
    }
    if lesions.contains(where: { !$0.attentions.isEmpty && $0.substitute == .one }) {
      notes.append("By one, weights are 1, or equal shares where they sum to 1.")
    }
    if !plan.impossible.isEmpty {
      notes.append(
        "Left out, since the block's result has another shape than its input: "
          + plan.impossible.map(\.path).joined(separator: ", ") + ".")
    }
    return notes
  }

  /// What programs may want to know of the study.
  package func metadata(seed: UInt64) -> [String: JSONValue] {
    let lesions = plan.lesions.map(\.lesion)
    return [
      "model_names": .array(models.map { .string($0.name) }),
      "runs": .array(models.map { $0.run.map { .string($0.identity.hash.hexadecimal) } ?? .null }),
      "data_hash": .string(images[0].dataHash.hexadecimal),
      "sample_images": lesions.contains(where: \.needsSample) ? .integer(images[0].sample.count) : .null,
      "draw_seed": lesions.contains { $0.substitute == .random && $0.needsSample }
        ? Int(exactly: seed).map(JSONValue.integer) ?? .string("\(seed)") : .null,
      "impossible_blocks": .array(plan.impossible.map { .string($0.path) }),
    ]
  }
}

extension TrainedModel {
  /// The model, compiled as the run's own evaluation was, to be evaluated with parts replaced.
  ///
  /// - Parameter batchSize: images that are classified at once; nil for as many as in the steps of its training.
  package func lesionEvaluator(batchSize: Int?, threads: Int, workbench: Workbench) throws -> LesionEvaluator {
    let backend = try backend.map(workbench.backends.named) ?? workbench.backends.standard
    return try LesionEvaluator(
      model: card.configuration().model(classCount: card.classNames.count), preprocessing: card.preprocessing,
      classCount: card.classNames.count, weights: weights, position: card.position,
      batchSize: batchSize ?? training.batchSize, algorithms: training.algorithms,
      backend: backend.repeating(convolutionMethods), threads: threads)
  }
}

/// The classes that logits make most probable, from any thread.
private final class CollectedClasses: Sendable {
  private let classes: Mutex<[[Int32]]>
  private let classCount: Int

  init(count: Int, images: Int, classCount: Int) {
    self.classCount = classCount
    classes = Mutex([[Int32]](repeating: [Int32](repeating: 0, count: images), count: count))
  }

  func add(_ row: Int, _ range: Range<Int>, _ logits: [Float]) {
    let found = ImagePredictions(logits: logits, classCount: classCount).classes
    classes.withLock { $0[row].replaceSubrange(range, with: found) }
  }

  var rows: [[Int32]] { classes.withLock { $0 } }
}
