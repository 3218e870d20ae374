import CLabKernels
import Foundation
import Testing

@Suite struct ElementTests {
  /// Numbers of every size: all exponents with varied mantissas, both signs, zeros, denormals, infinities and NaN.
  static let wideRange: [Float] = {
    var values = stride(from: UInt32(0), to: UInt32.max - 150_000, by: 139_121).map { Float(bitPattern: $0) }
    values += [0, -0.0, .infinity, -.infinity, .nan, .leastNonzeroMagnitude, -.leastNonzeroMagnitude]
    values += [.greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNormalMagnitude, 88.722_83, 88.723, -103.97]
    return values
  }()

  /// Numbers where the functions bend.
  static let moderateRange: [Float] = {
    var random = TestRandom("moderate")
    return random.floats(6_000, scale: 12) + random.floats(2_001, scale: 100) + random.floats(2_000, scale: 0.01)
  }()

  /// The largest errors are below these in units of the result.
  static func tolerance(_ activation: LabActivation) -> Double {
    switch activation {
    case LAB_ACTIVATION_SILU: 3e-7
    case LAB_ACTIVATION_GELU: 4e-7
    default: 2e-7
    }
  }

  @Test(arguments: Instructions.available, allActivations.map(\.rawValue))
  func activationIsAccurate(on instructions: Instructions, activation raw: LabActivation.RawValue) throws {
    let activation = LabActivation(rawValue: raw)
    let values = Self.wideRange + Self.moderateRange
    let x = GuardedBuffer(values)
    let y = GuardedBuffer<Float>(overwritten: values.count)
    try instructions.kernels.activation(values.count, activation, x.pointer, y.pointer)
    // At −∞ the smooth activations are products with a vanishing factor, which IEEE arithmetic leaves undefined.
    let comparable = zip(values, y.values).filter { $0.0 != -.infinity }
    expectClose(
      comparable.map(\.1), comparable.map { referenceActivation(activation, Double($0.0)) },
      relative: Self.tolerance(activation), absolute: 1e-37, describe("activation", raw))
    #expect(y.isWithinMargins)
  }

  @Test(arguments: Instructions.available, allActivations.map(\.rawValue))
  func activationGradientIsExact(on instructions: Instructions, activation raw: LabActivation.RawValue) throws {
    let activation = LabActivation(rawValue: raw)
    let operands = Self.moderateRange
    var random = TestRandom("upstream")
    let upstream = GuardedBuffer(random.floats(operands.count))
    let saved = GuardedBuffer(
      differentiatesFromOutput(activation)
        ? operands.map { Float(referenceActivation(activation, Double($0))) } : operands)
    let dx = GuardedBuffer<Float>(overwritten: operands.count)
    try instructions.kernels.activationGradient(operands.count, activation, upstream.pointer, saved.pointer, dx.pointer)
    let expected = zip(operands, upstream.values).map { Double($1) * referenceDerivative(activation, Double($0)) }
    // The saved result's rounding is part of the absolute error near saturation.
    expectClose(dx.values, expected, relative: 1e-6, absolute: 2.5e-7, describe("gradient", raw))
    #expect(dx.isWithinMargins)
  }

  @Test(arguments: Instructions.available) func activationsPropagateNaN(on instructions: Instructions) throws {
    for activation in allActivations {
      let x = GuardedBuffer([Float](repeating: .nan, count: 37))
      try instructions.kernels.activation(37, activation, x.pointer, x.pointer)
      #expect(x.values.allSatisfy { $0.isNaN }, "activation \(activation.rawValue)")
    }
  }

  static let unaryFunctions: [(LabUnary, @Sendable (Double) -> Double)] = [
    (LAB_NEGATE, { -$0 }), (LAB_EXPONENTIAL, { exp($0) }), (LAB_LOGARITHM, { log($0) }), (LAB_SQUARE, { $0 * $0 }),
    (LAB_SQUARE_ROOT, { $0.squareRoot() }), (LAB_RECIPROCAL, { 1 / $0 }),
    (LAB_RECIPROCAL_SQUARE_ROOT, { 1 / $0.squareRoot() }), (LAB_AFFINE, { 1.5 * $0 - 0.25 }),
  ]

  @Test(arguments: Instructions.available, unaryFunctions.indices)
  func unaryIsAccurate(on instructions: Instructions, function index: Int) throws {
    let (function, reference) = Self.unaryFunctions[index]
    // Near 1 the logarithm vanishes.
    let values = Self.wideRange + Self.moderateRange + Self.moderateRange.map { 1 + $0 * 1e-3 }
    let x = GuardedBuffer(values)
    let y = GuardedBuffer<Float>(overwritten: values.count)
    try instructions.kernels.unary(values.count, function, 1.5, -0.25, x.pointer, y.pointer)
    let isAffine = function == LAB_AFFINE
    expectClose(
      y.values, values.map { reference(Double($0)) }, relative: 2e-7, absolute: isAffine ? 1e-6 : 1e-44,
      describe("function", function.rawValue))
    #expect(y.isWithinMargins)
  }

  @Test(arguments: Instructions.available, [0, 1, 5, 16, 100, 517])
  func binaryWorksInPlace(on instructions: Instructions, count: Int) throws {
    var random = TestRandom("binary")
    let a = random.floats(count)
    let b = random.floats(count)
    let functions: [(LabBinary, (Double, Double) -> Double)] = [
      (LAB_ADD, { $0 + $1 }), (LAB_SUBTRACT, { $0 - $1 }), (LAB_MULTIPLY, { $0 * $1 }), (LAB_DIVIDE, { $0 / $1 }),
    ]
    for (function, reference) in functions {
      let left = GuardedBuffer(a)
      let right = GuardedBuffer(b)
      try instructions.kernels.binary(count, function, left.pointer, right.pointer, left.pointer)
      expectClose(
        left.values, zip(a, b).map { reference(Double($0), Double($1)) }, relative: 1e-7, absolute: 0,
        describe("function", function.rawValue))
      #expect(left.isWithinMargins)
    }
  }
}
