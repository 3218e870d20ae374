import LabCore

extension Graph: CustomStringConvertible {
  /// The whole graph as text, one line a value or node, for debugging and for comparing graphs.
  public var description: String {
    var lines: [String] = []
    for (name, value) in inputs { lines.append("input %\(value.index) \(name): \(type(of: value))") }
    for variable in variables {
      lines.append("variable %\(variable.value.index) \(variable.name): \(variable.type) \(variable.role.rawValue)")
    }
    for (index, value) in values.enumerated() {
      guard case .constant(let elements) = value.origin else { continue }
      let shown = elements.prefix(4).map { "\($0)" } + (elements.count > 4 ? ["…"] : [])
      lines.append("constant %\(index): \(value.type) = \(shown.joined(separator: ", "))")
    }
    for node in nodes {
      let results = node.outputs.map { "%\($0.index): \(type(of: $0))" }.joined(separator: ", ")
      let operands = node.inputs.map { "%\($0.index)" }.joined(separator: ", ")
      let place = [node.stage.rawValue, node.path].filter { !$0.isEmpty }.joined(separator: " ")
      lines.append("\(place): \(results) = \(node.operation.attributeText)(\(operands))")
    }
    for (name, value) in outputs { lines.append("output \(name) = %\(value.index)") }
    for update in updates { lines.append("update \(variables[update.variable].name) = %\(update.value.index)") }
    return lines.joined(separator: "\n")
  }
}

extension Operation {
  /// The name with the attributes, such as `conv2d[geometry: [stride: 2×2, …]]`.
  public var attributeText: String {
    let attributes = Self.attributes(of: self)
    return attributes.isEmpty ? Self.name : Self.name + "[" + attributes + "]"
  }

  private static func attributes(of subject: Any) -> String {
    Mirror(reflecting: subject).children.compactMap { child in
      child.label.map { "\($0): \(text(of: child.value))" }
    }.joined(separator: ", ")
  }

  private static func text(of value: Any) -> String {
    switch value {
    case let extent as Extent2D: "\(extent.height)×\(extent.width)"
    case let geometry as ConvolutionGeometry: "[" + attributes(of: geometry) + "]"
    case let geometry as PoolingGeometry: "[" + attributes(of: geometry) + "]"
    case let attentions as DynamicAttentions: attentions.description
    default: "\(value)"
    }
  }
}

extension DynamicAttentions: CustomStringConvertible {
  /// The attentions' names, such as `kernel+filter`.
  public var description: String {
    let names = [
      (DynamicAttentions.kernel, "kernel"), (.spatial, "spatial"), (.channel, "channel"), (.filter, "filter"),
    ]
    let present = names.filter { contains($0.0) }.map(\.1)
    return present.isEmpty ? "none" : present.joined(separator: "+")
  }
}
