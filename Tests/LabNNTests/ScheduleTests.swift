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
    for entry in ScheduleFamily.registry.entries {
      let schedule = try ScheduleFamily.registry.component(.string(entry.variant.name))
      let last = schedule.factor(step: 100, totalSteps: 100, stepsPerEpoch: 10)
      #expect(schedule.factor(step: 1000, totalSteps: 100, stepsPerEpoch: 10) == last, "\(entry.variant.name)")
      #expect(last.isFinite && last >= 0)
    }
  }

  @Test func emptyAndOneStepRunsHaveFiniteRates() throws {
    for entry in ScheduleFamily.registry.entries {
      let scalar = LearningRate(
        base: 1, schedule: try ScheduleConfiguration(configuration: .string(entry.variant.name)),
        warmup: Warmup(.epochs(5)))
      for total in [0, 1] {
        let rate = scalar.value(at: StepPosition(step: 0, stepsPerEpoch: total, totalSteps: total))
        #expect(rate.isFinite, "\(entry.variant.name), \(total) steps: \(rate)")
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

  @Test func movingAveragesWarmUp() {
    func share(_ configuration: MovingAverageConfiguration, _ step: Int) -> Double {
      MovingAverageShare(configuration).value(at: StepPosition(step: step, stepsPerEpoch: 1, totalSteps: 1))
    }
    #expect(share(MovingAverageConfiguration(decay: 0.99), 0) == 0.9)
    #expect(share(MovingAverageConfiguration(decay: 0.99), 1_000_000) == 1 - 0.99)
    #expect(share(MovingAverageConfiguration(decay: 0.99, warmsUp: false), 0) == 1 - 0.99)
  }
}
