import BackendReference
import LabCore
import LabGraph
import Testing

/// Affine sampling against PyTorch's `affine_grid` and `grid_sample`.
@Suite struct SamplingTests {
  /// One case of `sampling.json`.
  private struct Case: Decodable {
    var shape: [Int]
    var x: [Float]
    var transformations: [Float]
    var upstream: [Float]
    var y: [Double]
    var x_gradient: [Double]
    var transformations_gradient: [Double]
  }

  @Test func samplingIsThatOfPyTorch() throws {
    let cases = try Fixture.json("sampling").decode([Case].self)
    #expect(cases.count == 3)
    for fixture in cases {
      let builder = GraphBuilder()
      let x = try builder.input("x", Shape(fixture.shape))
      let transformations = try builder.input("transformations", [fixture.shape[0], 6])
      let upstream = try builder.input("upstream", Shape(fixture.shape))
      let y = try builder.apply(AffineSampling(), x, transformations)
      try builder.output("y", y)
      let gradients = try builder.gradients(of: y, withRespectTo: [x, transformations], seed: upstream)
      try builder.output("x_gradient", try #require(gradients[0]))
      try builder.output("transformations_gradient", try #require(gradients[1]))
      let executable = try ReferenceBackend().makeReferenceSession().compileReference(builder.graph)
      for (name, numbers) in [
        ("x", fixture.x), ("transformations", fixture.transformations), ("upstream", fixture.upstream),
      ] {
        _ = try executable.floatInput(name).update(fromContentsOf: numbers)
      }
      try executable.run()
      for (name, expected) in [
        ("y", fixture.y), ("x_gradient", fixture.x_gradient),
        ("transformations_gradient", fixture.transformations_gradient),
      ] {
        for (a, b) in zip(try executable.readDouble(name), expected) {
          #expect(abs(a - b) < 1e-9, "\(fixture.shape) \(name): \(a) instead of \(b)")
        }
      }
    }
  }
}
