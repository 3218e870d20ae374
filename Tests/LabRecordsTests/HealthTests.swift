import LabRecords
import LabStats
import Testing

/// What is said of a run's course, and of which courses nothing is said.
@Suite struct HealthTests {
  /// A course of some accuracies and training losses; each true class of the test images has as many.
  private func course(
    accuracies: [Double?], losses: [Double]? = nil, confusion: [[Int]]? = nil, logLoss: Double? = 0.5,
    loss: Double? = nil,
    evaluated: Int? = nil, planned: Int? = nil, images: Int? = 10_000
  ) -> RunCourse {
    func metrics(_ accuracy: Double, logLoss: Double? = nil) -> Metrics {
      var metrics: Metrics = ["test_loss": loss ?? logLoss ?? 1, "test_accuracy": accuracy]
      metrics["test_log_loss"] = logLoss
      return metrics
    }
    let epochs = accuracies.enumerated().map { index, accuracy in
      EpochRecord(
        epoch: index,
        metrics: ["train_loss": losses?[index] ?? 1 / Double(index + 1)] + (accuracy.map { metrics($0) } ?? [:]),
        timing: .init(trainSeconds: 1, imagesPerSecond: 1, meanStepMilliseconds: 1))
    }
    let last = accuracies.compactMap(\.self).last ?? 0
    let right = Int((last * 1000).rounded())
    let other = (1000 - right) / 3
    let even = (0..<4).map { label in (0..<4).map { $0 == label ? 1000 - 3 * other : other } }
    let counts = confusion ?? even
    var matrix = ConfusionMatrix(classCount: counts.count)
    for (label, row) in counts.enumerated() {
      for (prediction, count) in row.enumerated() { matrix.add(label: label, prediction: prediction, count: count) }
    }
    return RunCourse(
      epochs: epochs,
      final: FinalRecord(
        metrics: metrics(last, logLoss: logLoss), evaluatedEpoch: evaluated ?? accuracies.count - 1,
        confusion: matrix),
      plannedEpochs: planned ?? accuracies.count, evaluationImages: images)
  }

  private func kinds(_ course: RunCourse) -> [String] { HealthChecks.notes(on: course).map(\.kind) }

  @Test func everyCheckHasANameOfItsOwn() {
    #expect(
      HealthChecks.all.map(\.kind) == [
        "late_collapse", "one_class", "at_chance", "diverging", "test_loss", "annealing", "schedule",
        "still_improving",
      ])
  }

  @Test func anOrdinaryRunIsHealthy() {
    #expect(kinds(course(accuracies: [0.5, 0.6, 0.7, 0.705])) == [])
    #expect(kinds(course(accuracies: [0.7, 0.64, 0.7, 0.705])) == [], "a dip that passed")
    #expect(kinds(course(accuracies: [0.7])) == [], "one epoch tells nothing of its course")
  }

  @Test func aLateCollapseIsNotedWithItsEpochs() throws {
    let collapsed = course(accuracies: [0.4, 0.616, 0.226], losses: [2, 1.5, 1.25], logLoss: 5354)
    let notes = HealthChecks.notes(on: collapsed)
    #expect(notes.map(\.kind) == ["late_collapse", "at_chance", "test_loss"])
    #expect(notes[0].message == "the accuracy fell from 61.6 % after epoch 2 to 22.6 % after epoch 3")
    #expect(abs((notes[0].value ?? 0) - 0.39) < 1e-9)
    #expect(
      notes[2].message
        == "the loss on the test images is 5,354 beside a training loss of 1.25, and their log loss of 5,354 is above the "
        + "1.386 of equal probabilities for all classes")
    // Nine points are too few, and few images explain more.
    #expect(kinds(course(accuracies: [0.8, 0.71])) == [])
    #expect(kinds(course(accuracies: [0.8, 0.65], images: 30)) == [])
    #expect(kinds(course(accuracies: [0.8, 0.65], images: 1000)) == ["late_collapse"])
    // Where the best epoch's weights are evaluated, the result has not collapsed.
    #expect(kinds(course(accuracies: [0.8, 0.65], evaluated: 0)) == [])
    // Epochs that were not evaluated change nothing.
    #expect(kinds(course(accuracies: [0.8, nil, 0.65])) == ["late_collapse"])
  }

  @Test func predictingOneClassIsNotedUnlessNearlyAllImagesAreOfIt() {
    let one = course(accuracies: [0.25, 0.25], confusion: [[0, 0, 100], [0, 0, 100], [1, 0, 99]])
    #expect(kinds(one) == ["one_class"])
    #expect(HealthChecks.notes(on: one)[0].message.contains("99.7 % of the test images are given the class \"2\""))
    #expect(kinds(course(accuracies: [0.96, 0.96], confusion: [[960, 0], [40, 0]])) == ["at_chance"])
    #expect(kinds(course(accuracies: [0.9, 0.9], confusion: [[5]])) == [], "one class only is no choice")
  }

  @Test func chanceIsTheCommonestClass() {
    // 60 % of the images are of one class: 61 % are no better, 70 % are.
    #expect(kinds(course(accuracies: [0.61, 0.61], confusion: [[500, 100], [290, 110]])) == ["at_chance"])
    #expect(kinds(course(accuracies: [0.7, 0.7], confusion: [[500, 100], [200, 200]])) == [])
  }

  @Test func aRisingTrainingLossIsNoted() {
    #expect(kinds(course(accuracies: [0.5, 0.5, 0.5], losses: [2, 1, 1.8])) == ["diverging"])
    #expect(kinds(course(accuracies: [0.5, 0.5, 0.5], losses: [2, 1, .nan])) == ["diverging"])
    #expect(kinds(course(accuracies: [0.5, 0.5, 0.5], losses: [2, 1, 1.4])) == [])
    #expect(kinds(course(accuracies: [0.5, 0.5, 0.5], losses: [2, 0.001, 0.01])) == [], "next to nothing")
  }

  @Test func aTestLossIsJudgedByKnowingNothingAndByTheTrainingLoss() {
    #expect(kinds(course(accuracies: [0.5, 0.5], losses: [1, 0.2], logLoss: 1.5)) == ["test_loss"])
    // A focal loss is small on the training images and on the test images; the log loss is not to be set beside it.
    #expect(kinds(course(accuracies: [0.5, 0.5], losses: [1, 0.14], logLoss: 1.5, loss: 0.12)) == [])
    #expect(
      kinds(course(accuracies: [0.5, 0.5], losses: [1, 0.2], logLoss: 1.3)) == [], "better than knowing nothing")
    #expect(kinds(course(accuracies: [0.5, 0.5], losses: [2, 1.2], logLoss: 1.5)) == [], "like the training loss")
    #expect(kinds(course(accuracies: [0.5, 0.5], logLoss: .nan)) == ["test_loss"])
  }

  @Test func aRunThatWasStillImprovingIsNoted() {
    let notes = HealthChecks.notes(on: course(accuracies: [0.5, 0.6, 0.63]))
    #expect(notes.map(\.kind) == ["still_improving"])
    #expect(notes[0].message == "the accuracy rose by 3.0 points in the last epoch, to 63.0 %")
    #expect(kinds(course(accuracies: [0.5, 0.6, 0.609])) == [])
    #expect(kinds(course(accuracies: [0.5, 0.6, 0.63], images: 30)) == [], "one image is three points")
    #expect(kinds(course(accuracies: [0.5, 0.6, 0.63], planned: 10)) == [], "stopped early")
    #expect(kinds(course(accuracies: [0.6, nil, nil, 0.62])) == [], "two thirds of a point an epoch")
    #expect(kinds(course(accuracies: [0.6, nil, nil, 0.64])) == ["still_improving"])
  }

  @Test func whatIsKnownOfAnnealingAndScheduleIsNoted() {
    var cut = course(accuracies: [0.6, 0.6])
    cut.annealing = "the temperature ends at 18.4"
    cut.schedule = "it never drops"
    #expect(
      HealthChecks.notes(on: cut) == [
        HealthNote("annealing", "the temperature ends at 18.4"), HealthNote("schedule", "it never drops"),
      ])
  }

  @Test func notesOfOtherVersionsComeLast() {
    let notes = [HealthNote("of the future", "x"), HealthNote("schedule", "y"), HealthNote("late_collapse", "z")]
    #expect(notes.inOrderOfChecks.map(\.kind) == ["late_collapse", "schedule", "of the future"])
  }
}
