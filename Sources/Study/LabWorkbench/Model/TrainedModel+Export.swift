import LabCore
import LabData
import LabNN
import LabONNX
import LabTrain

extension TrainedModel {
  /// The model as a file of ONNX, for batches of any size.
  ///
  /// - Parameter layout: how raw images lie in memory that the file is to take; nil for one that takes images as the
  ///   model's own first layer does.
  /// - Throws: `TrainingError.weights` where the weights do not fit, `ONNXError` where the model has no form in ONNX.
  package func onnx(rawImages layout: ImageIntake.Layout? = nil) throws -> ONNXExport {
    let model = try card.configuration().model(classCount: card.classNames.count)
    let shape = card.preprocessing.imageShape
    func graph(_ batchSize: Int) throws -> EvaluationGraph {
      try EvaluationGraph(
        model: model,
        batch: ClassificationBatch(
          size: batchSize, image: [shape.channels, shape.height, shape.width], classCount: card.classNames.count))
    }
    let single = try graph(1)
    try WeightMatching(
      model: single.declarations.map { ($0.name, $0.shape) }, given: weights.map { ($0.name, $0.shape) }
    ).checkCompleteness()
    let scalars = single.scalars.map { ($0.name, Float($0.value(at: card.position))) }
    return try ONNXExport(
      ONNXExport.Source(
        input: ClassifierTensor.images, output: ClassifierTensor.logits, weights: weights,
        scalars: Dictionary(scalars) { first, _ in first }, intake: layout.map(card.preprocessing.intake),
        metadata: metadata(rawImages: layout), producerVersion: ProgramVersion.current)
    ) { try graph($0).graph }
  }

  /// What the file says of itself: everything that a model card says, and where the weights come from.
  private func metadata(rawImages layout: ImageIntake.Layout?) throws -> [String: String] {
    var metadata = [
      "class_names": try JSONValue(encoding: card.classNames).canonicalText,
      "preprocessing": try JSONValue(encoding: card.preprocessing).canonicalText,
      "model": card.model.canonicalText, "step": "\(card.position.step)",
    ]
    metadata["raw_images"] = layout?.rawValue
    metadata["weights_hash"] = weights.weightsHash?.hexadecimal
    metadata["data_hash"] = dataHash?.hexadecimal
    metadata["run"] = run?.identity.hash.hexadecimal
    metadata["seed"] = run.map { "\($0.seed)" }
    return metadata
  }
}

extension Preprocessing {
  /// What is done to an image, as nodes of a model do it.
  fileprivate func intake(_ layout: ImageIntake.Layout) -> ImageIntake {
    let fit: ImageIntake.Fit =
      switch resize {
      case .squash: .squash
      case .letterbox: .letterbox
      case .crop: .crop
      }
    var intake = ImageIntake(
      layout: layout, extents: [imageShape.channels, imageShape.height, imageShape.width], fit: fit,
      mean: statistics?.mean ?? [], deviation: statistics?.standardDeviation ?? [])
    intake.storedSize = storedSize
    return intake
  }
}
