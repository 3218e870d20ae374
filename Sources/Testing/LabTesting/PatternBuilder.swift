import LabCore
import LabGraph

/// Builds a small network for a sample, and collects the operands that it needs on the way.
///
/// The network is built once to learn its operands, and again in each graph that the sample is used in.
public final class PatternBuilder {
  /// The graph's builder.
  public let builder: GraphBuilder
  /// The parameters so far, in order of declaration.
  public private(set) var parameters: [Tensor] = []
  private var collected: [SampleOperand] = []
  private let given: [Tensor]?
  private var next = 0
  private let isDifferentiable: Bool

  private init(_ builder: GraphBuilder, given: [Tensor]?, isDifferentiable: Bool) {
    self.builder = builder
    self.given = given
    self.isDifferentiable = isDifferentiable
  }

  /// Makes a sample of a network on an image.
  ///
  /// - Parameters:
  ///   - operation: the group of patterns.
  ///   - variation: the pattern.
  ///   - image: the shape `[N, C, H, W]` of the network's input.
  ///   - isTrainingStep: whether the body differentiates by itself, so that the sample's operands are not.
  ///   - body: makes the network's results.
  static func sample(
    _ operation: String, _ variation: String, image: Shape, isTrainingStep: Bool = false,
    _ body: @escaping @Sendable (PatternBuilder, Tensor) throws -> [Tensor]
  ) -> OperationSample {
    @Sendable func build(_ pattern: PatternBuilder) throws -> [Tensor] {
      try body(pattern, pattern.operand(isTrainingStep ? .fixed(image) : .tensor(image)))
    }
    let rehearsal = PatternBuilder(GraphBuilder(), given: nil, isDifferentiable: !isTrainingStep)
    // A body that fails here fails again, and then visibly, when the sample is used.
    _ = try? build(rehearsal)
    return OperationSample(operation, variation, rehearsal.collected) { builder, operands in
      try build(PatternBuilder(builder, given: operands, isDifferentiable: !isTrainingStep))
    }
  }

  /// Declares an operand of the sample.
  func operand(_ operand: SampleOperand) throws -> Tensor {
    defer { next += 1 }
    let tensor: Tensor
    if let given {
      guard given.indices.contains(next), given[next].type == operand.type else {
        throw GraphError.invalid(path: builder.path, problem: "the pattern's operands differ from its rehearsal's")
      }
      tensor = given[next]
    } else {
      collected.append(operand)
      tensor =
        switch operand.placement {
        case .input: try builder.input("operand\(next)", operand.shape, operand.type.element)
        case .variable(let role): try builder.variable(named: "operand\(next)", operand.shape, role: role)
        }
    }
    if operand.placement == .variable(.parameter) { parameters.append(tensor) }
    return tensor
  }

  /// A trained variable of Glorot's scale.
  func weight(_ shape: Shape, fanIn: Int) throws -> Tensor {
    let bound = (3 / Double(fanIn)).squareRoot()
    var weight = SampleOperand.parameter(shape, .uniform(-bound, bound))
    weight.isDifferentiable = isDifferentiable
    return try operand(weight)
  }

  /// A convolution with "same" padding.
  func convolution(
    _ x: Tensor, _ outputs: Int, kernel: Int = 3, stride: Int = 1, groups: Int = 1, hasBias: Bool = false
  ) throws -> Tensor {
    let inputs = x.shape[1] / groups
    let weight = try weight([outputs, inputs, kernel, kernel], fanIn: inputs * kernel * kernel)
    let geometry = ConvolutionGeometry(stride: stride, padding: kernel / 2, groups: groups)
    let bias = hasBias ? [try self.weight([outputs], fanIn: 3)] : []
    return try builder.apply(Convolution2D(geometry), [x, weight] + bias)[0]
  }

  /// Batch normalisation that updates its running statistics.
  func norm(_ x: Tensor) throws -> Tensor {
    let channels: Shape = [x.shape[1]]
    var scale = SampleOperand.parameter(channels, .uniform(0.5, 1.5))
    scale.isDifferentiable = isDifferentiable
    let operands = [
      x, try operand(scale), try weight(channels, fanIn: 3), try operand(.state(channels, .uniform(-0.1, 0.1))),
      try operand(.state(channels, .uniform(0.5, 2))),
    ]
    let results = try builder.apply(BatchNormalization(), operands)
    try builder.update(operands[3], to: results[3])
    try builder.update(operands[4], to: results[4])
    return results[0]
  }

  /// Group normalisation in four groups, or in one where the channels do not divide.
  func groupNorm(_ x: Tensor) throws -> Tensor {
    let channels = x.shape[1]
    var scale = SampleOperand.parameter([channels], .uniform(0.5, 1.5))
    scale.isDifferentiable = isDifferentiable
    let operands = [x, try operand(scale), try weight([channels], fanIn: 3)]
    return try builder.apply(GroupNormalization(groups: channels % 4 == 0 ? 4 : 1), operands)[0]
  }

  /// An activation.
  func activation(_ x: Tensor, _ function: Activation.Function = .relu) throws -> Tensor {
    try builder.apply(Activation(function), x)
  }

  /// A linear layer with bias.
  func linear(_ x: Tensor, _ outputs: Int) throws -> Tensor {
    let weight = try weight([outputs, x.shape[1]], fanIn: x.shape[1])
    let product = try builder.apply(MatrixProduct(transposesRight: true), x, weight)
    return try builder.apply(Binary(.add), product, self.weight([outputs], fanIn: 3))
  }

  /// An omni-dimensional dynamic 3×3 convolution with its attention branch.
  func dynamicConvolution(_ x: Tensor, _ outputs: Int, kernels: Int) throws -> Tensor {
    let inputs = x.shape[1]
    let pooled = try builder.apply(Reduction(.mean, axes: [2, 3]), x)
    let image = try builder.apply(Reshape([x.shape[0], inputs, 1, 1]), pooled)
    let hidden = try activation(norm(convolution(image, 8, kernel: 1)))
    func attention(_ width: Int) throws -> Tensor {
      let logits = try convolution(hidden, width, kernel: 1, hasBias: true)
      let vector = try builder.apply(Reshape([x.shape[0], width]), logits)
      return try builder.apply(Unary(.affine(factor: 0.5, offset: 0)), vector)
    }
    var attentions: DynamicAttentions = [.spatial, .channel, .filter]
    var operands = [x, try weight([kernels, outputs, inputs, 3, 3], fanIn: inputs * 9)]
    if kernels > 1 {
      attentions.insert(.kernel)
      operands.append(try builder.apply(Softmax(), attention(kernels)))
    }
    for width in [9, inputs, outputs] { operands.append(try activation(attention(width), .sigmoid)) }
    let geometry = ConvolutionGeometry(stride: 1, padding: 1)
    return try builder.apply(DynamicConvolution2D(geometry, attentions: attentions), operands)[0]
  }
}
