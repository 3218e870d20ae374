import LabCore

/// A model as a table of its layers.
public struct LayerTable: Sendable {
  /// One layer.
  public struct Layer: Sendable, Hashable {
    /// Where the layer is in the model, such as `layer1.0.conv1`.
    public var path: String
    /// What it does, such as `conv 3×3, stride 2`.
    public var operation: String
    /// The shape of its output for one batch.
    public var outputShape: Shape
    /// The number of trainable parameters.
    public var parameterCount: Int
    /// The multiply-adds of one image's forward pass.
    public var multiplyAdds: Int
    /// The size of its output in bytes.
    public var activationBytes: Int

    /// Creates a layer.
    public init(
      path: String, operation: String, outputShape: Shape, parameterCount: Int, multiplyAdds: Int, activationBytes: Int
    ) {
      self.path = path
      self.operation = operation
      self.outputShape = outputShape
      self.parameterCount = parameterCount
      self.multiplyAdds = multiplyAdds
      self.activationBytes = activationBytes
    }
  }

  /// The model's name.
  public var modelName: String
  /// The shape of its input.
  public var inputShape: Shape
  /// The layers in the order of execution.
  public var layers: [Layer]

  /// Creates a table.
  public init(modelName: String, inputShape: Shape, layers: [Layer]) {
    self.modelName = modelName
    self.inputShape = inputShape
    self.layers = layers
  }

  /// The layers with their totals, as a table for any format.
  public var table: ReportTable {
    let parameters = layers.reduce(0) { $0 + $1.parameterCount }
    let multiplyAdds = layers.reduce(0) { $0 + $1.multiplyAdds }
    let activations = layers.reduce(0) { $0 + $1.activationBytes }
    let rows = layers.map { layer in
      ReportTable.Row(
        [
          .init(layer.path.isEmpty ? "(network)" : layer.path, values: [.string(layer.path)]), .string(layer.operation),
          .init(shapeText(layer.outputShape), values: [.array(layer.outputShape.dimensions.map(JSONValue.integer))]),
        ] + counts(layer.parameterCount, layer.multiplyAdds, layer.activationBytes))
    }
    let total = ReportTable.Row(
      [.string("total"), .init("", values: [.null]), .init("", values: [.null])]
        + counts(parameters, multiplyAdds, activations), isTotal: true)
    return ReportTable(
      kind: "layers", title: modelName,
      subtitle: "input \(shapeText(inputShape)) · \(NumberText.count(parameters)) parameters"
        + " · \(NumberText.count(multiplyAdds)) multiply-adds · \(NumberText.bytes(activations)) of activations",
      columns: [
        .init("layer", fields: ["path"], wraps: true),
        .init("operation", fields: ["operation"], priority: 1, wraps: true),
        .init(
          "output", fields: ["output_shape"], alignment: .right, priority: 2, legend: "shape of the layer's output"),
        .init(
          "parameters", fields: ["parameters"], alignment: .right, legend: "trainable parameters"),
        .init(
          "multiply-", "adds", fields: ["multiply_adds"], alignment: .right,
          legend: "multiply-adds of one image's forward pass"),
        .init(
          "activation", fields: ["activation_bytes"], alignment: .right, priority: 3,
          legend: "size of the layer's output"),
      ], rows: rows + [total],
      metadata: [
        "model": .string(modelName), "input_shape": .array(inputShape.dimensions.map(JSONValue.integer)),
      ])
  }

  private func counts(_ parameters: Int, _ multiplyAdds: Int, _ activationBytes: Int) -> [ReportTable.Cell] {
    // A layer without parameters or arithmetic shows nothing rather than a column of zeros.
    [
      .init(parameters == 0 ? "" : NumberText.grouped(parameters), values: [.integer(parameters)]),
      .init(multiplyAdds == 0 ? "" : NumberText.grouped(multiplyAdds), values: [.integer(multiplyAdds)]),
      .init(NumberText.bytes(activationBytes), values: [.integer(activationBytes)]),
    ]
  }

  private func shapeText(_ shape: Shape) -> String {
    shape.dimensions.isEmpty ? "scalar" : shape.dimensions.map(String.init).joined(separator: "×")
  }
}
