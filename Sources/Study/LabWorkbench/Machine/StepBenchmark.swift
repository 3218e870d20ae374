import Foundation
import LabCore
import LabGraph
import LabNN
import LabZoo

/// Measures one network's step.
package struct StepBenchmark {
  package let name: String
  package let configuration: JSONValue
  private let model: ModelConfiguration
  package let options: Options
  package let backend: any Backend

  /// Reads the model's configuration, so that a wrong name is known before anything is measured.
  package init(name: String, configuration: JSONValue, options: Options, backend: any Backend) throws {
    self.backend = backend
    self.name = name
    self.configuration = configuration
    self.options = options
    model = try configuration.decode()
  }

  /// How a step is measured.
  package struct Options {
    /// Images a step.
    package var batch = 64
    /// The side of an image in pixels.
    package var size = 32
    package var threads = 1
    package var algorithms = ConvolutionAlgorithms.automatic
    package var precision = Precision.float32
    package var recomputation = Recomputation.normalizations
    /// Measured steps.
    package var steps = 30
    /// Steps before the measured ones.
    package var warmup = 5
    /// Whether a prediction is measured instead of a training step.
    package var isInference = false
    /// Whether it is measured what limits the step.
    package var measuresRoofline = false

    package init() {}
  }

  package struct Result {
    package var name: String
    package var configuration: JSONValue
    package var options: Options
    package var milliseconds: [Double]
    package var processorMilliseconds: [Double]
    /// Milliseconds.
    package var profile: [ProfileKey: Double]
    package var peakGigaflops: Double?
    package var convolutionShare: Double?
    package var plannedBytes: Int
    /// The most memory that the process occupied during the measured steps.
    package var residentBytes: Int?
    /// The method of each convolution's passes.
    package var choices: [String: String]
    /// What limits the step, where that was asked for and the backend can tell.
    package var roofline: Roofline?

    package var median: Double { Result.median(milliseconds) }
    package var processorMedian: Double { Result.median(processorMilliseconds) }

    private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
  }

  package func measure() throws -> Result {
    let graph = try graph()
    // Peak and step are measured next to each other, since a shared machine's speed drifts.
    let peakBefore = backend.measurePeakGigaflops(milliseconds: 100)
    let (plain, choices) = try prepared(graph, profiles: false)
    Machine.forgetPeakResidentBytes()
    for _ in 0..<options.warmup { try plain.run() }
    let clock = ContinuousClock()
    var (milliseconds, processorMilliseconds): ([Double], [Double]) = ([], [])
    for _ in 0..<options.steps {
      let (start, processorStart) = (clock.now, Machine.processorSeconds)
      try plain.run()
      milliseconds.append((clock.now - start).seconds * 1e3)
      processorMilliseconds.append((Machine.processorSeconds - processorStart) * 1e3)
    }
    let residentBytes = Machine.peakResidentBytes
    let peak = [peakBefore, backend.measurePeakGigaflops(milliseconds: 100)].compactMap(\.self).max()
    let (profiled, _) = try prepared(graph, profiles: true)
    for _ in 0..<options.warmup { try profiled.run() }
    _ = profiled.takeProfile()
    let profiles = try (0..<max(options.steps / 3, 1)).map { _ in
      try profiled.run()
      return profiled.takeProfile().mapValues { $0 * 1e3 }
    }
    // That of the median step: a mean would mix in the steps that something else on the machine slowed down.
    let profile = profiles.sorted { $0.values.reduce(0, +) < $1.values.reduce(0, +) }[profiles.count / 2]
    let convolutionKinds: [KernelKind] = [
      .convolutionForward, .convolutionInputGradient, .convolutionWeightGradient,
    ]
    let seconds = convolutionKinds.reduce(0) { $0 + (profile.byKind[$1] ?? 0) } * 1e-3
    let bandwidth = options.measuresRoofline ? backend.measureBandwidth(milliseconds: 300) : nil
    var roofline: Roofline?
    if let peak, let bandwidth, bandwidth > 0, !plain.trafficBytes.isEmpty {
      roofline = Roofline(
        peakGigaflops: peak, gigabytesPerSecond: bandwidth, profile: profile, traffic: plain.trafficBytes,
        convolutionOperations: 2 * graph.convolutionMultiplyAdds)
    }
    return Result(
      name: name, configuration: configuration, options: options, milliseconds: milliseconds,
      processorMilliseconds: processorMilliseconds, profile: profile, peakGigaflops: peak,
      convolutionShare: peak.map { 2 * graph.convolutionMultiplyAdds / seconds / ($0 * 1e9) },
      plannedBytes: plain.plannedBytes + plain.variableBytes, residentBytes: residentBytes, choices: choices,
      roofline: roofline)
  }

  private func graph() throws -> Graph {
    let batch = ClassificationBatch(size: options.batch, image: [3, options.size, options.size], classCount: 10)
    let model = model.model(classCount: 10)
    return options.isInference
      ? try EvaluationGraph(model: model, batch: batch).graph
      : try TrainingGraph(model: model, batch: batch, optimization: OptimizationConfiguration(), seed: 0).graph
  }

  private func prepared(_ graph: Graph, profiles: Bool) throws -> (program: any Executable, choices: [String: String]) {
    let session = try backend.makeSession(
      SessionOptions(
        threads: options.threads, profiles: profiles, algorithms: options.algorithms, precision: options.precision,
        recomputation: options.recomputation))
    let executable = try session.compile(graph)
    let stream = RandomStream(seed: 0, name: "bench")
    for (index, variable) in graph.variables.enumerated() where variable.role != .optimizerState {
      let shape = variable.type.shape
      let spread = shape.rank > 1 ? (2 / Double(shape.elementCount / shape[0])).squareRoot() : 0
      try session.write(
        variable.name,
        (0..<shape.elementCount).map {
          shape.rank > 1 ? Float(stream.normal(UInt64($0), UInt64(index)) * spread) : 1
        })
    }
    for (name, value) in graph.inputs {
      guard graph.type(of: value).element == .float32 else {
        let labels = try executable.integerInput(name)
        for i in labels.indices { labels[i] = Int32(i % 10) }
        continue
      }
      let numbers = try executable.floatInput(name)
      for i in numbers.indices { numbers[i] = numbers.count == 1 ? 1 : Float(stream.normal(UInt64(i), 1 << 40)) }
      if name == "learning_rate" { numbers[0] = 0.01 }
    }
    return (executable, session.choices)
  }
}

extension Graph {
  /// Multiply-adds that all convolutions of a step take by the direct method, forward and backward.
  fileprivate var convolutionMultiplyAdds: Double {
    var total = 0.0
    for node in nodes {
      let (inputs, outputs) = (node.inputs.map(type(of:)), node.outputs.map(type(of:)))
      switch node.operation {
      case is Convolution2D, is Convolution2DInputGradient, is Convolution2DWeightGradient:
        total += Double(node.operation.multiplyAdds(inputs: inputs, outputs: outputs))
      case is DynamicConvolution2D:
        let kernels = inputs[1].shape
        total += Double(outputs[0].shape.elementCount * kernels[2] * kernels[3] * kernels[4])
      case let gradient as DynamicConvolution2DGradient:
        let kernels = inputs[2].shape
        let passes = gradient.needsInputGradient ? 2 : 1
        total += Double(passes * inputs[0].shape.elementCount * kernels[2] * kernels[3] * kernels[4])
      default: break
      }
    }
    return total
  }
}
