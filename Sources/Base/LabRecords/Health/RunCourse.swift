import Foundation
import LabStats

/// What health checks look at: the whole course of a completed run.
public struct RunCourse: Sendable {
  /// The epochs on record, in ascending order.
  public var epochs: [EpochRecord]
  /// The final record, without health.
  public var final: FinalRecord
  /// The epochs that the configuration asks for.
  public var plannedEpochs: Int
  /// The number of images that every epoch was evaluated on, validation or test; nil where not known.
  public var evaluationImages: Int?
  /// What is odd about an annealing's length beside the training's, as whoever knows the model says it.
  public var annealing: String?
  /// What is odd about the learning rate's schedule beside the training's length, likewise.
  public var schedule: String?

  /// Creates a course.
  public init(
    epochs: [EpochRecord], final: FinalRecord, plannedEpochs: Int, evaluationImages: Int? = nil,
    annealing: String? = nil, schedule: String? = nil
  ) {
    self.epochs = epochs
    self.final = final
    self.plannedEpochs = plannedEpochs
    self.evaluationImages = evaluationImages
    self.annealing = annealing
    self.schedule = schedule
  }
}

extension RunCourse {
  /// An epoch, counted from 1, and the accuracy after it.
  struct Evaluation {
    var epoch: Int
    var accuracy: Double
  }

  /// The epochs that were evaluated, by their validation images where there are some, else by their test images.
  var evaluations: [Evaluation] {
    epochs.compactMap { epoch in
      (epoch.metrics[.validation("accuracy")] ?? epoch.metrics[.test("accuracy")]).map {
        .init(epoch: epoch.epoch + 1, accuracy: $0)
      }
    }
  }

  /// The training loss of each epoch, counted from 1, that has one.
  var trainLosses: [(epoch: Int, loss: Double)] {
    epochs.compactMap { epoch in epoch.metrics[.train("loss")].map { (epoch.epoch + 1, $0) } }
  }

  /// The number of classes; nil without a confusion matrix of at least two.
  var classCount: Int? { final.confusion.flatMap { $0.classCount > 1 ? $0.classCount : nil } }

  /// The number of test images of each class.
  var support: [Int] { final.confusion.map { matrix in (0..<matrix.classCount).map(matrix.support) } ?? [] }

  /// The number of test images that were given each class.
  var predictions: [Int] { final.confusion.map { matrix in (0..<matrix.classCount).map(matrix.predicted) } ?? [] }

  /// How far two accuracies near a value may lie apart by the choice of images alone: so many standard deviations of
  /// the difference of two independent samples; 0 where the number of images is not known.
  func chanceDifference(near accuracy: Double, deviations: Double) -> Double {
    guard let images = evaluationImages, images > 0 else { return 0 }
    return deviations * (2 * accuracy * (1 - accuracy) / Double(images)).squareRoot()
  }
}

extension Double {
  /// A share in percent with one decimal: `61.6 %`.
  var percentText: String { String(format: "%.1f", locale: Locale(identifier: "en_US_POSIX"), self * 100) + " %" }

  /// A number of any size in at most four digits: `1.253`, `5,354`.
  var shortText: String {
    guard isFinite else { return isNaN ? "NaN" : self > 0 ? "infinity" : "−infinity" }
    let format = FloatingPointFormatStyle<Double>(locale: Locale(identifier: "en_US"))
    return abs(self) < 1e6
      ? formatted(format.precision(.significantDigits(1...4)))
      : formatted(format.notation(.scientific).precision(.significantDigits(1...3)))
  }
}
