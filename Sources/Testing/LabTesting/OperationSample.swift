import LabCore
import LabGraph

/// A small graph around one operation, for gradient checks and for comparing backends.
public struct OperationSample: Sendable, CustomStringConvertible {
  /// Makes the sample's nodes from its operands, and returns the results to compare.
  public typealias Build = @Sendable (_ builder: GraphBuilder, _ operands: [Tensor]) throws -> [Tensor]

  /// The name of the operation that the sample is about, or of the pattern of operations.
  public var operation: String
  /// What sets this sample apart from the operation's others.
  public var variation: String
  /// The operands.
  public var operands: [SampleOperand]
  /// Makes the nodes.
  public var build: Build

  /// Creates a sample of a graph.
  public init(
    _ operation: String, _ variation: String, _ operands: [SampleOperand], build: @escaping Build
  ) {
    self.operation = operation
    self.variation = variation
    self.operands = operands
    self.build = build
  }

  /// Creates a sample of a single node, whose results are all compared.
  public init(_ operation: some Operation, _ variation: String, _ operands: [SampleOperand]) {
    self.init(type(of: operation).name, variation, operands) { builder, tensors in
      try builder.apply(operation, tensors)
    }
  }

  /// The operation and the variation.
  public var description: String { "\(operation): \(variation)" }

  /// The name of an operand in the graph.
  public func operandName(_ index: Int) -> String { "operand\(index)" }

  /// The numbers of each operand.
  public func operandNumbers() -> [[Double]] {
    operands.enumerated().map { $1.numbers(name: "\(description)/\($0)") }
  }

  /// The numbers by which each result is multiplied in the scalar that is differentiated.
  public func upstreamNumbers(_ index: Int, shape: Shape) -> [Double] {
    SampleOperand.fixed(shape).numbers(name: "\(description)/upstream\(index)")
  }
}
