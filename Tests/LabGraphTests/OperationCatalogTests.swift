import Foundation
import LabCore
import LabGraph
import LabTesting
import Testing

@Suite struct OperationCatalogTests {
  /// The catalogue lists every operation that the sources declare.
  @Test func isComplete() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let folder = root.appending(path: "Sources/Engine/LabGraph/Ops")
    var declared: Set<String> = []
    for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
      let source = try String(contentsOf: file, encoding: .utf8)
      for match in source.matches(of: #/public struct (\w+): (?:Operation|SeededOperation|ParameterUpdate)\b/#) {
        declared.insert(String(match.1))
      }
    }
    #expect(declared.count > 30)
    #expect(declared == Set(OperationCatalog.operations.map { "\($0)" }))
  }

  @Test func namesAreUnique() {
    #expect(OperationCatalog.byName.count == OperationCatalog.operations.count)
  }

  @Test func everyOperationHasSamples() throws {
    var sampled: Set<String> = []
    for sample in OperationSamples.all + OperationSamples.grid {
      let graph = try SampleGraph(sample).graph
      try graph.verify()
      let names = graph.nodes.map { type(of: $0.operation).name }
      #expect(names.contains(sample.operation), "\(sample) has no node of its operation")
      sampled.insert(sample.operation)
    }
    for operation in OperationCatalog.operations {
      #expect(sampled.contains(operation.name), "\(operation.name) has no samples")
    }
  }

  @Test func samplesHaveDifferentNames() {
    let names = (OperationSamples.all + OperationSamples.grid + OperationSamples.patterns).map(\.description)
    let repeated = Dictionary(grouping: names, by: \.self).filter { $1.count > 1 }.keys.sorted()
    #expect(repeated == [])
  }

  /// Every differentiable operand of a sample gets a gradient of its own shape, and the whole graph verifies.
  @Test func gradientsAreWellTyped() throws {
    for sample in OperationSamples.all + OperationSamples.grid + OperationSamples.patterns {
      let operands = sample.operands.indices.filter { sample.operands[$0].isDifferentiable }
      guard !operands.isEmpty else { continue }
      let graph = try SampleGraph(sample, differentiating: operands)
      try graph.graph.verify()
      #expect(graph.differentiated == Array(operands), "\(sample)")
    }
  }
}
