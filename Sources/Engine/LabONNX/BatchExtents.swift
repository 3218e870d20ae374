import LabCore
import LabGraph

/// An extent of a value in a model whose batch may be of any size.
public enum ONNXExtent: Hashable, Sendable {
  /// The same for every batch.
  case fixed(Int)
  /// As many times the images of the batch.
  case batch(multiple: Int)

  /// The extent, where it is the same for every batch.
  public var fixedValue: Int? { if case .fixed(let value) = self { value } else { nil } }

  /// Compares an extent for batches of two sizes.
  ///
  /// - Throws: ``ONNXError/batch(path:problem:)`` where it depends on them otherwise than by a multiple.
  init(_ extent: Int, batch: Int, _ other: Int, otherBatch: Int, path: String) throws {
    guard extent != other else {
      self = .fixed(extent)
      return
    }
    guard extent % batch == 0, extent / batch * otherBatch == other else {
      throw ONNXError.batch(
        path: path,
        problem:
          "an extent is \(extent) for \(batch) images and \(other) for \(otherBatch), which is no multiple of them")
    }
    self = .batch(multiple: extent / batch)
  }
}

/// Which extents of a graph's values depend on the batch, found by comparing the graphs for batches of two sizes.
struct BatchExtents {
  private let extents: [[ONNXExtent]]
  /// The sizes of the two batches.
  let sizes: (Int, Int)
  /// Each node's operation in the graph for the other batch.
  let counterparts: [any LabGraph.Operation]

  /// Takes a graph whose extents are all the same for every batch.
  init(fixed graph: Graph) {
    sizes = (1, 1)
    counterparts = graph.nodes.map(\.operation)
    extents = graph.values.map { $0.type.shape.dimensions.map(ONNXExtent.fixed) }
  }

  /// Compares the graphs for batches of two sizes.
  ///
  /// - Throws: ``ONNXError/batch(path:problem:)`` where they differ in more than multiples of the batch.
  init(_ graph: Graph, batch: Int, _ other: Graph, otherBatch: Int) throws {
    guard graph.values.count == other.values.count, graph.nodes.count == other.nodes.count,
      zip(graph.nodes, other.nodes).allSatisfy({
        type(of: $0.operation) == type(of: $1.operation) && $0.inputs == $1.inputs && $0.outputs == $1.outputs
      })
    else {
      throw ONNXError.batch(path: "", problem: "its graph has other operations for another size of the batch")
    }
    sizes = (batch, otherBatch)
    counterparts = other.nodes.map(\.operation)
    extents = try zip(graph.values, other.values).map { value, otherValue in
      let (shape, otherShape) = (value.type.shape, otherValue.type.shape)
      let isConstant = if case .constant = value.origin { true } else { false }
      guard shape.rank == otherShape.rank, !isConstant || value.origin == otherValue.origin else {
        throw ONNXError.batch(
          path: Self.path(of: value, in: graph), problem: "a value of it has another form for each size of the batch")
      }
      return try zip(shape.dimensions, otherShape.dimensions).map {
        try ONNXExtent($0, batch: batch, $1, otherBatch: otherBatch, path: Self.path(of: value, in: graph))
      }
    }
  }

  /// The extents of a value.
  subscript(value: ValueID) -> [ONNXExtent] { extents[value.index] }

  private static func path(of value: Graph.Value, in graph: Graph) -> String {
    if case .node(let index, _) = value.origin { graph.nodes[index].path } else { "" }
  }
}
