import LabCore
import LabGraph

/// A convolution of a model, whose channels, filters and kernels can be taken out.
public struct ConvolutionLayer: Hashable, Sendable {
  /// The path of the layer, such as `layer1.0.conv1`.
  public let path: String
  /// The number of kernels that a dynamic convolution mixes; nil for one of another kind.
  public let kernels: Int?
  /// The number of filters.
  public let filters: Int
  /// The number of input channels.
  public let channels: Int
  /// The number of groups that channels and filters are divided into.
  public let groups: Int
  let weight: String
  let bias: String?
  /// The number of taps of a window.
  let taps: Int
  /// The place in the graph of the first node that reads its weights.
  let node: Int

  /// The layer of a node; nil where it is no convolution with weights of its own.
  ///
  /// Weights of fewer dimensions, such as those of an attention over neighboring channels, have no filters.
  ///
  /// Weights that a layer reshapes from fewer dimensions, as attention over neighbors does, are none of filters.
  init?(_ node: Graph.Node, at index: Int, of graph: Graph) {
    // Kernels without an attention over them are added before they are read.
    func variable(_ value: ValueID) -> Variable? {
      switch graph.values[value.index].origin {
      case .variable(let place): return graph.variables[place]
      case .node(let index, _):
        let node = graph.nodes[index]
        return node.operation is Reduction || node.operation is Reshape ? variable(node.inputs[0]) : nil
      default: return nil
      }
    }
    guard node.inputs.count > 1, let weight = variable(node.inputs[1]) else { return nil }
    var shape = weight.type.shape.dimensions
    guard shape.count == 4 || shape.count == 5 else { return nil }
    kernels = shape.count == 5 ? shape.removeFirst() : nil
    switch node.operation {
    case let operation as Convolution2D: groups = operation.geometry.groups
    case let operation as DynamicConvolution2D: groups = operation.geometry.groups
    default: return nil
    }
    self.weight = weight.name
    self.node = index
    path = weight.name.hasSuffix(".weight") ? String(weight.name.dropLast(".weight".count)) : node.path
    // That of a dynamic convolution is added behind it, under the layer's own name.
    bias = graph.variable(path + ".bias")?.name
    filters = shape[0]
    channels = shape[1] * groups
    taps = shape[2] * shape[3]
  }
}

/// A channel, a filter or a kernel of a convolution.
public struct WeightSlice: Hashable, Sendable {
  /// What is taken out of a convolution.
  public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    /// The weights of an input channel in all filters.
    case channel
    /// The weights of a filter, and its bias.
    case filter
    /// The weights of one of the kernels that a dynamic convolution mixes.
    case kernel
  }

  /// What it is.
  public let kind: Kind
  /// The convolution.
  public let layer: ConvolutionLayer
  /// Its number, from 0.
  public let index: Int

  /// All slices of a kind that a convolution has.
  public static func all(_ kind: Kind, of layer: ConvolutionLayer) -> [WeightSlice] {
    let count =
      switch kind {
      case .channel: layer.channels
      case .filter: layer.filters
      case .kernel: layer.kernels ?? 0
      }
    return (0..<count).map { WeightSlice(kind: kind, layer: layer, index: $0) }
  }

  /// The names of the variables that it is a part of.
  var variables: [String] { [layer.weight] + (kind == .filter ? [layer.bias].compactMap { $0 } : []) }

  /// Sets its numbers to zero.
  ///
  /// - Parameters:
  ///   - elements: a variable's numbers, row by row.
  ///   - name: the variable's name.
  func clear(_ elements: inout [Float], of name: String) {
    guard name == layer.weight else { return elements[index] = 0 }
    let width = layer.channels / layer.groups
    let row = width * layer.taps
    for kernel in 0..<(layer.kernels ?? 1) {
      for filter in 0..<layer.filters {
        let first = (kernel * layer.filters + filter) * row
        switch kind {
        case .kernel where kernel == index, .filter where filter == index:
          for place in first..<first + row { elements[place] = 0 }
        case .channel where filter / (layer.filters / layer.groups) == index / width:
          for place in 0..<layer.taps { elements[first + index % width * layer.taps + place] = 0 }
        default: continue
        }
      }
    }
  }
}
