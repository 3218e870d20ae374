import CLabKernels
import Foundation
import Testing

@Suite struct RowTests {
  static let shapes = [(3, 4), (5, 10), (2, 43), (1, 1), (2, 1000)]

  static func softmax(_ row: [Double]) -> [Double] {
    let maximum = row.max() ?? 0
    let exponentials = row.map { exp($0 - maximum) }
    let sum = exponentials.reduce(0, +)
    return exponentials.map { $0 / sum }
  }

  static func rows<T>(_ values: [T], _ columns: Int) -> [[T]] {
    stride(from: 0, to: values.count, by: columns).map { Array(values[$0..<$0 + columns]) }
  }

  @Test(arguments: Instructions.available, shapes.indices)
  func softmaxAndItsGradient(on instructions: Instructions, case index: Int) throws {
    let (rows, columns) = Self.shapes[index]
    var random = TestRandom("softmax")
    let x = random.floats(rows * columns, scale: 20)
    let upstream = random.floats(rows * columns)
    let source = GuardedBuffer(x)
    let upstreamBuffer = GuardedBuffer(upstream)
    let y = GuardedBuffer<Float>(overwritten: x.count)
    try instructions.kernels.softmax(rows, columns, source.pointer, y.pointer)
    let expected = Self.rows(x.map(Double.init), columns).map(Self.softmax)
    // The difference to the maximum, up to 40, has a rounding error that the exponential turns into a relative one.
    expectClose(y.values, expected.flatMap { $0 }, relative: 3e-6, absolute: 1e-37)
    let dx = GuardedBuffer<Float>(overwritten: x.count)
    try instructions.kernels.softmaxGradient(rows, columns, upstreamBuffer.pointer, y.pointer, dx.pointer)
    let gradient = zip(expected, Self.rows(upstream.map(Double.init), columns)).flatMap { p, g in
      let mean = zip(p, g).reduce(0) { $0 + $1.0 * $1.1 }
      return zip(p, g).map { $0 * ($1 - mean) }
    }
    expectClose(dx.values, gradient, relative: 1e-6, absolute: 5e-7)
    #expect(y.isWithinMargins && dx.isWithinMargins)
  }

  /// The losses that are tested.
  struct Loss: Sendable, CustomTestStringConvertible {
    var focal: Bool
    var first, second: Float

    var kernelLoss: LabLoss {
      focal
        ? LabLoss(function: LAB_FOCAL, labelSmoothing: 0, alpha: first, gamma: second)
        : LabLoss(function: LAB_CROSS_ENTROPY, labelSmoothing: first, alpha: 0, gamma: 0)
    }
    var weighted: Bool
    var testDescription: String { "\(focal ? "focal" : "cross entropy") \(first) \(second)" }

    static let all = [
      Loss(focal: false, first: 0, second: 0, weighted: false),
      Loss(focal: false, first: 0.1, second: 0, weighted: true),
      Loss(focal: true, first: 0.25, second: 2, weighted: false),
      Loss(focal: true, first: 1, second: 0, weighted: false),
      Loss(focal: true, first: 0.5, second: 0.5, weighted: true),
    ]

    /// The loss of one row, without the class weight.
    func value(_ logits: [Double], _ label: Int) -> Double {
      let maximum = logits.max() ?? 0
      let logSum = maximum + log(logits.reduce(0) { $0 + exp($1 - maximum) })
      let own = logSum - logits[label]
      if focal {
        let others = logits.indices.filter { $0 != label }.reduce(0) { $0 + exp(logits[$1] - logSum) }
        return Double(first) * pow(others, Double(second)) * own
      }
      let uniform = logits.reduce(0) { $0 + (logSum - $1) } / Double(logits.count)
      return (1 - Double(first)) * own + Double(first) * uniform
    }

    /// The gradient by the formula for `-log p` and its factor, written out per logit.
    func gradient(_ logits: [Double], _ label: Int) -> [Double] {
      let p = RowTests.softmax(logits)
      return p.indices.map { c in
        let isLabel = c == label ? 1.0 : 0
        guard focal else {
          return p[c] - (1 - Double(first)) * isLabel - Double(first) / Double(p.count)
        }
        let q = p.indices.filter { $0 != label }.reduce(0) { $0 + p[$1] }
        let gamma = Double(second)
        let steep = q > 0 ? gamma * pow(q, gamma - 1) * p[label] * log(p[label]) : 0
        let slope = Double(first) * (steep - pow(q, gamma))
        return slope * (c == label ? q : -p[c])
      }
    }
  }

  @Test(arguments: Instructions.available, Loss.all)
  func lossesAndTheirGradients(on instructions: Instructions, loss: Loss) throws {
    for (rows, classes) in [(4, 10), (3, 43), (2, 2), (2, 200)] {
      for scale: Float in [1, 15] {
        try check(instructions.kernels, loss, rows: rows, classes: classes, scale: scale)
      }
    }
  }

  func check(_ kernels: LabKernels, _ loss: Loss, rows: Int, classes: Int, scale: Float) throws {
    var random = TestRandom("loss")
    let logits = random.floats(rows * classes, scale: scale)
    // The first row's label is its largest logit: a confident, correct prediction.
    let best = try #require(logits[..<classes].indices.max { logits[$0] < logits[$1] })
    let labels = (0..<rows).map { Int32($0 == 0 ? best : $0 * 7 % classes) }
    let weights = random.floats(classes).map { $0 + 1.5 }
    let upstream = random.floats(rows)
    let x = GuardedBuffer(logits)
    let weightBuffer = GuardedBuffer(weights)
    let upstreamBuffer = GuardedBuffer(upstream)
    let losses = GuardedBuffer<Float>(overwritten: rows)
    let gradient = GuardedBuffer<Float>(overwritten: logits.count)
    let weightPointer = loss.weighted ? weightBuffer.pointer : nil
    kernels.classificationLoss(
      rows, classes, loss.kernelLoss, x.pointer, labels, weightPointer, losses.pointer)
    kernels.classificationLossGradient(
      rows, classes, loss.kernelLoss, upstreamBuffer.pointer, x.pointer, labels, weightPointer,
      gradient.pointer)
    var expectedLosses: [Double] = []
    var expectedGradient: [Double] = []
    for (row, values) in Self.rows(logits.map(Double.init), classes).enumerated() {
      let label = Int(labels[row])
      let weight = loss.weighted ? Double(weights[label]) : 1
      expectedLosses.append(weight * loss.value(values, label))
      expectedGradient += loss.gradient(values, label).map { $0 * weight * Double(upstream[row]) }
    }
    expectClose(losses.values, expectedLosses, relative: 1e-6, absolute: 1e-9)
    expectClose(gradient.values, expectedGradient, relative: 1e-6, absolute: 1e-9)
    #expect(losses.isWithinMargins && gradient.isWithinMargins)
  }

  @Test(arguments: Instructions.available) func certainPredictionHasFiniteGradient(on instructions: Instructions) throws
  {
    let x = GuardedBuffer<Float>([200, 0, 0])
    let upstream = GuardedBuffer<Float>([1])
    let gradient = GuardedBuffer<Float>(overwritten: 3)
    for gamma: Float in [0.5, 1, 2] {
      try instructions.kernels.classificationLossGradient(
        1, 3, LabLoss(function: LAB_FOCAL, labelSmoothing: 0, alpha: 0.25, gamma: gamma), upstream.pointer, x.pointer,
        [0], nil, gradient.pointer)
      #expect(gradient.values == [0, 0, 0], "gamma \(gamma)")
    }
  }

  @Test(arguments: Instructions.available) func notANumberSpreadsOverTheRow(on instructions: Instructions) throws {
    let x = GuardedBuffer<Float>([1, .nan, 2, 1, 2, 3])
    let y = GuardedBuffer<Float>(overwritten: 6)
    try instructions.kernels.softmax(2, 3, x.pointer, y.pointer)
    #expect(y.values[..<3].allSatisfy { $0.isNaN } && y.values[3...].allSatisfy { $0.isFinite })
  }
}
