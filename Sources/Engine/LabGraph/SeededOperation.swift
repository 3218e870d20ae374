/// An operation that draws random numbers, which are those of a run's seed.
///
/// Graphs are built without a seed, so that all runs of a variant share one; ``Graph/seeded(_:)`` gives a run its own.
public protocol SeededOperation: Operation {
  /// The operation that draws the numbers of a seed.
  func seeded(_ seed: UInt64) -> Self
}

extension Graph {
  /// The graph of a run, whose operations draw the numbers of its seed.
  public func seeded(_ seed: UInt64) -> Graph {
    guard nodes.contains(where: { $0.operation is any SeededOperation }) else { return self }
    var graph = self
    for index in nodes.indices {
      guard let operation = nodes[index].operation as? any SeededOperation else { continue }
      graph.nodes[index].operation = operation.seeded(seed)
    }
    return graph
  }
}
