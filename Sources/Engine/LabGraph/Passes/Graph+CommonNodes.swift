import LabCore

extension Graph {
  /// The graph with equal constants and equal nodes (one operation on the same operands) computed once.
  ///
  /// Operations are pure, so this changes no number. A node that stays keeps its place, path and stage.
  public func withoutDuplicates() -> Graph {
    struct Application: Hashable {
      var operation: AnyHashable
      var inputs: [ValueID]
    }
    struct Constant: Hashable {
      var type: TensorType
      // Bit patterns, so that zeros of different sign stay apart.
      var bits: [UInt32]
    }
    var replacement = values.indices.map { ValueID($0) }
    var constants: [Constant: ValueID] = [:]
    for (index, value) in values.enumerated() {
      guard case .constant(let elements) = value.origin else { continue }
      let constant = Constant(type: value.type, bits: elements.map(\.bitPattern))
      replacement[index] = constants[constant] ?? ValueID(index)
      constants[constant] = replacement[index]
    }
    var keepsNode = [Bool](repeating: true, count: nodes.count)
    var firstNode: [Application: Int] = [:]
    for (index, node) in nodes.enumerated() {
      let application = Application(
        operation: AnyHashable(node.operation), inputs: node.inputs.map { replacement[$0.index] })
      guard let first = firstNode[application] else {
        firstNode[application] = index
        continue
      }
      keepsNode[index] = false
      for (output, original) in zip(node.outputs, nodes[first].outputs) { replacement[output.index] = original }
    }
    return rewritten(
      keepsNode: keepsNode, keepsVariable: variables.map { _ in true }, replacement: replacement)
  }
}
