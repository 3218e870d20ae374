import LabCore
import LabData
import LabNN
import LabRecords
import LabReport
import LabStats
import LabStore
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
    /// The split that they are of.
    package var split: SplitName
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
      self.split = split
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

  /// What models predict, and how much of it was on record.
  package struct Findings: Sendable {
    /// The classes that each model predicts as it is.
    package var intact: [[Int32]] = []
    /// The classes that each model predicts with each lesion.
    package var lesions: [[[Int32]]]
    /// The number of lesions, over all models, that were evaluated, and that were on record.
    package var counts = (evaluated: 0, known: 0)
    /// What could not be read or stored, a sentence each.
    package var problems: [String] = []
  }

  /// Evaluates all models with all lesions, but for those that are on record.
  ///
  /// What is evaluated of runs is stored beside their weights.
  ///
  /// - Parameters:
  ///   - seed: what the draw of other images' attentions depends on.
  ///   - progress: is told, from any thread, the share of the work that is done.
  package func findings(
    seed: UInt64, progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) throws -> Findings {
    var findings = Findings(lesions: [[[Int32]]](repeating: [], count: plan.lesions.count))
    let share = Double(models.count)
    for index in models.indices {
      var record = stored(index, seed, &findings)
      let missing = plan.keys.indices.filter { record?.classes(of: plan.keys[$0]) == nil }
      if record == nil || !missing.isEmpty {
        let new = try evaluated(missing, of: index, seed: seed) { progress((Double(index) + $0) / share) }
        for row in new.rows { record?.add(row) }
        store(new, of: index, &findings)
        record = record ?? new
      }
      findings.counts.evaluated += missing.count
      findings.counts.known += plan.keys.count - missing.count
      guard let record else { continue }
      findings.intact.append(record.intact)
      for (place, key) in plan.keys.enumerated() { findings.lesions[place].append(record.classes(of: key) ?? []) }
    }
    return findings
  }

  /// What the results of a model are stored by; weights of files are not a run's, and nothing of theirs is stored.
  private func setting(_ index: Int, _ seed: UInt64) -> LesionPredictions.Setting {
    .init(
      program: ProgramVersion.current, weights: models[index].choice ?? .final,
      weightsHash: models[index].weights.weightsHash ?? models[index].weights.contentHash,
      dataHash: images[index].dataHash, split: images[index].split.rawValue,
      imageCount: images[index].labels.count, sampleLimit: images[index].sample.count, drawSeed: seed)
  }

  /// What is on record of a model; nil where nothing is, or it cannot be read.
  private func stored(_ index: Int, _ seed: UInt64, _ findings: inout Findings) -> LesionPredictions? {
    guard let files = models[index].files else { return nil }
    do {
      guard let found = try files.readLesions(of: setting(index, seed)), found.labels == images[index].labels else {
        return nil
      }
      return found
    } catch {
      findings.problems.append("\(error)")
      return nil
    }
  }

  /// Stores what a model of a run predicts; the findings stand without that.
  private func store(_ new: LesionPredictions, of index: Int, _ findings: inout Findings) {
    guard let files = models[index].files else { return }
    do {
      try files.add(new)
    } catch {
      findings.problems.append("the lesions of \(models[index].name) could not be stored: \(error)")
    }
  }

  private func evaluated(
    _ places: [Int], of index: Int, seed: UInt64, progress: @escaping @Sendable (Double) -> Void
  ) throws -> LesionPredictions {
    let (evaluator, images) = (evaluators[index], images[index])
    let lesions = places.map { plan.lesions[$0].lesion }
    let sampled = lesions.filter(\.needsSample).flatMap(\.attentions)
    let parts = evaluator.parts.filter(sampled.contains)
    let sample = parts.isEmpty ? nil : try evaluator.sample(of: parts, for: images.sample)
    let classNames = models[index].card.classNames
    let collected = CollectedClasses(
      count: lesions.count + 1, images: images.labels.count, classCount: classNames.count)
    try evaluator.evaluate(lesions, of: images.collection, sample: sample, seed: seed, progress: progress) {
      lesion, range, logits in
      collected.add(lesion.map { $0 + 1 } ?? 0, range, logits)
    }
    let rows = collected.rows
    return LesionPredictions(
      setting: setting(index, seed), labels: images.labels, classNames: classNames, intact: rows[0],
      rows: zip(places, rows.dropFirst()).map { place, classes in
        let subject = plan.lesions[place].subject
        return .init(
          .init(key: plan.keys[place], part: subject.part, layer: subject.layer, replacement: subject.replacement),
          classes: classes)
      })
  }

  /// What the lesions change.
  ///
  /// - Parameters:
  ///   - findings: what the models predict.
  ///   - level: the confidence of the intervals.
  ///   - isPerComparison: whether intervals and p-values hold by themselves.
  ///   - comparesClasses: whether the recall of each class is compared.
  ///   - progress: is told, from any thread, the share of the work that is done.
  package func comparison(
    _ findings: Findings, level: Double, isPerComparison: Bool, comparesClasses: Bool,
    progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) -> LesionComparison {
    LesionComparison(
      zip(plan.lesions, findings.lesions).map { ($0.subject, $1) }, intact: findings.intact,
      labels: images[0].labels, classNames: models[0].card.classNames, level: level, isPerComparison: isPerComparison,
      comparesClasses: comparesClasses, progress: progress)
  }

  /// What is to be said of the lesions beside their comparison, a sentence each.
  package var notes: [String] {
    var notes = LesionComparison.notes(on: plan.lesions.map(\.subject), sampleCount: images[0].sample.count)
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
