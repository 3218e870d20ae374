import LabCore
import LabData
import LabNN
import LabStore
import LabZoo

/// What has to be known of weights to classify images with them; it is stored as attributes beside them.
package struct ModelCard {
  /// The resolved configuration of the model.
  package var model: JSONValue
  /// The name of each class, in the order of the logits.
  package var classNames: [String]
  /// What is done to an image before the model sees it.
  package var preprocessing: Preprocessing
  /// The training step after which the weights were taken.
  package var position: StepPosition
  /// The hash of the data that the weights were trained on; nil where it was not stored.
  package var dataHash: ContentHash?

  /// The card with the weights of another step.
  package func at(step: Int) -> ModelCard {
    var card = self
    card.position = position.at(step: step)
    return card
  }

  /// The model.
  package func configuration() throws -> ModelConfiguration { try model.decode() }

  // MARK: Attributes

  /// The card as attributes of a file of weights.
  package func attributes() throws -> [String: JSONValue] {
    var attributes: [String: JSONValue] = [
      "model": model, "class_names": try JSONValue(encoding: classNames),
      "preprocessing": try JSONValue(encoding: preprocessing), "position": try JSONValue(encoding: position),
    ]
    if let dataHash { attributes["data_hash"] = .string(dataHash.hexadecimal) }
    return attributes
  }

  /// Reads the attributes of a file of weights; nil where it has none of them.
  ///
  /// - Throws: `StoreError.unsupportedFile` where they are incomplete.
  package init?(_ attributes: [String: TensorGroup.Attribute], path: String) throws {
    func value(_ name: String) -> JSONValue? {
      if case .string(let text)? = attributes[name] { try? JSONValue(parsing: text) } else { nil }
    }
    let names = ["model", "class_names", "preprocessing", "position"]
    guard names.contains(where: { attributes[$0] != nil }) else { return nil }
    guard let model = value("model"), let classNames: [String] = try? value("class_names")?.decode(),
      !classNames.isEmpty, let preprocessing: Preprocessing = try? value("preprocessing")?.decode(),
      let position: StepPosition = try? value("position")?.decode()
    else {
      throw StoreError.unsupportedFile(
        path: path, problem: "its attributes \(names.joined(separator: ", ")) do not describe a model")
    }
    self.model = model
    self.classNames = classNames
    self.preprocessing = preprocessing
    self.position = position
    if case .string(let text)? = attributes["data_hash"] { dataHash = ContentHash(hexadecimal: text) }
  }

  /// Describes weights from elsewhere, as at the end of a training: temperatures have come down to 1.
  package init(_ description: ModelDescription) {
    model = description.model
    classNames = description.classNames
    preprocessing = description.preprocessing
    position = StepPosition(step: 1_000_000, stepsPerEpoch: 1, totalSteps: 1_000_000)
  }

  /// Describes weights of a run.
  package init(model: JSONValue, data: PreparedDataset, position: StepPosition) {
    self.model = model
    self.position = position
    classNames = data.classNames
    preprocessing = Preprocessing(of: data)
    dataHash = data.contentHash
  }
}
