import CLabKernels
import Testing

@Suite struct UpdateTests {
  static let counts = [1, 16, 77, 130]

  @Test(arguments: Instructions.available, counts) func sgdSteps(on instructions: Instructions, count: Int) throws {
    var random = TestRandom("sgd")
    let (p, g, v) = (random.floats(count), random.floats(count), random.floats(count))
    for (momentum, nesterov) in [(Float(0), false), (0.9, false), (0.9, true)] {
      let parameters = GuardedBuffer(p)
      let velocity = GuardedBuffer(v)
      let gradient = GuardedBuffer(g)
      try instructions.kernels.sgd(
        count, 0.1, momentum, nesterov, 0.01, 0.5, parameters.pointer, gradient.pointer,
        momentum == 0 ? nil : velocity.pointer)
      var expectedParameters: [Double] = []
      var expectedVelocity: [Double] = []
      for i in 0..<count {
        let step = 0.5 * Double(g[i]) + Double(Float(0.01)) * Double(p[i])
        let next = Double(momentum) * Double(v[i]) + step
        expectedVelocity.append(momentum == 0 ? Double(v[i]) : next)
        let direction = momentum == 0 ? step : nesterov ? step + Double(momentum) * next : next
        expectedParameters.append(Double(p[i]) - Double(Float(0.1)) * direction)
      }
      expectClose(parameters.values, expectedParameters, relative: 1e-6, absolute: 1e-7)
      expectClose(velocity.values, expectedVelocity, relative: 1e-6, absolute: 1e-7)
      #expect(parameters.isWithinMargins && velocity.isWithinMargins)
    }
  }

  @Test(arguments: Instructions.available, counts) func adamSteps(on instructions: Instructions, count: Int) throws {
    var random = TestRandom("adam")
    let (p, g, m) = (random.floats(count), random.floats(count), random.floats(count))
    let v = random.floats(count).map { $0 * $0 }
    let (beta1, beta2, epsilon, decay): (Double, Double, Float, Float) = (0.9, 0.999, 1e-3, 0.02)
    for isDecoupled in [false, true] {
      let buffers = [p, g, m, v].map { GuardedBuffer($0) }
      try instructions.kernels.adam(
        count, 0.1, beta1, beta2, epsilon, decay, isDecoupled, 0.271, 0.0297, 0.5, buffers[0].pointer,
        buffers[1].pointer, buffers[2].pointer, buffers[3].pointer)
      var expected: [[Double]] = [[], [], []]
      for i in 0..<count {
        let gradient = 0.5 * Double(g[i]) + (isDecoupled ? 0 : Double(decay) * Double(p[i]))
        let parameter = Double(p[i]) * (isDecoupled ? 1 - Double(Float(0.1)) * Double(decay) : 1)
        let first = beta1 * Double(m[i]) + (1 - beta1) * gradient
        let second = beta2 * Double(v[i]) + (1 - beta2) * gradient * gradient
        let step = Double(Float(0.1)) / Double(Float(0.271)) * first
        let denominator = (second / Double(Float(0.0297))).squareRoot() + Double(epsilon)
        expected[0].append(parameter - step / denominator)
        expected[1].append(first)
        expected[2].append(second)
      }
      for (buffer, expected) in zip([buffers[0], buffers[2], buffers[3]], expected) {
        expectClose(buffer.values, expected, relative: 2e-6, absolute: 1e-6)
        #expect(buffer.isWithinMargins)
      }
    }
  }

  @Test(arguments: Instructions.available, counts)
  func averagesAndAccumulates(on instructions: Instructions, count: Int) throws {
    var random = TestRandom("average")
    let (average, value) = (random.floats(count), random.floats(count))
    let target = GuardedBuffer(average)
    let source = GuardedBuffer(value)
    try instructions.kernels.movingAverage(count, 0.25, target.pointer, source.pointer)
    expectClose(
      target.values, zip(average, value).map { 0.75 * Double($0) + 0.25 * Double($1) }, relative: 1e-6, absolute: 1e-7)
    let sum = GuardedBuffer(average)
    try instructions.kernels.accumulate(count, source.pointer, sum.pointer)
    #expect(sum.values == zip(average, value).map { $0 + $1 })
    #expect(target.isWithinMargins && sum.isWithinMargins)
  }
}
