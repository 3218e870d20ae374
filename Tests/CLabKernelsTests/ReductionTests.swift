import CLabKernels
import Testing

@Suite struct ReductionTests {
  static let shapes = [(1, 1, 1), (3, 10, 1), (2, 5000, 1), (3, 7, 5), (2, 9, 37), (1, 1100, 70), (2, 64, 16)]

  @Test(arguments: Instructions.available, shapes.indices)
  func reducesTheMiddle(on instructions: Instructions, case index: Int) throws {
    let (outer, reduced, inner) = Self.shapes[index]
    var random = TestRandom("reduce")
    let values = random.floats(outer * reduced * inner)
    let x = GuardedBuffer(values)
    for function in 0...2 {
      var expected: [Double] = []
      for o in 0..<outer {
        for i in 0..<inner {
          let slice = (0..<reduced).map { Double(values[(o * reduced + $0) * inner + i]) }
          let sum = slice.reduce(0, +)
          expected.append(function == 0 ? sum : function == 1 ? sum / Double(reduced) : slice.max() ?? 0)
        }
      }
      let y = GuardedBuffer<Float>(overwritten: outer * inner)
      try instructions.kernels.reduce(
        outer, reduced, inner, LabReduction(rawValue: UInt32(function)), x.pointer, y.pointer)
      let absolute = function == 0 ? 1e-6 * Double(reduced) : 1e-6
      expectClose(y.values, expected, absolute: absolute, describe(Self.shapes[index], function))
      #expect(y.isWithinMargins)
    }
  }

  @Test(arguments: Instructions.available) func maximumOfNaNIsNaN(on instructions: Instructions) throws {
    for (outer, inner) in [(1, 1), (1, 19)] {
      for position in [0, 15, 16, 33, 39] {
        var values = [Float](repeating: 1, count: 40 * inner)
        values[position * inner] = .nan
        let x = GuardedBuffer(values)
        let y = GuardedBuffer<Float>(overwritten: inner)
        try instructions.kernels.reduce(outer, 40, inner, LAB_MAXIMUM, x.pointer, y.pointer)
        #expect(y.values[0].isNaN, "position \(position)")
        #expect(y.values.dropFirst().allSatisfy { $0 == 1 })
      }
    }
  }

  @Test(arguments: Instructions.available, [0, 3, 16, 1000])
  func sumOfSquaresKeepsDoublePrecision(on instructions: Instructions, count: Int) throws {
    var random = TestRandom("squares")
    let values = random.floats(count, scale: 100)
    let x = GuardedBuffer(values)
    let result = try instructions.kernels.sumOfSquares(count, x.pointer)
    let expected = values.reduce(0.0) { $0 + Double($1) * Double($1) }
    #expect(abs(result - expected) <= 1e-13 * expected)
  }
}
