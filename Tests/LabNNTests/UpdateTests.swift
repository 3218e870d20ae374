import BackendOneDNN
import BackendReference
import LabCore
import LabGraph
import LabNN
import Testing

/// Twenty steps of adaptive optimisers and moving averages on given gradients, against PyTorch in double precision.
///
/// The decays are near 1, so that 1 − decay in single precision would make every step too long.
@Suite struct UpdateTests {
  @Test(arguments: ["reference", "oneDNN"])
  func adaptiveStepsAreThoseOfPyTorchInDoublePrecision(_ backend: String) throws {
    let fixture = try Fixture.json("updates")
    let cases = try #require(fixture["cases"]?.objectValue)
    #expect(cases.count >= 6)
    for (name, expected) in cases.sorted(by: { $0.key < $1.key }) {
      let (weights, averages) = try train(fixture, expected, backend)
      for (what, found) in [("final", weights), ("average", averages)] {
        let wanted = try #require(expected[what]).doubles
        let scale = try #require(wanted.map(abs).max())
        let difference = zip(found, wanted).map { abs(Double($0) - $1) }.max() ?? .infinity
        #expect(
          found.count == wanted.count && difference < 1e-6 * scale,
          "\(name) on \(backend): \(what) is off by \(difference / scale)")
      }
    }
  }

  private func train(
    _ fixture: JSONValue, _ settings: JSONValue, _ backend: String
  ) throws -> (weights: [Float], averages: [Float]) {
    func number(_ key: String) throws -> Double { try #require(settings[key]?.doubleValue) }
    let parameters = try #require(fixture["parameters"]).floats
    let gradients = try #require(fixture["gradients"]?.arrayValue).map(\.floats)
    let (beta1, beta2) = (try number("beta1"), try number("beta2"))
    let builder = GraphBuilder()
    let shape: Shape = [parameters.count]
    let states = try ["weight", "first", "second", "average"].map {
      try builder.variable(named: $0, shape, role: $0 == "weight" ? .parameter : .optimizerState)
    }
    let scalars = try ["rate", "correction1", "correction2"].map { try builder.input($0, .scalar) }
    builder.stage = .update
    let operation = AdamUpdate(
      beta1: beta1, beta2: beta2, epsilon: Float(try number("epsilon")),
      weightDecay: Float(try number("weight_decay")), isDecoupled: settings["optimizer"] == "adamw")
    let results = try builder.apply(
      operation,
      [states[0], try builder.input("gradient", shape), states[1], states[2]] + scalars + [builder.constant(1)])
    for (state, result) in zip(states, results) { try builder.update(state, to: result) }
    let share = MovingAverageShare(
      MovingAverageConfiguration(decay: try #require(fixture["decay"]?.doubleValue), warmsUp: false))
    try builder.update(
      states[3],
      to: builder.apply(MovingAverageUpdate(), states[3], results[0], builder.input(share.name, .scalar)))

    let session: any Session =
      backend == "oneDNN"
      ? try OneDNNBackend().makeSession(SessionOptions()) : ReferenceBackend().makeReferenceSession()
    let executable = try session.compile(builder.graph)
    try session.write("weight", parameters)
    for name in ["first", "second", "average"] {
      try session.write(name, [Float](repeating: 0, count: parameters.count))
    }
    for (step, gradient) in gradients.enumerated() {
      let position = StepPosition(step: step, stepsPerEpoch: gradients.count, totalSteps: gradients.count)
      _ = try executable.floatInput("gradient").update(fromContentsOf: gradient)
      try executable.set("rate", Float(try number("learning_rate")))
      try executable.set("correction1", Float(BiasCorrection(.first, beta: beta1).value(at: position)))
      try executable.set("correction2", Float(BiasCorrection(.second, beta: beta2).value(at: position)))
      try executable.set(share.name, Float(share.value(at: position)))
      try executable.run()
    }
    return (try session.read("weight"), try session.read("average"))
  }
}
