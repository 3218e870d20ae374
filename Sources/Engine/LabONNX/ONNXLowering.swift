import LabCore
import LabGraph

/// An operation that has a form in ONNX.
///
/// What only training does has none. A program's own operation gets one by conforming to this.
public protocol ONNXOperation: LabGraph.Operation {
  /// Whether attributes may be others for another size of the batch, which the form then has to compare by
  /// ``ONNXLowering/counterpart(of:)``. Without, a model where they are is refused.
  static var comparesAttributes: Bool { get }

  /// Adds the nodes that compute the results.
  ///
  /// - Returns: one value for each result; nil for one that the form does not compute.
  /// - Throws: ``ONNXError/unsupported(operation:path:problem:)`` where these attributes or operands have no form.
  func lower(_ lowering: ONNXLowering) throws -> [ONNXValue?]
}

extension ONNXOperation {
  /// Attributes are the same for every batch.
  public static var comparesAttributes: Bool { false }
}

/// What an operation's form in ONNX is made with.
public struct ONNXLowering {
  /// The operands.
  public let inputs: [ONNXValue]
  /// The operands' extents.
  public let inputExtents: [[ONNXExtent]]
  /// The results' extents.
  public let outputExtents: [[ONNXExtent]]
  /// The layer's path.
  public let path: String
  /// The images of the batch that the operation is for.
  public let batchSize: Int
  /// The images of the batch that the operation's counterpart is for.
  public let otherBatchSize: Int
  let counterpart: any LabGraph.Operation
  let builder: ONNXGraphBuilder

  // MARK: Adding

  /// Adds a node.
  ///
  /// - Parameters:
  ///   - type: the operator of ONNX.
  ///   - inputs: its operands; nil for an optional one that is left out.
  ///   - attributes: what differs from the operator's defaults.
  /// - Returns: its first result.
  public func add(
    _ type: String, _ inputs: ONNXValue?..., attributes: [String: ONNXAttribute] = [:]
  ) -> ONNXValue {
    add(type, inputs, attributes: attributes)
  }

  /// Adds a node.
  ///
  /// - Returns: its first result.
  public func add(
    _ type: String, _ inputs: [ONNXValue?], attributes: [String: ONNXAttribute] = [:]
  ) -> ONNXValue {
    builder.node(type, inputs, attributes, path: path)[0]
  }

  /// Adds a node with several results.
  public func add(
    _ type: String, _ inputs: [ONNXValue?], attributes: [String: ONNXAttribute] = [:], outputCount: Int
  ) -> [ONNXValue] {
    builder.node(type, inputs, attributes, path: path, outputCount: outputCount)
  }

  /// Adds integers that never change: shapes, axes, positions.
  public func constant(_ integers: [Int]) -> ONNXValue {
    builder.constant(.integers(integers.map(Int64.init)), [integers.count])
  }

  /// Adds numbers that never change.
  public func constant(_ numbers: [Float], _ shape: Shape) -> ONNXValue { builder.constant(.floats(numbers), shape) }

  /// Adds a number that never changes.
  public func constant(_ number: Float) -> ONNXValue { constant([number], .scalar) }

  // MARK: Batches

  /// The same operation of the graph for a batch of another size.
  public func counterpart<Own: ONNXOperation>(of operation: Own) -> Own { counterpart as? Own ?? operation }

  /// What an attribute is for batches of any size.
  ///
  /// - Parameters:
  ///   - value: what it is here.
  ///   - other: what it is in the operation's counterpart.
  /// - Throws: ``ONNXError/batch(path:problem:)`` where it is no multiple of the batch.
  public func extent(_ value: Int, _ other: Int) throws -> ONNXExtent {
    try ONNXExtent(value, batch: batchSize, other, otherBatch: otherBatchSize, path: path)
  }

  // MARK: Shapes

  /// The same elements under another shape, in which one extent may be −1: what remains.
  public func reshape(_ value: ONNXValue, to extents: [Int]) -> ONNXValue {
    add("Reshape", value, constant(extents))
  }

  /// The same elements under another shape, whose extents depend on the batch at one axis at most.
  ///
  /// - Throws: ``ONNXError/batch(path:problem:)`` where they do at several.
  public func reshape(_ value: ONNXValue, to extents: [ONNXExtent]) throws -> ONNXValue {
    guard extents.filter({ $0.fixedValue == nil }).count <= 1 else {
      throw ONNXError.batch(path: path, problem: "several extents of a tensor depend on the batch")
    }
    return reshape(value, to: extents.map { $0.fixedValue ?? -1 })
  }

  /// The same elements with new axes of extent 1 at some places of the result.
  public func unsqueeze(_ value: ONNXValue, axes: [Int]) -> ONNXValue {
    add("Unsqueeze", value, constant(axes))
  }

  /// The fixed extents of an operand from an axis on.
  ///
  /// - Throws: ``ONNXError/batch(path:problem:)`` where one depends on the batch.
  public func fixedExtents(of input: Int, from axis: Int) throws -> [Int] {
    try fixed(Array(inputExtents[input].dropFirst(axis)))
  }

  /// Extents that are to be the same for every batch.
  ///
  /// - Throws: ``ONNXError/batch(path:problem:)`` where one depends on the batch.
  public func fixed(_ extents: [ONNXExtent]) throws -> [Int] {
    try extents.map { extent in
      guard let value = extent.fixedValue else {
        throw ONNXError.batch(path: path, problem: "an extent that has to be fixed depends on the batch")
      }
      return value
    }
  }
}
