import Foundation
import LabCore
import LabData
import LabRecords
import LabStats
import LabStore

/// The test images of a run: what each is, what the run's model says of it, and how it looks.
package struct TestImages: Sendable {
  /// What is known of an image.
  package struct Entry: Sendable {
    /// The index of its true class.
    package var label: Int
    /// The index of the class that it is taken for.
    package var predicted: Int
    /// The probability of the predicted class, in [0, 1].
    package var confidence: Double
    /// The probability of the true class, in [0, 1].
    package var trueProbability: Double

    /// Whether it is taken for what it is.
    package var isRight: Bool { label == predicted }
  }

  /// The classes' names in the order of their indices.
  package let classNames: [String]
  /// The images in their order.
  package let entries: [Entry]
  /// What has to be known beside, a sentence each: why there are no pictures, or what has changed.
  package private(set) var notes: [String] = []
  private var collection: ImageCollection?
  private var preprocessing: Preprocessing?

  /// Whether there are pictures.
  package var hasPictures: Bool { collection != nil }

  /// What an image is called; nil where nobody knows.
  package func name(_ index: Int) -> String? { collection?.names[index] }

  /// Reads what a run has stored of its test images, and their data; predictions that are not there are made anew by its weights.
  ///
  /// - Parameters:
  ///   - run: a completed run.
  ///   - store: the store that has it.
  ///   - workbench: has the data sets.
  /// - Throws: ``WorkbenchError`` where there is nothing to tell, and errors of the store.
  package init(of run: Run, in store: StudyStore, workbench: Workbench) throws {
    let data = Result { try TestImages.data(of: run, workbench) }
    let folder = store.folder(of: run.identity)
    if folder.has(.predictions) {
      let predictions = try folder.readPredictions()
      self.init(predictions)
    } else {
      let model = try TrainedModel(of: run, choice: nil, in: store, workbench: workbench)
      let images = ImageCollection(try data.get(), split: .test)
      let output = try model.predictor(
        batchSize: nil, imageCount: images.count, threads: 1, workbench: workbench
      ).logits(of: images)
      let labels = try ClassCorrespondence(model: model.card.classNames, data: data.get().classNames)
        .labels(data.get().test.labels.map(Int.init)).compactMap { $0 }
      self.init(
        Predictions(logits: output.logits, labels: labels, confusion: [], classNames: model.card.classNames))
      notes.append("The run has stored no predictions; these were made anew by its weights.")
    }
    do {
      try take(data.get(), of: run)
    } catch {
      notes.append("There are no pictures: \(error).")
    }
  }

  private init(_ predictions: Predictions) {
    let count = predictions.classNames.count
    let found = ImagePredictions(logits: predictions.logits, classCount: count)
    classNames = predictions.classNames
    entries = predictions.labels.enumerated().map { index, label in
      let row = predictions.logits[index * count..<(index + 1) * count]
      let largest = Double(row.max() ?? 0)
      let total = row.reduce(0) { $0 + exp(Double($1) - largest) }
      let share = row.indices.contains(row.startIndex + label) ? exp(Double(row[row.startIndex + label]) - largest) : 0
      return Entry(
        label: label, predicted: Int(found.classes[index]), confidence: found.confidences[index],
        trueProbability: (share / total).isFinite ? share / total : 0)
    }
  }

  private static func data(of run: Run, _ workbench: Workbench) throws -> PreparedDataset {
    guard run.configuration["program"] == nil, run.importSource == nil else {
      throw WorkbenchError("labrun does not know the images of other programs", kind: .noInput)
    }
    return try workbench.dataset(RunConfiguration(run.configuration))
  }

  /// Takes the pictures of a data set, where its test images are those of the predictions.
  private mutating func take(_ data: PreparedDataset, of run: Run) throws {
    guard data.classNames == classNames, data.test.labels.map(Int.init) == entries.map(\.label) else {
      throw WorkbenchError(
        "the test images of data set \(data.configuration.name) are now others than those of the predictions")
    }
    // The run's own hash is also that of its initial weights, where it has any.
    if run.configuration["training"]?["initial_weights"]?.stringValue == nil, data.contentHash != run.dataHash {
      notes.append(
        "Data set \(data.configuration.name) has changed since the run was trained: pictures may be others than those that "
          + "it was tested on.")
    }
    collection = ImageCollection(data, split: .test)
    preprocessing = Preprocessing(of: data)
  }

  /// An image as models see it, as a PNG; nil where there are no pictures or no such image.
  ///
  /// - Throws: `DataError` where it cannot be read.
  package func picture(_ index: Int) throws -> Data? {
    guard let collection, let preprocessing, entries.indices.contains(index) else { return nil }
    let image = try collection.resized(index, as: preprocessing)
    do throws(ImageProblem) {
      return try HeatMapPicture.png(of: image)
    } catch {
      throw error.error(path: "image \(index)")
    }
  }
}
