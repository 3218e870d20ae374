import LabCore
import LabGraph

/// The network of the golden training runs, built from operations alone.
public struct GoldenNet {
  private let configuration: GoldenTraining.Configuration
  private let imageShape: Shape

  /// The network of a training run.
  public init(_ golden: GoldenTraining) {
    configuration = golden.configuration
    imageShape = golden.imageShape
  }

  /// One training step.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit.
  public func trainingGraph() throws -> Graph {
    let builder = GraphBuilder()
    let logits = try logits(builder, trains: true)
    let labels = try builder.input("labels", [imageShape[0]], .int32)
    let loss: ClassificationLoss.Function =
      configuration.loss == "focal" ? .focal(alpha: 0.25, gamma: 2) : .crossEntropy(labelSmoothing: 0)
    let losses = try builder.apply(ClassificationLoss(loss), logits, labels)
    let mean = try builder.apply(Reduction(.mean, axes: [0]), losses)
    try builder.output("loss", mean)
    let parameters = builder.graph.variables.filter { $0.role == .parameter }
    let tensors = parameters.map { Tensor(builder: builder, id: $0.value) }
    let gradients = try builder.gradients(of: mean, withRespectTo: tensors)
    builder.stage = .update
    for ((variable, tensor), gradient) in zip(zip(parameters, tensors), gradients) {
      guard let gradient else { continue }
      try update(builder, variable.name, tensor, gradient)
    }
    return builder.graph
  }

  /// The network with its running statistics.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit.
  public func evaluationGraph() throws -> Graph {
    let builder = GraphBuilder()
    try builder.output("logits", logits(builder, trains: false))
    return builder.graph
  }

  private func update(_ builder: GraphBuilder, _ name: String, _ parameter: Tensor, _ gradient: Tensor) throws {
    func state(_ suffix: String) throws -> Tensor {
      try builder.variable(named: "\(name)/\(suffix)", parameter.shape, role: .optimizerState)
    }
    let rate = try builder.input("rate", .scalar)
    var variables = [parameter]
    let results: [Tensor]
    if configuration.optimizer == "sgd" {
      variables.append(try state("velocity"))
      results = try builder.apply(
        SGDUpdate(
          momentum: Float(configuration.momentum ?? 0), isNesterov: configuration.nesterov ?? false,
          weightDecay: Float(configuration.weightDecay)),
        [parameter, gradient, variables[1], rate, builder.constant(1)])
    } else {
      variables += [try state("first"), try state("second")]
      let scalars = [
        rate, try builder.input("correction1", .scalar), try builder.input("correction2", .scalar),
        builder.constant(1),
      ]
      results = try builder.apply(
        AdamUpdate(
          beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: Float(configuration.weightDecay),
          isDecoupled: configuration.optimizer == "adamw"), [parameter, gradient, variables[1], variables[2]] + scalars)
    }
    for (variable, result) in zip(variables, results) { try builder.update(variable, to: result) }
  }

  private func logits(_ builder: GraphBuilder, trains: Bool) throws -> Tensor {
    func norm(_ name: String, _ x: Tensor) throws -> Tensor {
      try builder.scope(name) {
        let channels: Shape = [x.shape[1]]
        let operands = [
          x, try builder.variable("weight", channels), try builder.variable("bias", channels),
          try builder.variable("running_mean", channels, role: .buffer),
          try builder.variable("running_var", channels, role: .buffer),
        ]
        guard trains else { return try builder.apply(BatchNormalizationInference(), operands)[0] }
        let results = try builder.apply(BatchNormalization(), operands)
        try builder.update(operands[3], to: results[3])
        try builder.update(operands[4], to: results[4])
        return results[0]
      }
    }
    func convolution(
      _ name: String, _ x: Tensor, _ outputs: Int, kernel: Int, stride: Int = 1, hasBias: Bool = false
    ) throws -> Tensor {
      try builder.scope(name) {
        var operands = [x, try builder.variable("weight", [outputs, x.shape[1], kernel, kernel])]
        if hasBias { operands.append(try builder.variable("bias", [outputs])) }
        return try builder.apply(
          Convolution2D(ConvolutionGeometry(stride: stride, padding: kernel / 2)), operands)[0]
      }
    }
    func relu(_ x: Tensor) throws -> Tensor { try builder.apply(Activation(.relu), x) }
    func dynamic(_ name: String, _ x: Tensor, _ outputs: Int, stride: Int) throws -> Tensor {
      guard configuration.kernels > 0 else { return try convolution(name, x, outputs, kernel: 3, stride: stride) }
      let (batch, inputs) = (x.shape[0], x.shape[1])
      var attentions: DynamicAttentions = [.spatial, .channel, .filter]
      var factors: [Tensor] = []
      try builder.scope("\(name).attention") {
        let pooled = try builder.apply(Reduction(.mean, axes: [2, 3]), x)
        let image = try builder.apply(Reshape([batch, inputs, 1, 1]), pooled)
        let hidden = try relu(norm("bn", convolution("fc", image, max(inputs / 16, 16), kernel: 1)))
        func attention(_ name: String, _ width: Int) throws -> Tensor {
          let wide = try convolution(name, hidden, width, kernel: 1, hasBias: true)
          return try builder.apply(Reshape([batch, width]), wide)
        }
        if configuration.kernels > 1 {
          attentions.insert(.kernel)
          factors.append(try builder.apply(Softmax(), attention("kernel_fc", configuration.kernels)))
        }
        for (name, width) in [("spatial_fc", 9), ("channel_fc", inputs), ("filter_fc", outputs)] {
          factors.append(try builder.apply(Activation(.sigmoid), attention(name, width)))
        }
      }
      let kernels = try builder.variable(
        named: "\(name).weight", [configuration.kernels, outputs, inputs, 3, 3], role: .parameter)
      let operation = DynamicConvolution2D(ConvolutionGeometry(stride: stride, padding: 1), attentions: attentions)
      return try builder.apply(operation, [x, kernels] + factors)[0]
    }

    let images = try builder.input("images", imageShape)
    let x = try relu(norm("bn", convolution("stem", images, 16, kernel: 3)))
    let first = try relu(norm("bn1", dynamic("conv1", x, 32, stride: 2)))
    let second = try norm("bn2", dynamic("conv2", first, 32, stride: 1))
    let shortcut = try norm("bns", convolution("shortcut", x, 32, kernel: 1, stride: 2))
    let y = try relu(builder.apply(Binary(.add), second, shortcut))
    let pooled = try builder.apply(Reduction(.mean, axes: [2, 3]), y)
    return try builder.scope("fc") {
      let product = try builder.apply(
        MatrixProduct(transposesRight: true), pooled, builder.variable("weight", [10, 32]))
      return try builder.apply(Binary(.add), product, builder.variable("bias", [10]))
    }
  }
}
