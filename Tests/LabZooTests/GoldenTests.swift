import BackendReference
import LabCore
import LabGraph
import LabNN
import LabTesting
import LabZoo
import Testing

/// Blocks and training runs against PyTorch's values.
@Suite struct GoldenTests {
  private static let blocks: [String: any Layer] = {
    func odconv(_ kernels: Int, _ convolution: Convolution, temperature: Double = 1) -> any Layer {
      variant(kernels, TemperatureAnnealing(initial: temperature, epochs: 10))
        .layer(replacing: convolution)
    }
    let standard = Convolution(outputChannels: 24, kernelSize: 3)
    return [
      "multiscale_fusion": MultiScaleFusionLayer(combine: .sum, outputChannels: 24),
      "odconv1_1x1": odconv(1, Convolution(outputChannels: 24, kernelSize: 1)),
      "odconv1_3x3": odconv(1, standard),
      "odconv2_grouped": odconv(2, Convolution(outputChannels: 24, kernelSize: 3, groups: 4)),
      "odconv4_1x1": odconv(4, Convolution(outputChannels: 24, kernelSize: 1)),
      "odconv4_3x3": odconv(4, standard),
      "odconv4_3x3_stride2": odconv(4, Convolution(outputChannels: 24, kernelSize: 3, stride: 2)),
      "odconv4_depthwise": odconv(4, Convolution(outputChannels: 16, kernelSize: 3, groups: 16)),
      "odconv4_temperature30": odconv(4, standard, temperature: 30),
      "spdconv": SPDConvolution(),
    ]
  }()

  private static func variant(_ kernels: Int, _ annealing: TemperatureAnnealing) -> ODConv {
    var variant = ODConv(kernels: kernels)
    variant.options.temperature = AttentionTemperature(annealing)
    return variant
  }

  /// Space-to-depth and the convolution behind it.
  private struct SPDConvolution: Layer {
    func callAsFunction(_ x: Tensor, in context: ModelContext) throws -> Tensor {
      try Convolution(outputChannels: 24, kernelSize: 3)(SpaceToDepth(scale: 2)(x, in: context), "conv", in: context)
    }
  }

  @Test func everyBlockHasItsLayer() throws {
    #expect(try GoldenFile.blocks().cases(under: "block") == Self.blocks.keys.sorted())
  }

  @Test(arguments: blocks.keys.sorted()) func blocksAreThoseOfPyTorch(_ name: String) throws {
    let layer = try #require(Self.blocks[name])
    var scalars: [any RuntimeScalar] = []
    try GoldenCheck.check(
      "block/\(name)", in: GoldenFile.blocks(), on: ReferenceBackend(),
      prepare: { try $0.fill(scalars, at: StepPosition(step: 0, stepsPerEpoch: 1, totalSteps: 1)) },
      build: { builder, x in
        let context = ModelContext(.training, builder: builder)
        let y = try layer(x, in: context)
        scalars = context.scalars
        return y
      })
    #expect(scalars.isEmpty == (name != "odconv4_temperature30"))
  }

  @Test(arguments: GoldenTraining.names) func trainingRunsAreThoseOfPyTorch(_ name: String) throws {
    let run = try GoldenTraining(name)
    let batch = ClassificationBatch(
      size: run.imageShape[0], image: Shape(Array(run.imageShape.dimensions.dropFirst())), classCount: 10)
    let model = Self.network(kernels: run.configuration.kernels)
    var optimization = OptimizationConfiguration()
    optimization.loss = try LossConfiguration(configuration: .string(run.configuration.loss))
    optimization.optimizer = try OptimizerConfiguration(configuration: .string(run.configuration.optimizer))
    if run.configuration.optimizer == "sgd" {
      let momentum = try #require(run.configuration.momentum)
      optimization.optimizer = OptimizerConfiguration(
        SGD(momentum: momentum, nesterov: run.configuration.nesterov == true))
    }
    optimization.learningRate = run.configuration.rate
    optimization.weightDecay = run.configuration.weightDecay
    optimization.schedule = ScheduleConfiguration(ConstantSchedule())
    let step = try TrainingGraph(model: model, batch: batch, optimization: optimization, seed: 0)
    let evaluation = try EvaluationGraph(model: model, batch: batch)
    try run.check(
      on: ReferenceBackend(), training: step.graph, evaluation: evaluation.graph,
      tolerance: GoldenTraining.Tolerance(weights: 1e-6, losses: 1e-6, logits: 1e-6)
    ) { executable, index in
      try executable.fill(
        step.scalars, at: StepPosition(step: index, stepsPerEpoch: 10, totalSteps: GoldenTraining.steps))
    }
  }

  /// The fixtures' network: a stem, one residual block and a classifier.
  private static func network(kernels: Int) -> ModelFunction {
    let variant: any ConvolutionVariant =
      kernels == 0
      ? StaticConvolution()
      : Self.variant(kernels, TemperatureAnnealing(initial: 1, epochs: 0))
    return { images, context in
      func convolution(_ x: Tensor, _ name: String, _ stride: Int = 1) throws -> Tensor {
        try variant.layer(replacing: Convolution(outputChannels: 32, kernelSize: 3, stride: stride))(
          x, name, in: context)
      }
      func normalized(_ x: Tensor, _ name: String) throws -> Tensor { try BatchNorm()(x, name, in: context) }
      let stem = try Convolution(outputChannels: 16, kernelSize: 3)(images, "stem", in: context)
      let x = try normalized(stem, "bn").activated(.relu)
      let y = try normalized(convolution(x, "conv1", 2), "bn1").activated(.relu)
      let z = try normalized(convolution(y, "conv2"), "bn2")
      let projection = Convolution(outputChannels: 32, kernelSize: 1, stride: 2)
      let shortcut = try normalized(projection(x, "shortcut", in: context), "bns")
      let pooled = try GlobalAveragePool()(z.adding(shortcut).activated(.relu), in: context)
      return try Linear(outputFeatures: 10)(pooled, "fc", in: context)
    }
  }
}
