import LabCore
import LabGraph

/// A sample's graph, with the names under which a backend's caller finds everything.
///
/// Operands are inputs or variables `operandN`, results are outputs `resultN`. Gradients, where asked for, are outputs
/// `gradientN` of the sum of all results times the inputs `upstreamN`.
public struct SampleGraph {
  /// The sample.
  public let sample: OperationSample
  /// The graph.
  public let graph: Graph
  /// The results' shapes.
  public let resultShapes: [Shape]
  /// The operands that have a gradient output.
  public let differentiated: [Int]
  /// The numbers of each operand.
  public let operandNumbers: [[Double]]
  /// The numbers that each result is multiplied by in the scalar that is differentiated.
  public let upstreamNumbers: [[Double]]

  /// Builds a sample's graph.
  ///
  /// - Parameters:
  ///   - sample: the sample.
  ///   - operands: the operands to differentiate with respect to; none for the forward pass alone.
  /// - Throws: what the sample's builder throws.
  public init(_ sample: OperationSample, differentiating operands: [Int] = []) throws {
    let builder = GraphBuilder()
    var tensors: [Tensor] = []
    for (index, operand) in sample.operands.enumerated() {
      let name = sample.operandName(index)
      switch operand.placement {
      case .input: tensors.append(try builder.input(name, operand.shape, operand.type.element))
      case .variable(let role):
        tensors.append(try builder.variable(named: name, operand.shape, role: role))
      }
    }
    let results = try builder.scope("sample") { try sample.build(builder, tensors) }
    for (index, result) in results.enumerated() { try builder.output("result\(index)", result) }
    var differentiated: [Int] = []
    if !operands.isEmpty {
      var terms: [Tensor] = []
      for (index, result) in results.enumerated() {
        let upstream = try builder.input("upstream\(index)", result.shape)
        let product = try builder.apply(Binary(.multiply), result, upstream)
        terms.append(try builder.apply(Reduction(.sum, axes: Array(0..<result.shape.rank)), product))
      }
      var loss = terms[0]
      for term in terms.dropFirst() { loss = try builder.apply(Binary(.add), loss, term) }
      let gradients = try builder.gradients(of: loss, withRespectTo: operands.map { tensors[$0] })
      for (operand, gradient) in zip(operands, gradients) {
        guard let gradient else { continue }
        try builder.output("gradient\(operand)", gradient)
        differentiated.append(operand)
      }
    }
    self.sample = sample
    graph = builder.graph
    resultShapes = results.map(\.shape)
    operandNumbers = sample.operandNumbers()
    upstreamNumbers = results.enumerated().map { sample.upstreamNumbers($0, shape: $1.shape) }
    self.differentiated = differentiated
  }

  /// Writes every operand and upstream number.
  ///
  /// - Throws: what the backend throws.
  public func fill(_ session: any Session, _ executable: any Executable) throws {
    for (index, numbers) in operandNumbers.enumerated() {
      let name = sample.operandName(index)
      switch (sample.operands[index].placement, sample.operands[index].type.element) {
      case (.variable, _):
        try session.write(name, numbers.map { Float($0) })
      case (.input, .float32):
        _ = try executable.floatInput(name).update(fromContentsOf: numbers.map { Float($0) })
      case (.input, .int32):
        _ = try executable.integerInput(name).update(fromContentsOf: numbers.map { Int32($0) })
      }
    }
    for (index, numbers) in upstreamNumbers.enumerated() where graph.input("upstream\(index)") != nil {
      _ = try executable.floatInput("upstream\(index)").update(fromContentsOf: numbers.map { Float($0) })
    }
  }

  /// The names of the results.
  public var resultNames: [String] { resultShapes.indices.map { "result\($0)" } }
  /// The names of the gradients.
  public var gradientNames: [String] { differentiated.map { "gradient\($0)" } }
  /// The names of the variables that a run updates.
  public var updatedNames: [String] { graph.updates.map { graph.variables[$0.variable].name } }
}
