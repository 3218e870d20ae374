import LabCore
import LabGraph

/// An operand of an operation sample: its shape, what numbers it holds, and how it enters the graph.
public struct SampleOperand: Sendable {
  /// What numbers an operand holds; all are exact in single precision.
  public enum Values: Sendable, Hashable {
    /// Standard normal numbers.
    case normal
    /// Uniform numbers of a range.
    case uniform(Double, Double)
    /// Uniform numbers of a range, every third of them replaced by zero.
    case uniformWithZeros(Double, Double)
    /// A random order of equally spaced numbers around zero: any two differ by at least the gap.
    case distinct(gap: Double)
    /// Uniform numbers of −8...8 that keep their distance from the places where a function has no derivative.
    case apart(from: [Double], by: Double)
    /// One number, everywhere.
    case number(Double)
    /// Integers below a bound.
    case labels(Int)
    /// One integer, everywhere.
    case integer(Int32)
  }

  /// How an operand enters the graph.
  public enum Placement: Sendable, Hashable {
    /// As an input of the graph.
    case input
    /// As a variable, which executors may keep in a layout of their own.
    case variable(Variable.Role)
  }

  /// The extents.
  public var shape: Shape
  /// What numbers it holds.
  public var values: Values
  /// How it enters the graph.
  public var placement: Placement
  /// Whether the sample's gradient with respect to it is compared.
  public var isDifferentiable: Bool

  /// A float input.
  public static func tensor(_ shape: Shape, _ values: Values = .normal) -> SampleOperand {
    SampleOperand(shape: shape, values: values, placement: .input, isDifferentiable: true)
  }

  /// A float input whose gradient is not asked for.
  public static func fixed(_ shape: Shape, _ values: Values = .normal) -> SampleOperand {
    SampleOperand(shape: shape, values: values, placement: .input, isDifferentiable: false)
  }

  /// A trained variable.
  public static func parameter(_ shape: Shape, _ values: Values = .normal) -> SampleOperand {
    SampleOperand(shape: shape, values: values, placement: .variable(.parameter), isDifferentiable: true)
  }

  /// A variable that is not differentiated: a running statistic or an optimiser's moment.
  public static func state(
    _ shape: Shape, _ values: Values = .normal, role: Variable.Role = .buffer
  ) -> SampleOperand {
    SampleOperand(shape: shape, values: values, placement: .variable(role), isDifferentiable: false)
  }

  /// A scalar input that is not differentiated.
  public static func scalar(_ number: Double) -> SampleOperand { fixed(.scalar, .number(number)) }

  /// Integer labels.
  public static func labels(_ count: Int, classes: Int) -> SampleOperand { fixed([count], .labels(classes)) }

  /// The type.
  public var type: TensorType {
    switch values {
    case .labels, .integer: TensorType(shape, .int32)
    default: TensorType(shape)
    }
  }

  /// The numbers, the same for the same name; integers too are returned as doubles.
  public func numbers(name: String) -> [Double] {
    let stream = RandomStream(seed: 0, name: name)
    let count = shape.elementCount
    let numbers: [Double]
    switch values {
    case .normal: numbers = (0..<count).map { stream.normal(UInt64($0)) }
    case .uniform(let low, let high):
      numbers = (0..<count).map { low + (high - low) * Double(stream.uniform(UInt64($0))) }
    case .uniformWithZeros(let low, let high):
      numbers = (0..<count).map { $0 % 3 == 1 ? 0 : low + (high - low) * Double(stream.uniform(UInt64($0))) }
    case .distinct(let gap): numbers = stream.permutation(count: count).map { gap * (Double($0 - count / 2) + 0.5) }
    case .apart(let kinks, let distance):
      numbers = (0..<count).map { index in
        let x = 16 * Double(stream.uniform(UInt64(index))) - 8
        guard let near = kinks.first(where: { abs(x - $0) < distance }) else { return x }
        return x < near ? near - distance : near + distance
      }
    case .number(let number): numbers = [Double](repeating: number, count: count)
    case .labels(let classes):
      return (0..<count).map { Double(stream.integer(below: classes, UInt64($0))) }
    case .integer(let integer): return [Double](repeating: Double(integer), count: count)
    }
    return numbers.map { Double(Float($0)) }
  }
}
