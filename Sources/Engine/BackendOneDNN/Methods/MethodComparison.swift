import LabGraph

/// One pass of a convolution by itself, run by one method after the other.
struct MethodComparison {
  private static let leastRounds = 3
  private static let mostRounds = 15
  private static let secondsOfRounds = 0.25

  let node: Graph.Node
  let graph: Graph
  /// Whether the pass is one of a step in reduced precision.
  let isBFloat16: Bool
  let backend: OneDNNBackend
  let options: SessionOptions

  /// The processor seconds of each method's fastest run, of the convolution alone.
  func seconds() throws -> [ConvolutionMethod: Double] {
    let isolated = try graph.isolating(node, stage: isBFloat16 ? .backward : .forward)
    var options = options
    options.profiles = true
    let programs = try ConvolutionMethod.measured.map { method in
      (method, try prepared(isolated, backend.makeSession(options, choosing: .fixed(method))))
    }
    for (_, program) in programs { _ = try convolutionSeconds(program) }
    var fastest: [ConvolutionMethod: Double] = [:]
    let clock = ContinuousClock()
    let start = clock.now
    for round in 0..<MethodComparison.mostRounds {
      if round >= MethodComparison.leastRounds,
        clock.now - start >= .seconds(MethodComparison.secondsOfRounds)
      {
        break
      }
      for (method, program) in programs {
        fastest[method] = min(fastest[method] ?? .infinity, try convolutionSeconds(program))
      }
    }
    return fastest
  }

  /// Compiles the pass and gives it numbers: memory that nobody has written is in no cache and takes no room.
  private func prepared(_ graph: Graph, _ session: OneDNNSession) throws -> any Executable {
    let program = try session.compile(graph)
    for variable in graph.variables {
      try session.write(variable.name, [Float](repeating: 0.5, count: variable.type.shape.elementCount))
    }
    for (name, _) in graph.inputs { try program.floatInput(name).update(repeating: 0.5) }
    return program
  }

  /// One run without what surrounds the convolution: changes of its operands' layout.
  private func convolutionSeconds(_ program: any Executable) throws -> Double {
    try program.run()
    let kinds = program.takeProfile().byKind
    let counted: [KernelKind] = [
      .convolutionForward, .convolutionInputGradient, .convolutionWeightGradient, .dynamicWeights,
    ]
    return counted.reduce(0) { $0 + (kinds[$1] ?? 0) }
  }
}

extension Graph {
  /// A node alone: the variables that it reads stay variables, its other operands become inputs.
  fileprivate func isolating(_ node: Node, stage: Stage) throws -> Graph {
    let builder = GraphBuilder()
    // Only programs with a backward stage are steps, which reduce the precision where that is wanted.
    builder.stage = stage
    var operands: [ValueID: Tensor] = [:]
    for value in node.inputs where operands[value] == nil {
      let type = type(of: value)
      if case .variable(let index) = values[value.index].origin {
        operands[value] = try builder.variable(named: variables[index].name, type.shape, role: .parameter)
      } else {
        operands[value] = try builder.input("operand\(value.index)", type.shape, type.element)
      }
    }
    for (index, result) in try builder.apply(node.operation, node.inputs.map { operands[$0]! }).enumerated() {
      try builder.output("result\(index)", result)
    }
    return builder.graph
  }
}
