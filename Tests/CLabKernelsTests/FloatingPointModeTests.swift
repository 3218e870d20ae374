import CLabKernels
import Testing

@Suite struct FloatingPointModeTests {
  /// Multiplies by one of the vector kernels, so that nothing is computed before the mode is set.
  private func product(_ x: Float, _ y: Float, _ kernels: LabKernels) -> Float {
    let (a, b) = (GuardedBuffer([Float](repeating: x, count: 16)), GuardedBuffer([Float](repeating: y, count: 16)))
    let result = GuardedBuffer<Float>(overwritten: 16)
    kernels.binaryStrided(1, [16], LAB_MULTIPLY, a.pointer, [1], b.pointer, [1], result.pointer)
    return result.values[3]
  }

  @Test(arguments: Instructions.available)
  func denormalNumbersAreZerosUntilTheModeIsRestored(on instructions: Instructions) throws {
    let kernels = try instructions.kernels
    #expect(product(1e-30, 1e-10, kernels) != 0)
    let denormal = Float.leastNormalMagnitude / 128
    let mode = labFlushDenormals()
    let (result, operand, normal) = (
      product(1e-30, 1e-10, kernels), product(denormal, 1e10, kernels), product(1e-30, 1e-5, kernels)
    )
    labRestoreFloatingPointMode(mode)
    #expect(result == 0, "a denormal result")
    #expect(operand == 0, "a denormal operand")
    #expect(normal != 0)
    #expect(product(1e-30, 1e-10, kernels) != 0)
  }
}
