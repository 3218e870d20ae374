import BackendReference
import Foundation
import LabCore
import LabGraph
import LabONNX
import LabTesting
import Testing

/// Every operation has a form in ONNX that computes the same, or is one of training's.
@Suite struct OperationTests {
  /// The operations that no network evaluates: losses, updates, and gradients other than those of activations.
  static let trainingOnly: Set<String> = [
    AdamUpdate.name, AffineSamplingGradient.name, BatchNormalization.name, BatchNormalizationGradient.name,
    ClassificationLoss.name, ClassificationLossGradient.name, Convolution2DInputGradient.name,
    Convolution2DWeightGradient.name, Dropout.name, DynamicConvolution2DGradient.name, GradientClipFactor.name,
    GroupNormalizationGradient.name, MaximumGradient.name, MovingAverageUpdate.name, Pooling2DGradient.name,
    SGDUpdate.name, SoftmaxGradient.name,
  ]

  @Test func everyOperationHasAFormOrBelongsToTraining() {
    for type in OperationCatalog.operations {
      #expect((type is any ONNXOperation.Type) != Self.trainingOnly.contains(type.name), "\(type)")
    }
    #expect(Self.trainingOnly.isSubset(of: OperationCatalog.byName.keys))
  }

  @Test(.enabled(if: ONNXRuntime.python != nil, ONNXRuntime.reason))
  func formsComputeWhatOperationsDo() throws {
    var cases = try ModelCases()
    var names: Set<String> = []
    for sample in OperationSamples.all + OperationSamples.grid {
      let graph = try SampleGraph(sample)
      guard graph.graph.nodes.allSatisfy({ $0.operation is any ONNXOperation }) else { continue }
      names.formUnion(graph.graph.nodes.map { type(of: $0.operation).name })
      try add(sample, graph, to: &cases)
    }
    #expect(names == Set(OperationCatalog.byName.keys).subtracting(Self.trainingOnly))
    #expect(cases.count > 100)
    try cases.check()
  }

  private func add(_ sample: OperationSample, _ graph: SampleGraph, to cases: inout ModelCases) throws {
    let session = ReferenceBackend().makeReferenceSession()
    let executable = try session.compileReference(graph.graph)
    try graph.fill(session, executable)
    try executable.run()
    var inputs: [ModelCases.Tensor] = []
    var weights: [NamedTensor] = []
    for (index, operand) in sample.operands.enumerated() {
      let numbers = graph.operandNumbers[index].map { Float($0) }
      switch operand.placement {
      case .variable: weights.append(NamedTensor(sample.operandName(index), operand.shape, numbers))
      case .input:
        let values: ModelCases.Numbers =
          operand.type.element == .int32 ? .integers(numbers.map { Int32($0) }) : .floats(numbers)
        inputs.append(.init(name: sample.operandName(index), shape: operand.shape.dimensions, numbers: values))
      }
    }
    // The statistics of a normalization serve its gradient only, and are in no form.
    let isNormalization = sample.operation == GroupNormalization.name
    let shapes = isNormalization ? Array(graph.resultShapes.prefix(1)) : graph.resultShapes
    var exported = graph.graph
    if isNormalization { exported = try Self.firstOutput(of: sample) }
    let outputs = try shapes.enumerated().map { index, shape in
      ModelCases.Tensor(
        name: "result\(index)", shape: shape.dimensions, numbers: .floats(try executable.read("result\(index)")))
    }
    try cases.add(
      "\(sample)", ONNXExport.data(of: exported, weights: weights), runs: [(inputs, outputs)], tolerance: 1e-5)
  }

  private static func firstOutput(of sample: OperationSample) throws -> Graph {
    var first = sample
    let build = sample.build
    first.build = { try Array(build($0, $1).prefix(1)) }
    return try SampleGraph(first).graph
  }
}
