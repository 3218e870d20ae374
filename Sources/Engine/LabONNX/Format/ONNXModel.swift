import Foundation
import LabCore

/// A model as its file holds it: nodes in an order in which they can be computed, with the numbers that they start from.
///
/// - Source: onnx.ai/onnx/repo-docs/IR.html; the numbers of the fields are those of `onnx.proto`.
struct ONNXModel {
  /// The version of operators, of which no later one is needed: the first whose `Resize` does not skip pixels.
  static let operatorSetVersion = 18
  /// The version of the format in which that version of operators came.
  private static let formatVersion = 8
  /// What a file in this format can hold.
  static let maximumByteCount = Int(Int32.max)

  /// What the program that wrote the model is called.
  var producer = (name: "labrun", version: "")
  /// The name of the graph.
  var name = "model"
  var nodes: [ONNXNode] = []
  var initializers: [ONNXTensor] = []
  var inputs: [ONNXPort] = []
  var outputs: [ONNXPort] = []
  /// What is known about the model, by key.
  var metadata: [String: String] = [:]

  var message: ProtobufMessage {
    var graph = ProtobufMessage()
    for node in nodes { graph.add(1, node.message) }
    graph.add(2, name)
    for initializer in initializers { graph.add(5, initializer.message) }
    for input in inputs { graph.add(11, input.message) }
    for output in outputs { graph.add(12, output.message) }
    var operators = ProtobufMessage()
    operators.add(1, "")
    operators.add(2, Self.operatorSetVersion)
    var model = ProtobufMessage()
    model.add(1, Self.formatVersion)
    model.add(2, producer.name)
    model.add(3, producer.version)
    model.add(7, graph)
    model.add(8, operators)
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      var entry = ProtobufMessage()
      entry.add(1, key)
      entry.add(2, value)
      model.add(14, entry)
    }
    return model
  }
}

/// An operator with its attributes.
struct ONNXNode {
  var type: String
  var name: String
  var inputs: [String]
  var outputs: [String]
  var attributes: [(name: String, value: ONNXAttribute)]

  var message: ProtobufMessage {
    var message = ProtobufMessage()
    for input in inputs { message.add(1, input) }
    for output in outputs { message.add(2, output) }
    message.add(3, name)
    message.add(4, type)
    for attribute in attributes { message.add(5, attribute.value.message(name: attribute.name)) }
    return message
  }
}

/// A value of an operator's attribute.
public enum ONNXAttribute: Hashable, Sendable {
  case integer(Int)
  case integers([Int])
  case number(Float)
  case text(String)

  func message(name: String) -> ProtobufMessage {
    var message = ProtobufMessage()
    message.add(1, name)
    switch self {
    case .number(let number):
      message.add(2, number)
      message.add(20, 1)
    case .integer(let integer):
      message.add(3, integer)
      message.add(20, 2)
    case .text(let text):
      message.add(4, text)
      message.add(20, 3)
    case .integers(let integers):
      for integer in integers { message.add(8, integer) }
      message.add(20, 7)
    }
    return message
  }
}

/// Numbers with a name.
struct ONNXTensor: Hashable {
  enum Elements: Hashable {
    case floats([Float])
    case integers([Int64])
  }

  var name: String
  var shape: Shape
  var elements: Elements

  var message: ProtobufMessage {
    var message = ProtobufMessage()
    for extent in shape.dimensions { message.add(1, extent) }
    switch elements {
    case .floats(let numbers):
      message.add(2, ONNXElement.float32.rawValue)
      message.add(8, name)
      message.addBytes(9, of: numbers)
    case .integers(let integers):
      message.add(2, ONNXElement.int64.rawValue)
      message.add(8, name)
      message.addBytes(9, of: integers)
    }
    return message
  }
}

/// The types of elements, by the numbers that the format has for them.
enum ONNXElement: Int {
  case float32 = 1
  case uint8 = 2
  case int32 = 6
  case int64 = 7
  case float64 = 11
}

/// An input or output of a model; extents that are free have a name.
struct ONNXPort {
  enum Extent {
    case fixed(Int)
    case free(String)
  }

  var name: String
  var element: ONNXElement
  var extents: [Extent]

  var message: ProtobufMessage {
    var shape = ProtobufMessage()
    for extent in extents {
      var dimension = ProtobufMessage()
      switch extent {
      case .fixed(let count): dimension.add(1, count)
      case .free(let name): dimension.add(2, name)
      }
      shape.add(1, dimension)
    }
    var tensor = ProtobufMessage()
    tensor.add(1, element.rawValue)
    tensor.add(2, shape)
    var type = ProtobufMessage()
    type.add(1, tensor)
    var message = ProtobufMessage()
    message.add(1, name)
    message.add(2, type)
    return message
  }
}
