import CLabKernels
import Testing

@Suite struct StridedTests {
  /// Visits all positions of some dimensions in row-major order.
  static func forEachPosition(_ dims: [Int], _ body: (_ index: Int, _ position: [Int]) -> Void) {
    var position = [Int](repeating: 0, count: dims.count)
    for index in 0..<dims.reduce(1, *) {
      body(index, position)
      for d in dims.indices.reversed() {
        position[d] += 1
        if position[d] < dims[d] { break }
        position[d] = 0
      }
    }
  }

  static func denseStrides(_ dims: [Int]) -> [Int] {
    dims.indices.map { dims[($0 + 1)...].reduce(1, *) }
  }

  static func offset(_ position: [Int], _ strides: [Int]) -> Int {
    zip(position, strides).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// The strides of an operand whose dimensions of size 1 are repeated.
  static func broadcastStrides(_ dims: [Int]) -> [Int] {
    zip(dims, denseStrides(dims)).map { $0 == 1 ? 0 : $1 }
  }

  static let broadcasts: [(dims: [Int], a: [Int], b: [Int])] = [
    ([2, 3, 37], [2, 3, 37], [2, 3, 37]), ([2, 3, 37], [2, 3, 37], [1, 3, 1]), ([2, 3, 37], [1, 3, 1], [2, 3, 37]),
    ([2, 3, 37], [2, 1, 37], [1, 3, 1]), ([4, 5], [4, 1], [1, 5]), ([7], [1], [1]), ([], [], []),
    ([2, 1, 3, 1, 5, 4], [2, 1, 1, 1, 5, 1], [1, 1, 3, 1, 1, 4]), ([3, 0, 2], [3, 0, 2], [1, 1, 2]),
  ]

  @Test(arguments: Instructions.available, broadcasts.indices)
  func binaryBroadcasts(on instructions: Instructions, case index: Int) throws {
    let (dims, aDims, bDims) = Self.broadcasts[index]
    var random = TestRandom("broadcast")
    let a = GuardedBuffer(random.floats(aDims.reduce(1, *)))
    let b = GuardedBuffer(random.floats(bDims.reduce(1, *)))
    let (aStrides, bStrides) = (Self.broadcastStrides(aDims), Self.broadcastStrides(bDims))
    for function in [LAB_ADD, LAB_SUBTRACT, LAB_MULTIPLY, LAB_DIVIDE] {
      var expected = [Double](repeating: 0, count: dims.reduce(1, *))
      Self.forEachPosition(dims) { index, position in
        let left = Double(a.pointer[Self.offset(position, aStrides)])
        let right = Double(b.pointer[Self.offset(position, bStrides)])
        switch function {
        case LAB_ADD: expected[index] = left + right
        case LAB_SUBTRACT: expected[index] = left - right
        case LAB_MULTIPLY: expected[index] = left * right
        default: expected[index] = left / right
        }
      }
      let y = GuardedBuffer<Float>(overwritten: expected.count)
      try instructions.kernels.binaryStrided(
        dims.count, dims, function, a.pointer, aStrides, b.pointer, bStrides, y.pointer)
      expectClose(y.values, expected, relative: 1e-7, absolute: 0, describe(dims, function.rawValue))
      #expect(y.isWithinMargins)
    }
  }

  /// Copies described by the result's dimensions and the source's strides.
  static let copies: [(dims: [Int], xStrides: [Int], xCount: Int)] = [
    ([2, 3, 40], [120, 40, 1], 240),  // dense
    ([2, 37, 21], [777, 1, 37], 1554),  // transposed matrices
    ([33, 18, 2], [1, 33, 594], 1188),  // reversed dimensions
    ([2, 3, 2, 9], [54, 9, 27, 1], 108),  // channel shuffle
    ([4, 19], [0, 1], 19), ([4, 19], [1, 0], 4),  // broadcast
    ([3, 5], [20, 2], 60),  // every second element
    ([], [], 1), ([2, 0], [1, 1], 2),
  ]

  @Test(arguments: Instructions.available, copies.indices)
  func copiesByStrides(on instructions: Instructions, case index: Int) throws {
    let (dims, xStrides, xCount) = Self.copies[index]
    var random = TestRandom("copy")
    let x = GuardedBuffer(random.floats(xCount))
    // Densely, and into every third element of a larger tensor.
    for spacing in [1, 3] {
      let count = dims.reduce(1, *)
      let yStrides = Self.denseStrides(dims).map { $0 * spacing }
      var expected = [Float](repeating: 9, count: count * spacing)
      Self.forEachPosition(dims) { _, position in
        expected[Self.offset(position, yStrides)] = x.pointer[Self.offset(position, xStrides)]
      }
      let y = GuardedBuffer([Float](repeating: 9, count: count * spacing))
      try instructions.kernels.copyStrided(dims.count, dims, x.pointer, xStrides, y.pointer, yStrides)
      #expect(y.values == expected, "\(dims) by \(xStrides)")
      #expect(y.isWithinMargins)
    }
  }
}
