import BackendReference
import LabCore
import LabGraph
import LabNN
import Testing

@Suite struct LayerTests {
  private func context(_ shape: Shape, _ mode: ModelContext.Mode = .evaluation) throws -> (ModelContext, Tensor) {
    let context = ModelContext(mode)
    return (context, try context.builder.input("x", shape))
  }

  @Test func parametersAreNamedAndShapedAsInPyTorch() throws {
    let (context, images) = try context([2, 6, 9, 9])
    var x = try Convolution(outputChannels: 4, kernelSize: 3, stride: 2, groups: 2, hasBias: true)(
      images, "conv1", in: context)
    x = try context.scope("layer1") { try BatchNorm()(x, "bn1", in: context) }
    x = try GroupNorm(groups: 2)(x, "gn", in: context)
    _ = try Linear(outputFeatures: 5)(GlobalAveragePool()(x, in: context), "fc", in: context)
    let found = context.declarations.map { "\($0.name) \($0.shape) \($0.role) \($0.category)" }
    #expect(
      found == [
        "conv1.weight [4, 3, 3, 3] parameter weight", "conv1.bias [4] parameter bias",
        "layer1.bn1.weight [4] parameter normalization", "layer1.bn1.bias [4] parameter normalization",
        "layer1.bn1.running_mean [4] buffer normalization", "layer1.bn1.running_var [4] buffer normalization",
        "gn.weight [4] parameter normalization", "gn.bias [4] parameter normalization",
        "fc.weight [5, 4] parameter weight", "fc.bias [5] parameter bias",
      ])
    #expect(x.shape == [2, 4, 5, 5])
    let sizes: [Int] = [108, 4, 8, 8, 25]
    #expect(context.declarations.parameterCount == sizes.reduce(0, +))
  }

  @Test func errorsNameTheLayer() throws {
    let (context, images) = try context([2, 6, 9, 9])
    func message(_ body: () throws -> Tensor) -> String {
      do {
        _ = try body()
        return "nothing thrown"
      } catch { return "\(error)" }
    }
    let groups = message {
      try context.scope("layer1.0") {
        try Convolution(outputChannels: 4, kernelSize: 3, groups: 4)(images, "conv1", in: context)
      }
    }
    #expect(groups.hasPrefix("layer1.0.conv1: conv2d expects"), "\(groups)")
    let linear = message { try Linear(outputFeatures: 3)(images, "fc", in: context) }
    #expect(linear.hasPrefix("fc: linear expects a matrix"), "\(linear)")
    let norm = message { try GroupNorm(groups: 4)(images, "gn", in: context) }
    #expect(norm.hasPrefix("gn: group_norm expects"), "\(norm)")
    _ = try Convolution(outputChannels: 4, kernelSize: 3)(images, "twice", in: context)
    let twice = message { try Convolution(outputChannels: 4, kernelSize: 3)(images, "twice", in: context) }
    #expect(twice.contains("twice.weight"), "\(twice)")
  }

  @Test func batchNormWritesStatisticsInTrainingOnly() throws {
    for mode in [ModelContext.Mode.training, .evaluation] {
      let (context, x) = try context([4, 3], mode)
      try context.builder.output("y", BatchNorm()(x, "bn", in: context))
      #expect(context.builder.graph.updates.count == (mode == .training ? 2 : 0))
      #expect(context.bufferUpdates.keys.sorted() == (mode == .training ? ["bn.running_mean", "bn.running_var"] : []))
    }
  }

  @Test func dropoutDependsOnSeedPathAndStepInTraining() throws {
    func masked(seed: UInt64, path: String, step: Int) throws -> [Float] {
      let context = ModelContext(.training)
      let x = try context.builder.input("x", [64])
      try context.builder.output("y", DropoutLayer(rate: 0.5)(x, path, in: context))
      let session = ReferenceBackend().makeSession()
      let executable = try session.compile(context.builder.graph.seeded(seed))
      try executable.floatInput("x").update(repeating: 1)
      try executable.fill(context.scalars, at: StepPosition(step: step, stepsPerEpoch: 10, totalSteps: 100))
      try executable.run()
      return try executable.read("y")
    }
    let first = try masked(seed: 1, path: "a", step: 3)
    #expect(Set(first) == [0, 2])
    #expect(try masked(seed: 1, path: "a", step: 3) == first)
    #expect(try masked(seed: 2, path: "a", step: 3) != first)
    #expect(try masked(seed: 1, path: "b", step: 3) != first)
    #expect(try masked(seed: 1, path: "a", step: 4) != first)
  }

  @Test func dropoutDoesNothingInEvaluation() throws {
    let (context, x) = try context([8])
    #expect(try DropoutLayer(rate: 0.5)(x, in: context).id == x.id)
    #expect(context.scalars.isEmpty)
  }

  @Test func oneScalarServesManyLayersAndContradictionsAreErrors() throws {
    let (context, _) = try context([8])
    let first = try context.scalar(TemperatureAnnealing())
    #expect(try context.scalar(TemperatureAnnealing()).id == first.id)
    #expect(context.scalars.count == 1)
    #expect(throws: ModelError.self) { try context.scalar(TemperatureAnnealing(initial: 10)) }
  }
}
