import LabCore

/// A value of a graph under construction, with the builder that made it, so that layers read like formulas.
public struct Tensor {
  /// The graph's builder.
  public let builder: GraphBuilder
  /// The value.
  public let id: ValueID

  /// Creates a handle on a builder's value.
  public init(builder: GraphBuilder, id: ValueID) {
    self.builder = builder
    self.id = id
  }

  /// The shape and element type.
  public var type: TensorType { builder.graph.type(of: id) }
  /// The shape.
  public var shape: Shape { type.shape }
}

/// Builds a graph node by node; types are inferred, and errors name the layer's path.
public final class GraphBuilder {
  /// The graph so far.
  public private(set) var graph = Graph()
  /// The stage of the nodes that are added next.
  public var stage = Graph.Stage.forward
  private var scopes: [String] = []
  private var variableNames: Set<String> = []

  /// Creates a builder of an empty graph.
  public init() {}

  /// The path of the layer that is being built, such as `layer1.0.conv1`.
  public var path: String { scopes.joined(separator: ".") }

  /// Runs `body` with the path extended by a component; an empty one extends nothing.
  public func scope<R>(_ component: String, _ body: () throws -> R) rethrows -> R {
    guard !component.isEmpty else { return try body() }
    scopes.append(component)
    defer { scopes.removeLast() }
    return try body()
  }

  /// Runs `body` with the path set to a whole other one.
  public func absoluteScope<R>(_ path: String, _ body: () throws -> R) rethrows -> R {
    let saved = scopes
    scopes = path.isEmpty ? [] : [path]
    defer { scopes = saved }
    return try body()
  }

  /// Declares a value that the caller provides before each run.
  ///
  /// - Throws: ``GraphError/name(subject:problem:)`` where an input of this name has another type.
  public func input(_ name: String, _ shape: Shape, _ element: ElementType = .float32) throws -> Tensor {
    if let existing = graph.input(name) {
      guard graph.type(of: existing) == TensorType(shape, element) else {
        throw GraphError.name(subject: name, problem: "an input of this name has another type")
      }
      return Tensor(builder: self, id: existing)
    }
    let tensor = addValue(TensorType(shape, element), .input(name: name))
    graph.inputs.append((name, tensor.id))
    return tensor
  }

  /// Declares a variable under its full name.
  ///
  /// - Throws: ``GraphError/name(subject:problem:)`` where the name is taken.
  public func variable(named name: String, _ shape: Shape, role: Variable.Role) throws -> Tensor {
    guard !variableNames.contains(name) else {
      throw GraphError.name(subject: name, problem: "two variables have this name")
    }
    let index = graph.variables.count
    let tensor = addValue(TensorType(shape), .variable(index: index))
    graph.variables.append(Variable(name: name, type: tensor.type, role: role, value: tensor.id))
    variableNames.insert(name)
    return tensor
  }

  /// Declares a variable of the current layer: its name is the path and a suffix.
  ///
  /// - Throws: ``GraphError/name(subject:problem:)`` where the name is taken.
  public func variable(_ suffix: String, _ shape: Shape, role: Variable.Role = .parameter) throws -> Tensor {
    try variable(named: path.isEmpty ? suffix : path + "." + suffix, shape, role: role)
  }

  /// Adds numbers that never change.
  public func constant(_ elements: [Float], _ shape: Shape) -> Tensor {
    precondition(elements.count == shape.elementCount, "a constant needs one number an element")
    return addValue(TensorType(shape), .constant(elements))
  }

  /// Adds a scalar that never changes.
  public func constant(_ number: Float) -> Tensor { constant([number], .scalar) }

  /// Applies an operation and returns all its results.
  ///
  /// - Throws: ``GraphError`` with the layer's path.
  public func apply(_ operation: some Operation, _ inputs: [Tensor]) throws -> [Tensor] {
    let outputTypes: [TensorType]
    do {
      outputTypes = try operation.outputTypes(for: inputs.map(\.type))
    } catch let error as GraphError {
      throw error.located(at: path)
    }
    let index = graph.nodes.count
    let outputs = outputTypes.enumerated().map { addValue($1, .node(index: index, output: $0)) }
    graph.nodes.append(
      Graph.Node(
        operation: operation, inputs: inputs.map(\.id), outputs: outputs.map(\.id), path: path, stage: stage))
    return outputs
  }

  /// Applies an operation and returns its first result.
  ///
  /// - Throws: ``GraphError`` where the inputs do not fit the operation.
  public func apply(_ operation: some Operation, _ inputs: Tensor...) throws -> Tensor {
    try apply(operation, inputs)[0]
  }

  /// Makes a value readable after each run.
  ///
  /// - Throws: ``GraphError`` where the name is taken.
  public func output(_ name: String, _ tensor: Tensor) throws {
    guard graph.output(name) == nil else {
      throw GraphError.name(subject: name, problem: "two outputs have this name")
    }
    graph.outputs.append((name, tensor.id))
  }

  /// Sets a variable's value at the end of the step.
  ///
  /// - Throws: ``GraphError`` where it is no variable, or one that is updated already, or of another type.
  public func update(_ variable: Tensor, to value: Tensor) throws {
    guard case .variable(let index) = graph.values[variable.id.index].origin else {
      throw GraphError.invalid(path: path, problem: "only a variable can be updated")
    }
    guard variable.type == value.type else {
      throw GraphError.invalid(
        path: path, problem: "\(graph.variables[index].name) is \(variable.type) but its update is \(value.type)")
    }
    guard !graph.updates.contains(where: { $0.variable == index }) else {
      throw GraphError.name(subject: graph.variables[index].name, problem: "the variable is updated twice")
    }
    graph.updates.append(Graph.Update(variable: index, value: value.id))
  }

  private func addValue(_ type: TensorType, _ origin: Graph.Origin) -> Tensor {
    let id = ValueID(graph.values.count)
    graph.values.append(Graph.Value(type: type, origin: origin))
    return Tensor(builder: self, id: id)
  }
}
