import LabCore
import LabNN
import Testing

@Suite struct ScheduleTests {
  @Test func ratesAreThoseOfPyTorchsSchedulers() throws {
    let cases = try #require(try Fixture.json("schedules").arrayValue)
    #expect(cases.count >= 12)
    for fixture in cases {
      let name = try #require(fixture["name"]?.stringValue)
      let rates = try #require(fixture["rates"]).doubles
      let stepsPerEpoch = try #require(fixture["steps_per_epoch"]?.integerValue)
      let scalar = try OptimizationConfiguration(configuration: try #require(fixture["configuration"]))
        .learningRateScalar()
      for (step, expected) in rates.enumerated() {
        let found = scalar.value(
          at: StepPosition(step: step, stepsPerEpoch: stepsPerEpoch, totalSteps: rates.count))
        #expect(abs(found - expected) <= 1e-9 * 0.1, "\(name), step \(step): \(found) instead of \(expected)")
      }
    }
  }

  @Test func stepsBehindTheEndKeepTheLastRate() throws {
    for variant in ScheduleFamily.variants {
      let schedule = try ScheduleFamily.component(.string(variant.name))
      let last = schedule.factor(step: 100, totalSteps: 100, stepsPerEpoch: 10)
      #expect(schedule.factor(step: 1000, totalSteps: 100, stepsPerEpoch: 10) == last, "\(variant.name)")
      #expect(last.isFinite && last >= 0)
    }
  }

  @Test func emptyAndOneStepRunsHaveFiniteRates() throws {
    for variant in ScheduleFamily.variants {
      let scalar = LearningRate(
        base: 1, schedule: try ScheduleConfiguration(configuration: .string(variant.name)),
        warmup: Warmup(.epochs(5)))
      for total in [0, 1] {
        let rate = scalar.value(at: StepPosition(step: 0, stepsPerEpoch: total, totalSteps: total))
        #expect(rate.isFinite, "\(variant.name), \(total) steps: \(rate)")
      }
    }
  }

  @Test func temperatureFallsLinearlyToOne() {
    let annealing = TemperatureAnnealing()
    func temperature(_ step: Int) -> Double {
      annealing.value(at: StepPosition(step: step, stepsPerEpoch: 20, totalSteps: 2000))
    }
    #expect(temperature(0) == 30)
    #expect(temperature(100) == 15.5)
    #expect(abs(temperature(199) - (1 + 29.0 / 200)) < 1e-12)
    #expect(temperature(200) == 1)
    #expect(temperature(1999) == 1)
    #expect(TemperatureAnnealing(initial: 30, epochs: 0).isAlwaysOne)
    #expect(TemperatureAnnealing(initial: 1, epochs: 10).isAlwaysOne)
    #expect(!annealing.isAlwaysOne)
  }

  @Test func aDescentsLengthCanBeAShareOfTheTraining() {
    let annealing = TemperatureAnnealing(length: .share(0.1))
    func temperature(_ step: Int) -> Double {
      annealing.value(at: StepPosition(step: step, stepsPerEpoch: 20, totalSteps: 200))
    }
    #expect(temperature(0) == 30 && temperature(10) == 15.5 && temperature(20) == 1 && temperature(199) == 1)
    #expect(TemperatureAnnealing(length: .share(0)).isAlwaysOne && !annealing.isAlwaysOne)
    // Ten of a hundred epochs are a tenth of the training, bit for bit.
    for step in [0, 1, 77, 199, 200, 1999] {
      let position = StepPosition(step: step, stepsPerEpoch: 20, totalSteps: 2000)
      #expect(annealing.value(at: position) == TemperatureAnnealing().value(at: position))
    }
  }

  @Test func aDescentThatDoesNotFitTheTrainingIsRemarkedUpon() {
    func remark(_ epochs: Int, _ annealing: TemperatureAnnealing = TemperatureAnnealing()) -> String? {
      annealing.remark(until: StepPosition(step: 94 * epochs, stepsPerEpoch: 94, totalSteps: 94 * epochs))
    }
    #expect(
      remark(4)
        == "the attentions' temperature falls from 30 to 1 in 10 epochs and the training has 4 epochs, so that it ends at "
        + "18.4 and the attentions stay near uniform")
    #expect(remark(10)?.contains("hardly any time to follow it") == true)
    #expect(remark(12)?.contains("hardly any time") == true)
    #expect(remark(13) == nil && remark(100) == nil)
    #expect(remark(1, TemperatureAnnealing(initial: 1)) == nil)
    #expect(remark(1, TemperatureAnnealing(length: .share(0.1))) == nil)
    #expect(remark(1, TemperatureAnnealing(length: .share(1)))?.contains("the training has 1 epoch,") == true)
    // A training that stopped early.
    let stopped = StepPosition(step: 94 * 5, stepsPerEpoch: 94, totalSteps: 94 * 100)
    #expect(TemperatureAnnealing().remark(until: stopped)?.contains("ends at 15.5") == true)
  }

  @Test func dropsBehindTheEndAreRemarkedUpon() throws {
    func remark(_ epochs: Int, milestones: [Double]? = nil, every: Double? = nil) -> String? {
      StepSchedule(milestones: milestones, everyEpochs: every, gamma: 0.1).remark(epochs: epochs)
    }
    #expect(
      remark(10, milestones: [5, 10, 20.5])
        == "the learning rate is to drop after epochs 10, 20.5 and the training has 10 epochs, so that it does not drop "
        + "there")
    #expect(remark(30, milestones: [10, 20]) == nil && remark(10) == nil && remark(10, every: 3) == nil)
    #expect(remark(10, every: 10)?.contains("never drops") == true)
    for variant in ScheduleFamily.variants {
      #expect(try ScheduleFamily.component(.string(variant.name)).remark(epochs: 1) == nil)
    }
  }

  @Test func movingAveragesWarmUp() {
    func share(_ configuration: MovingAverageConfiguration, _ step: Int) -> Double {
      MovingAverageShare(configuration).value(at: StepPosition(step: step, stepsPerEpoch: 1, totalSteps: 1))
    }
    #expect(share(MovingAverageConfiguration(decay: 0.99), 0) == 0.9)
    #expect(share(MovingAverageConfiguration(decay: 0.99), 1_000_000) == 1 - 0.99)
    #expect(share(MovingAverageConfiguration(decay: 0.99, warmsUp: false), 0) == 1 - 0.99)
  }
}
