import BackendReference
import LabCore
import LabGraph

/// Compares gradient rules with central finite differences in double precision.
public enum GradientCheck {
  /// A gradient that is not what finite differences say, or a value that is not what the oracle says.
  public struct Failure: Error, CustomStringConvertible {
    /// One sentence: sample, tensor, expected and found.
    public var description: String
  }

  /// Checks the gradients of all differentiable operands of a sample.
  ///
  /// The scalar that is differentiated is the sum of the results times random numbers. Every element of a small
  /// operand is moved; of a large one some elements, and all at once along random directions. Each operand's gradient is
  /// also built alone, which must give the same numbers as building all of them.
  ///
  /// - Parameters:
  ///   - sample: the sample.
  ///   - tolerance: the largest difference, relative to the gradient's largest absolute value.
  /// - Throws: ``Failure``, or what building and running the sample throws.
  public static func check(_ sample: OperationSample, tolerance: Double = 1e-6) throws {
    let operands = sample.operands.indices.filter { sample.operands[$0].isDifferentiable }
    guard !operands.isEmpty else { return }
    let forward = try Evaluation(SampleGraph(sample))
    let numbers = forward.graph.operandNumbers
    let all = try Evaluation(SampleGraph(sample, differentiating: operands))
    try all.run(numbers)
    for operand in operands {
      let shape = sample.operands[operand].shape
      guard all.graph.differentiated.contains(operand) else {
        throw Failure(description: "\(sample): operand \(operand) has no gradient")
      }
      let gradient = try all.executable.readDouble("gradient\(operand)")
      let alone = try Evaluation(SampleGraph(sample, differentiating: [operand]))
      try alone.run(numbers)
      guard try alone.executable.readDouble("gradient\(operand)") == gradient else {
        throw Failure(description: "\(sample): the gradient of operand \(operand) depends on which others are built")
      }
      let scale = max(gradient.reduce(0) { max($0, abs($1)) }, 1e-3)
      for direction in directions(shape, name: "\(sample)/\(operand)") {
        let found = zip(gradient, direction.numbers).reduce(0) { $0 + $1.0 * $1.1 }
        var slopes: [Double] = []
        // Now and then a step crosses a point where some activation has no derivative; a shorter one does not.
        for step in [1e-5, 1e-6, 1e-7] {
          slopes.append(try forward.slope(numbers, operand, direction, step: step))
          if abs(slopes[slopes.count - 1] - found) <= tolerance * scale * direction.norm { break }
          guard slopes.count < 3 else {
            throw Failure(
              description: "\(sample): the gradient of operand \(operand) along \(direction.name) is \(found), "
                + "finite differences say \(slopes)")
          }
        }
      }
    }
  }

  /// A direction in which an operand is moved.
  private struct Direction {
    var name: String
    var numbers: [Double]
    /// How much error along the direction one element's error may cause.
    var norm: Double
  }

  private static func directions(_ shape: Shape, name: String) -> [Direction] {
    let count = shape.elementCount
    let stream = RandomStream(seed: 1, name: name)
    let elements = count <= 48 ? Array(0..<count) : (0..<16).map { stream.integer(below: count, UInt64($0)) }
    var directions = elements.map { element in
      var numbers = [Double](repeating: 0, count: count)
      numbers[element] = 1
      return Direction(name: "element \(element)", numbers: numbers, norm: 1)
    }
    for index in 0..<3 where count > 1 {
      let numbers = (0..<count).map { stream.normal(UInt64($0), UInt64(index + 1)) }
      directions.append(
        Direction(name: "random direction \(index)", numbers: numbers, norm: Double(count).squareRoot()))
    }
    return directions
  }

  /// A sample's graph on the reference backend.
  private struct Evaluation {
    let graph: SampleGraph
    let session: ReferenceSession
    let executable: ReferenceExecutable

    init(_ graph: SampleGraph) throws {
      self.graph = graph
      session = ReferenceBackend().makeReferenceSession()
      executable = try session.compileReference(graph.graph)
      try graph.fill(session, executable)
    }

    func run(_ numbers: [[Double]]) throws {
      for (index, operand) in graph.sample.operands.enumerated() where operand.type.element == .float32 {
        let name = graph.sample.operandName(index)
        switch operand.placement {
        case .input: try executable.writeDouble(name, numbers[index])
        case .variable: try session.writeDouble(name, numbers[index])
        }
      }
      try executable.run()
    }

    /// The results times their random numbers, summed.
    func projection(_ numbers: [[Double]]) throws -> Double {
      try run(numbers)
      var sum = 0.0
      for (index, upstream) in graph.upstreamNumbers.enumerated() {
        sum += zip(try executable.readDouble("result\(index)"), upstream).reduce(0) { $0 + $1.0 * $1.1 }
      }
      return sum
    }

    /// The derivative of the projection when one operand moves in a direction.
    func slope(_ numbers: [[Double]], _ operand: Int, _ direction: Direction, step: Double) throws -> Double {
      func moved(by distance: Double) throws -> Double {
        var numbers = numbers
        numbers[operand] = zip(numbers[operand], direction.numbers).map { $0 + distance * $1 }
        return try projection(numbers)
      }
      return (try moved(by: step) - moved(by: -step)) / (2 * step)
    }
  }
}
