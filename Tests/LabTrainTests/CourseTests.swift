import LabCore
import LabNN
import LabTrain
import Testing

/// What temperature and learning rate do within a training's length.
@Suite struct CourseTests {
  private func configuration(_ members: JSONValue) throws -> TrainingConfiguration { try members.decode() }

  @Test func aTemperatureThatDoesNotFitIsFoundBeforeTraining() throws {
    let scalars: [any RuntimeScalar] = [StepNumber(), TemperatureAnnealing()]
    let findings = try configuration(["epochs": 4]).courseFindings(scalars: scalars, stepsPerEpoch: 94)
    #expect(findings.map(\.key) == ["model.conv"] && findings.map(\.severity) == [.warning])
    #expect(findings.first?.message.contains("ends at 18.4") == true)
    #expect(findings.first?.remedy?.contains("\"temperature_share\": 0.1") == true)
    #expect(try configuration(["epochs": 100]).courseFindings(scalars: scalars, stepsPerEpoch: 94) == [])
    #expect(try configuration(["epochs": 4]).courseFindings(scalars: [StepNumber()], stepsPerEpoch: 94) == [])
    let shared: [any RuntimeScalar] = [TemperatureAnnealing(length: .share(0.1))]
    #expect(try configuration(["epochs": 4]).courseFindings(scalars: shared, stepsPerEpoch: 94) == [])
  }

  @Test func aScheduleThatIsCutOffIsFoundBeforeTrainingAndAfter() throws {
    let late = try configuration(["epochs": 10, "schedule": ["name": "step", "milestones": [30, 60]]])
    #expect(late.courseFindings(scalars: [], stepsPerEpoch: 9).map(\.key) == ["training.schedule"])
    #expect(try late.scheduleRemark(stepsPerEpoch: 9, trainedEpochs: 10)?.contains("30, 60") == true)
    let rising = try configuration(["epochs": 10, "warmup_epochs": 10])
    #expect(try rising.scheduleRemark(stepsPerEpoch: 9, trainedEpochs: 10)?.contains("still rising") == true)
  }

  @Test func earlyStoppingCutsASchedule() throws {
    let cosine = try configuration(["epochs": 20])
    #expect(try cosine.scheduleRemark(stepsPerEpoch: 9, trainedEpochs: 20) == nil)
    let stopped = try cosine.scheduleRemark(stepsPerEpoch: 9, trainedEpochs: 5)
    #expect(stopped?.hasPrefix("training stopped after 5 of 20 epochs, which cut the schedule off at ") == true)
    let constant = try configuration(["epochs": 20, "schedule": "constant"])
    #expect(try constant.scheduleRemark(stepsPerEpoch: 9, trainedEpochs: 5) == nil)
  }
}
