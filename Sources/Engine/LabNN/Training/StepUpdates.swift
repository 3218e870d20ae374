import LabCore
import LabGraph

/// The part of a training step behind the loss: gradients, clipping, the optimiser's updates, the moving average.
struct StepUpdates {
  let context: ModelContext
  let optimization: OptimizationConfiguration
  let plan: [ParameterPlan]

  func add(loss: Tensor, reportsNorm: Bool) throws {
    let builder = context.builder
    let variables = Dictionary(
      uniqueKeysWithValues: zip(context.declarations.map(\.name), context.variables))
    let trained = plan.filter { !$0.isFrozen }
    let gradients = try builder.gradients(
      of: loss, withRespectTo: trained.compactMap { variables[$0.declaration.name] })
    builder.stage = .update
    defer { builder.stage = .forward }
    let rate = try context.scalar(optimization.learningRateScalar())
    let scale = try gradientScale(gradients.compactMap(\.self), reportsNorm: reportsNorm)
    let optimizer = OptimizerContext(model: context, rate: rate, gradientScale: scale)

    var newValues = context.bufferUpdates
    for (parameter, gradient) in zip(trained, gradients) {
      // The loss does not depend on a parameter without a gradient; it keeps its value, as in PyTorch.
      guard let gradient, let variable = variables[parameter.declaration.name] else { continue }
      let name = parameter.declaration.name
      try builder.absoluteScope(name) {
        let value = try optimization.optimizer.component.update(
          OptimizedParameter(
            name: name, value: variable, gradient: gradient, weightDecay: parameter.weightDecay,
            rateFactor: parameter.rateFactor), in: optimizer)
        try builder.update(variable, to: value)
        newValues[name] = value
      }
    }
    if let average = optimization.movingAverage { try addMovingAverage(average, of: variables, newValues) }
  }

  private func gradientScale(_ gradients: [Tensor], reportsNorm: Bool) throws -> Tensor {
    let builder = context.builder
    guard reportsNorm || optimization.gradientClipNorm != nil, !gradients.isEmpty else { return builder.constant(1) }
    let maximum = optimization.gradientClipNorm.map { Float($0) } ?? .infinity
    let results = try builder.absoluteScope("gradient_clip") {
      try builder.apply(GradientClipFactor(maximumNorm: maximum), gradients)
    }
    try builder.output(ClassifierTensor.gradientNorm, results[1])
    return results[0]
  }

  private func addMovingAverage(
    _ configuration: MovingAverageConfiguration, of variables: [String: Tensor], _ newValues: [String: Tensor]
  ) throws {
    let builder = context.builder
    let share = try context.scalar(MovingAverageShare(configuration))
    for declaration in context.declarations {
      guard let value = newValues[declaration.name] ?? variables[declaration.name] else { continue }
      let name = MovingAverageConfiguration.variableName(of: declaration.name)
      try builder.absoluteScope(name) {
        let average = try builder.variable(named: name, declaration.shape, role: .optimizerState)
        try builder.update(average, to: builder.apply(MovingAverageUpdate(), average, value, share))
      }
    }
  }
}
