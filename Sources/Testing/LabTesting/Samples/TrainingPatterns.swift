import LabCore
import LabGraph

extension OperationSamples {
  /// Whole training steps: loss, backward pass and updates, compared by their loss and by the variables' new values.
  static let trainingPatterns: [OperationSample] = [
    step("SGD with Nesterov momentum, cross entropy", .crossEntropy(labelSmoothing: 0.1)) { pattern, gradients in
      let (rate, scale) = (try pattern.operand(.scalar(0.05)), pattern.builder.constant(1))
      for (parameter, gradient) in zip(pattern.parameters, gradients) {
        let velocity = try pattern.operand(.state(parameter.shape, .uniform(-0.1, 0.1), role: .optimizerState))
        let results = try pattern.builder.apply(
          SGDUpdate(momentum: 0.9, isNesterov: true, weightDecay: 5e-4), [parameter, gradient, velocity, rate, scale])
        try pattern.builder.update(parameter, to: results[0])
        try pattern.builder.update(velocity, to: results[1])
      }
    },
    step("plain SGD with clipping, focal loss", .focal(alpha: 0.25, gamma: 2)) { pattern, gradients in
      let rate = try pattern.operand(.scalar(0.05))
      let clip = try pattern.builder.apply(GradientClipFactor(maximumNorm: 0.1), gradients)
      for (parameter, gradient) in zip(pattern.parameters, gradients) {
        let result = try pattern.builder.apply(
          SGDUpdate(momentum: 0, isNesterov: false, weightDecay: 0), parameter, gradient, rate, clip[0])
        try pattern.builder.update(parameter, to: result)
      }
    },
    step("AdamW with an average of the weights", .crossEntropy(labelSmoothing: 0)) { pattern, gradients in
      let scalars = try [1e-3, 0.271, 0.002997001, 1].map { try pattern.operand(.scalar($0)) }
      let share = try pattern.operand(.scalar(0.01))
      for (parameter, gradient) in zip(pattern.parameters, gradients) {
        let first = try pattern.operand(.state(parameter.shape, .uniform(-0.1, 0.1), role: .optimizerState))
        let second = try pattern.operand(.state(parameter.shape, .uniform(0.1, 1), role: .optimizerState))
        let average = try pattern.operand(.state(parameter.shape, role: .optimizerState))
        let operation = AdamUpdate(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.05, isDecoupled: true)
        let results = try pattern.builder.apply(operation, [parameter, gradient, first, second] + scalars)
        for (variable, result) in zip([parameter, first, second], results) {
          try pattern.builder.update(variable, to: result)
        }
        try pattern.builder.update(
          average, to: pattern.builder.apply(MovingAverageUpdate(), average, results[0], share))
      }
    },
  ]

  private static func step(
    _ name: String, _ loss: ClassificationLoss.Function,
    _ update: @escaping @Sendable (PatternBuilder, [Tensor]) throws -> Void
  ) -> OperationSample {
    PatternBuilder.sample("training step", name, image: [4, 3, 8, 8], isTrainingStep: true) { pattern, images in
      let builder = pattern.builder
      let labels = try pattern.operand(.labels(4, classes: 7))
      let x = try pattern.activation(pattern.norm(pattern.convolution(images, 16)))
      let y = try pattern.norm(pattern.dynamicConvolution(x, 16, kernels: 4))
      let sum = try pattern.activation(builder.apply(Binary(.add), x, y))
      // The same weights twice: their gradient is a sum.
      let shared = try pattern.weight([16, 16, 3, 3], fanIn: 144)
      let geometry = ConvolutionGeometry(stride: 2, padding: 1)
      let once = try builder.apply(Convolution2D(geometry), sum, shared)
      let twice = try builder.apply(Convolution2D(geometry), once, shared)
      let logits = try pattern.linear(builder.apply(Reduction(.mean, axes: [2, 3]), twice), 7)
      let losses = try builder.apply(ClassificationLoss(loss), logits, labels)
      let mean = try builder.apply(Reduction(.mean, axes: [0]), losses)
      let gradients = try builder.gradients(of: mean, withRespectTo: pattern.parameters)
      builder.stage = .update
      try update(pattern, gradients.compactMap { $0 })
      return [mean, logits]
    }
  }
}
