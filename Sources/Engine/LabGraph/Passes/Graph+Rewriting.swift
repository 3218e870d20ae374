import LabCore

/// What takes the places of a graph's values when it is built anew.
public struct GraphRewriting {
  /// Values that the caller provides instead of computing them, by the names of the inputs that they become.
  public var inputs: [ValueID: String] = [:]
  /// Values in whose places others are read.
  public var substitutes: [ValueID: ValueID] = [:]
  /// What is made of a value before anything reads it; the result has its shape.
  public var transformations: [ValueID: (Tensor) throws -> Tensor] = [:]

  /// Creates a rewriting that changes nothing.
  public init() {}

  /// The value that is read in the place of another.
  fileprivate func resolved(_ value: ValueID) -> ValueID {
    var value = value
    // A value that the caller provides has nothing before it.
    while inputs[value] == nil, let other = substitutes[value] { value = other }
    return value
  }
}

extension Graph {
  /// The part of the graph that some values need, built anew with other values in the places of some.
  ///
  /// Nodes keep their order, their paths and their stages; what nothing reads any more is left out, and so are updates
  /// of variables.
  ///
  /// - Parameters:
  ///   - rewriting: what takes the places of values.
  ///   - outputs: the values that the new graph gives, by their names.
  /// - Throws: ``GraphError`` where a name is taken, where what takes the place of a value has another type, and where
  ///   a substitute would be read before it is computed.
  public func rewritten(
    _ rewriting: GraphRewriting, outputs: [(name: String, value: ValueID)]
  ) throws -> Graph {
    var isNeeded = [Bool](repeating: false, count: values.count)
    var pending = outputs.map { rewriting.resolved($0.value) }
    while let value = pending.popLast() {
      guard !isNeeded[value.index] else { continue }
      isNeeded[value.index] = true
      guard rewriting.inputs[value] == nil, case .node(let node, _) = values[value.index].origin else { continue }
      pending += nodes[node].inputs.map(rewriting.resolved)
    }

    let builder = GraphBuilder()
    var made: [ValueID: Tensor] = [:]
    func define(_ value: ValueID, _ tensor: Tensor) throws {
      guard let transformation = rewriting.transformations[value] else { return made[value] = tensor }
      let result = try transformation(tensor)
      try check(result.type, inThePlaceOf: value, path: builder.path)
      made[value] = result
    }
    for index in values.indices where isNeeded[index] {
      let value = ValueID(index)
      let type = values[index].type
      if let name = rewriting.inputs[value] {
        try define(value, builder.input(name, type.shape, type.element))
        continue
      }
      switch values[index].origin {
      case .input(let name): try define(value, builder.input(name, type.shape, type.element))
      case .variable(let variable):
        try define(
          value, builder.variable(named: variables[variable].name, type.shape, role: variables[variable].role))
      case .constant(let elements): try define(value, builder.constant(elements, type.shape))
      case .node: continue
      }
    }
    func read(_ value: ValueID, path: String) throws -> Tensor {
      let source = rewriting.resolved(value)
      guard let tensor = made[source] else {
        throw GraphError.invalid(path: path, problem: "reads the value %\(source.index) before it is computed")
      }
      try check(tensor.type, inThePlaceOf: value, path: path)
      return tensor
    }
    for node in nodes
    where node.outputs.contains(where: { isNeeded[$0.index] && rewriting.inputs[$0] == nil }) {
      builder.stage = node.stage
      try builder.absoluteScope(node.path) {
        let operands = try node.inputs.map { try read($0, path: node.path) }
        let results = try builder.apply(node.operation, operands)
        for (value, result) in zip(node.outputs, results) where rewriting.inputs[value] == nil {
          try define(value, result)
        }
      }
    }
    for (name, value) in outputs { try builder.output(name, read(value, path: name)) }
    return builder.graph
  }

  private func check(_ found: TensorType, inThePlaceOf value: ValueID, path: String) throws {
    guard found != type(of: value) else { return }
    throw GraphError.invalid(
      path: path, problem: "a value of the type \(type(of: value)) cannot be replaced by \(found)")
  }

  /// The values that all paths between two values go through, in the order in which they are computed.
  ///
  /// A graph can be run up to such a value, and any number of times from there.
  ///
  /// - Parameters:
  ///   - input: the value that the paths start from; it is not among the result.
  ///   - output: the value that they lead to; it is not among the result.
  public func bottlenecks(from input: ValueID, to output: ValueID) -> [ValueID] {
    var depends = [Bool](repeating: false, count: values.count)
    depends[input.index] = true
    for node in nodes where node.inputs.contains(where: { depends[$0.index] }) {
      for result in node.outputs { depends[result.index] = true }
    }
    // The last node that reads each value on the way; the output is read behind all nodes.
    var lastReader = [Int?](repeating: nil, count: values.count)
    lastReader[output.index] = nodes.count
    for (index, node) in nodes.enumerated().reversed()
    where node.outputs.contains(where: { lastReader[$0.index] != nil }) {
      for operand in node.inputs where lastReader[operand.index] == nil { lastReader[operand.index] = index }
    }
    func producer(_ value: ValueID) -> Int {
      if case .node(let node, _) = values[value.index].origin { node } else { -1 }
    }
    // The number of values that are alive behind each node.
    var changes = [Int](repeating: 0, count: nodes.count + 2)
    let alive = values.indices.map(ValueID.init).filter { depends[$0.index] && lastReader[$0.index] != nil }
    for value in alive {
      changes[producer(value) + 1] += 1
      changes[lastReader[value.index]! + 1] -= 1
    }
    var counts = [Int]()
    var count = 0
    for change in changes {
      count += change
      counts.append(count)
    }
    return alive.filter { $0 != input && $0 != output && counts[producer($0) + 1] == 1 }
  }
}
