import LabStats

extension Metric {
  /// The metrics that are computed from predictions, in the order in which they are computed.
  static let ofPredictions: [Metric] = [
    share("accuracy", "the share of images whose class was predicted", isShareOfImages: true, .everyEvaluation) {
      $0.confusion.accuracy
    },
    topKAccuracy(5, .everyEvaluation),
    share("macro_precision", "the unweighted mean of the classes' precisions", .everyEvaluation) {
      $0.confusion.macroAverage.precision
    },
    share("macro_recall", "the unweighted mean of the classes' recalls", .everyEvaluation) {
      $0.confusion.macroAverage.recall
    },
    share("macro_f1", title: "macro F1", "the unweighted mean of the classes' F1 scores", .everyEvaluation) {
      $0.confusion.macroAverage.f1
    },
    Metric(
      "ece", title: "calibration error", unit: .percent, direction: .lowerIsBetter, range: 0...1,
      summary: "the mean distance of confidence and accuracy over 15 ranges of confidence", occasion: .everyEvaluation
    ) { $0.calibration.expectedCalibrationError },
    Metric(
      "log_loss", title: "log loss", direction: .lowerIsBetter, range: 0...Double.infinity,
      summary: "the mean negative logarithm of the true class's probability in nats, whatever loss was trained with",
      occasion: .everyEvaluation
    ) { $0.logLoss },
    topKAccuracy(3),
    share("weighted_precision", "the mean of the classes' precisions weighted by their images") {
      $0.confusion.weightedAverage.precision
    },
    share("weighted_recall", "the mean of the classes' recalls weighted by their images") {
      $0.confusion.weightedAverage.recall
    },
    share("weighted_f1", title: "weighted F1", "the mean of the classes' F1 scores weighted by their images") {
      $0.confusion.weightedAverage.f1
    },
    share("balanced_accuracy", "the mean recall of the classes that have images") { $0.confusion.balancedAccuracy },
    share("worst_recall", title: "worst class's recall", "the recall of the class that is recognized worst") {
      $0.confusion.worstRecall
    },
    Metric(
      "cohen_kappa", title: "Cohen's kappa", direction: .higherIsBetter, range: -1...1,
      summary: "the agreement of labels and predictions beyond chance; absent where all images are of one class and "
        + "predicted as it"
    ) { $0.confusion.cohenKappa },
    Metric(
      "brier_score", title: "Brier score", direction: .lowerIsBetter, range: 0...2,
      summary:
        "the mean squared distance of the probabilities from certainty in the true class, summed over all classes"
    ) { $0.brierScore },
    share(
      "auroc", title: "AUROC",
      "the mean over classes of the chance that an image of the class has a higher probability "
        + "of it than another image; classes without images, and one that all images are of, do not count"
    ) {
      $0.keepsLogits
        ? AreaUnderROC.macroOneAgainstRest(logits: $0.logits, labels: $0.labels, classCount: $0.classCount) : nil
    },
  ]

  /// The share of images with their class among the most probable ones.
  static func topKAccuracy(_ k: Int, _ occasion: Occasion = .finalEvaluation) -> Metric {
    share(
      "top\(k)_accuracy", title: "top-\(k) accuracy",
      "the share of images with their class among the \(k) most probable",
      isShareOfImages: true, occasion
    ) { $0.topKAccuracy(k) }
  }

  /// A share in 0...1, the more the better.
  private static func share(
    _ name: String, title: String? = nil, _ summary: String, isShareOfImages: Bool = false,
    _ occasion: Occasion = .finalEvaluation, value: @escaping @Sendable (ClassificationAccumulator) -> Double?
  ) -> Metric {
    Metric(
      name, title: title ?? name.replacing("_", with: " "), unit: .percent, direction: .higherIsBetter, range: 0...1,
      summary: summary, isShareOfImages: isShareOfImages, occasion: occasion, value: value)
  }
}
