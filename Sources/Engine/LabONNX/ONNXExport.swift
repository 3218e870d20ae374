import Foundation
import LabCore
import LabGraph

/// A model's file in ONNX: what a graph computes from its input for batches of any size, with its weights.
///
/// Only what the output depends on is exported, as single-precision numbers under the names of the `state_dict`.
public struct ONNXExport {
  /// What is exported, and with what.
  public struct Source {
    /// The name of the graph's input, images `[N, C, H, W]`.
    public var input: String
    /// The name of the graph's output.
    public var output: String
    /// The elements of every variable that the output depends on, by name.
    public var weights: [String: NamedTensor]
    /// The numbers of the graph's other inputs, which the model keeps.
    public var scalars: [String: Float]
    /// How images become the graph's input within the model; nil where it takes the graph's input as it is.
    public var intake: ImageIntake?
    /// What the model's file says of itself, by key.
    public var metadata: [String: String]
    /// The version of the program that writes it.
    public var producerVersion: String

    /// Names what is exported.
    public init(
      input: String, output: String, weights: [NamedTensor], scalars: [String: Float] = [:],
      intake: ImageIntake? = nil, metadata: [String: String] = [:], producerVersion: String = ""
    ) {
      self.input = input
      self.output = output
      self.weights = Dictionary(weights.map { ($0.name, $0) }) { first, _ in first }
      self.scalars = scalars
      self.intake = intake
      self.metadata = metadata
      self.producerVersion = producerVersion
    }
  }

  /// The file.
  public let data: Data
  /// The number of operators.
  public let nodeCount: Int
  /// The bytes of the weights within.
  public let weightByteCount: Int
  /// The names of the graph's variables that the output does not depend on, which are left out.
  public let unusedVariables: [String]

  /// Exports a model for batches of any size.
  ///
  /// - Parameters:
  ///   - source: what is exported.
  ///   - graph: builds the graph for a number of images.
  /// - Throws: ``ONNXError`` where something has no form in ONNX, and what `graph` throws.
  public init(_ source: Source, graph: (_ batchSize: Int) throws -> Graph) throws {
    // Two sizes tell which extents are multiples of the batch; with 1, an extent might be left out.
    let (small, large) = (try graph(2), try graph(3))
    try self.init(source, graph: small, extents: BatchExtents(small, batch: 2, large, otherBatch: 3))
  }

  private init(_ source: Source, graph: Graph, extents: BatchExtents) throws {
    let writer = ONNXGraphWriter(graph, extents: extents)
    guard let input = graph.input(source.input), let output = graph.output(source.output) else {
      throw ONNXError.missing(name: source.input, problem: "the graph has no such input, or no output \(source.output)")
    }
    var model = try writer.model(from: input, to: output, source)
    model.metadata = source.metadata
    model.producer.version = source.producerVersion
    let message = model.message
    guard message.byteCount <= ONNXModel.maximumByteCount else { throw ONNXError.size(byteCount: message.byteCount) }
    data = message.data
    nodeCount = model.nodes.count
    weightByteCount = writer.weightByteCount
    unusedVariables = writer.unusedVariables
  }

  /// Exports a graph as it is: every input and output under its name, every extent fixed.
  ///
  /// - Parameters:
  ///   - graph: the graph.
  ///   - weights: the elements of its variables.
  /// - Throws: ``ONNXError`` where something has no form in ONNX.
  package static func data(of graph: Graph, weights: [NamedTensor]) throws -> Data {
    try ONNXGraphWriter(graph, extents: BatchExtents(fixed: graph)).model(weights: weights).message.data
  }
}
