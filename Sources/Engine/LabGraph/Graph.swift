import LabCore

/// Identifies a value of one graph.
public struct ValueID: Hashable, Sendable, Comparable {
  /// The position in ``Graph/values``.
  public let index: Int

  /// Creates an identifier from a position.
  public init(_ index: Int) { self.index = index }

  /// The order of creation.
  public static func < (left: ValueID, right: ValueID) -> Bool { left.index < right.index }
}

/// A tensor that outlives a step: a parameter, a running statistic, an optimiser's moment.
public struct Variable: Sendable, Hashable {
  /// What the variable is for.
  public enum Role: String, Sendable, Codable {
    /// Trained by the optimiser.
    case parameter
    /// Written by the forward pass, such as running statistics; part of a state_dict.
    case buffer
    /// Belongs to the optimiser; no part of a state_dict.
    case optimizerState
  }

  /// The name in the PyTorch state_dict convention, such as `layer1.0.conv1.weight`.
  public var name: String
  /// The shape and element type.
  public var type: TensorType
  /// What the variable is for.
  public var role: Role
  /// The value that reads it.
  public var value: ValueID
}

/// A network, or a whole training step, as a static-shape graph of operations.
///
/// Nodes stand in topological order. Values are dense and NCHW; physical layouts belong to executors.
/// A graph is immutable once built by a ``GraphBuilder``; passes make new graphs.
public struct Graph: Sendable {
  /// Where a value comes from.
  public enum Origin: Sendable, Hashable {
    /// Written by the caller before each run.
    case input(name: String)
    /// Read from a variable at the start of a run.
    case variable(index: Int)
    /// The same numbers in every run.
    case constant([Float])
    /// The output of a node.
    case node(index: Int, output: Int)
  }

  /// One tensor of the graph.
  public struct Value: Sendable {
    /// The shape and element type.
    public var type: TensorType
    /// Where it comes from.
    public var origin: Origin
  }

  /// The part of a training step that a node belongs to.
  public enum Stage: String, Sendable, Codable {
    case forward, backward, update
  }

  /// One application of an operation.
  public struct Node: Sendable {
    /// What is computed.
    public var operation: any Operation
    /// The operands.
    public var inputs: [ValueID]
    /// The results.
    public var outputs: [ValueID]
    /// The layer's path, such as `layer1.0.conv1`.
    public var path: String
    /// The part of the step.
    public var stage: Stage

    /// Creates a node.
    public init(
      operation: any Operation, inputs: [ValueID], outputs: [ValueID], path: String, stage: Stage
    ) {
      self.operation = operation
      self.inputs = inputs
      self.outputs = outputs
      self.path = path
      self.stage = stage
    }
  }

  /// A variable's value at the end of the step.
  public struct Update: Sendable {
    /// The position in ``Graph/variables``.
    public var variable: Int
    /// The new value; every reader of the old one comes before its producer, or is its producer.
    public var value: ValueID
  }

  /// Every value, by ``ValueID/index``.
  public package(set) var values: [Value] = []
  /// The operations in an order in which they can be executed.
  public package(set) var nodes: [Node] = []
  /// The variables that the graph reads or writes.
  public package(set) var variables: [Variable] = []
  /// The values that the caller provides, by name, in order of declaration.
  public package(set) var inputs: [(name: String, value: ValueID)] = []
  /// The values that the caller may read after a run, by name.
  public package(set) var outputs: [(name: String, value: ValueID)] = []
  /// The variables' new values.
  public package(set) var updates: [Update] = []

  /// Creates an empty graph.
  public init() {}

  /// The type of a value.
  public func type(of value: ValueID) -> TensorType { values[value.index].type }
  /// The shape of a value.
  public func shape(of value: ValueID) -> Shape { values[value.index].type.shape }
  /// The value of a named input.
  public func input(_ name: String) -> ValueID? { inputs.first { $0.name == name }?.value }
  /// The value of a named output.
  public func output(_ name: String) -> ValueID? { outputs.first { $0.name == name }?.value }
  /// The variable of a name.
  public func variable(_ name: String) -> Variable? { variables.first { $0.name == name } }

  /// For each value the nodes that read it, in order; a node that reads a value twice is listed twice.
  public func consumers() -> [[Int]] {
    var consumers = [[Int]](repeating: [], count: values.count)
    for (index, node) in nodes.enumerated() {
      for input in node.inputs { consumers[input.index].append(index) }
    }
    return consumers
  }
}
