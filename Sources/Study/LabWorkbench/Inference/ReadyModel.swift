import Foundation
import LabCore
import LabData
import LabReport
import LabTrain

/// A trained model that stays compiled, so that images which come one after the other are answered at once.
///
/// It says what `labrun predict` and `labrun explain` say, by their code. Calls must not overlap.
package final class ReadyModel {
  /// The model.
  package let model: TrainedModel
  private let predictor: Predictor
  private let workbench: Workbench
  private var explanation: Result<(explainer: ImageExplainer, layer: FeatureLayer), WorkbenchError>?

  /// Compiles a model.
  ///
  /// - Throws: `TrainingError` where weights do not fit, and errors of the backend.
  package init(_ model: TrainedModel, workbench: Workbench) throws {
    self.model = model
    self.workbench = workbench
    // An image's logits do not depend on the number of threads, and sweeps that are trained beside want theirs.
    predictor = try model.predictor(batchSize: nil, imageCount: 1, threads: 1, workbench: workbench)
  }

  /// The bytes of its weights.
  package var byteCount: Int { model.weights.reduce(0) { $0 + 4 * $1.shape.elementCount } }

  /// Classifies images, and explains what comes of it.
  ///
  /// - Parameters:
  ///   - images: the images.
  ///   - explains: whether pictures of what the model looks at are wanted.
  /// - Throws: errors of the backend.
  package func answer(_ images: SentImages, explains: Bool) throws -> ModelAnswer {
    let collection = ImageCollection(images.images)
    let start = ContinuousClock.now
    let output = try predictor.logits(of: collection)
    var answer = ModelAnswer(
      title: model.name, classification: Classification(output, of: collection, by: model),
      faults: Dictionary(output.failures.map { ($0.index, $0.description) }) { first, _ in first },
      predictionSeconds: (ContinuousClock.now - start) / .seconds(1))
    guard explains, output.failures.count < images.count else { return answer }
    let middle = ContinuousClock.now
    switch try prepared() {
    case .failure(let problem):
      answer.explanationProblem = "\(problem)"
      answer.images = try (0..<images.count).map { index in
        guard answer.faults[index] == nil else { return nil }
        let picture = HeatMapPicture.enlarged(try collection.resized(index, as: model.card.preprocessing))
        return ModelAnswer.Image(seen: try Self.encoded(picture))
      }
    case .success(let (explainer, layer)):
      let explanations = try ImageExplanations(
        model, explainer, images: collection, output: output, layer: layer, isNamed: false, asked: nil)
      answer.explanation = explanations.subtitle
      answer.images = try (0..<images.count).map { index in
        guard let content = explanations.images[index].content else { return nil }
        let picture = HeatMapPicture.enlarged(content.picture)
        return ModelAnswer.Image(
          seen: try Self.encoded(picture),
          overlay: try Self.encoded(HeatMapPicture.overlay(content.map, on: picture)),
          darkness: explanations.darkness(index), attentions: explanations.attentionTable(of: index..<index + 1))
      }
    }
    answer.explanationSeconds = (ContinuousClock.now - middle) / .seconds(1)
    return answer
  }

  /// What explains, made when it is first wanted.
  private func prepared() throws -> Result<(explainer: ImageExplainer, layer: FeatureLayer), WorkbenchError> {
    if let explanation { return explanation }
    let explainer = try model.explainer(imageCount: 1, threads: 1, workbench: workbench)
    let made: Result<(explainer: ImageExplainer, layer: FeatureLayer), WorkbenchError>
    do {
      made = .success((explainer, try explainer.layer(named: nil, in: model)))
    } catch let error as WorkbenchError {
      made = .failure(error)
    }
    explanation = made
    return made
  }

  private static func encoded(_ picture: DecodedImage) throws -> Data {
    do throws(ImageProblem) {
      return try ImageDecoder.encodePNG(picture)
    } catch {
      throw error.error(path: "the picture")
    }
  }
}

/// What a trained model says of images.
package struct ModelAnswer: Sendable {
  /// What is seen of an image.
  package struct Image: Sendable {
    /// The image as the model sees it, as a PNG.
    package var seen: Data
    /// The same with the map of what speaks for the predicted class, as a PNG.
    package var overlay: Data?
    /// That the map shows nothing, in a sentence.
    package var darkness: String?
    /// The attentions of dynamic convolutions.
    package var attentions: ReportTable?
  }

  /// What the model is called.
  package var title: String
  /// What it says of each image.
  package var classification: Classification
  /// Why images could not be read, by their places.
  package var faults: [Int: String]
  /// How long reading and classifying took, in seconds.
  package var predictionSeconds: Double
  /// How long the explanations took, in seconds; nil without any.
  package var explanationSeconds: Double?
  /// What is seen of each image; nil where it could not be read, empty without explanations.
  package var images: [Image?] = []
  /// What the maps are of, in a sentence.
  package var explanation: String?
  /// Why there are no maps, in a sentence.
  package var explanationProblem: String?

  /// The table of `labrun predict`.
  ///
  /// - Parameter top: how many classes of each image at most.
  package func table(top: Int) -> ReportTable { classification.table(title: title, top: top) }
}
