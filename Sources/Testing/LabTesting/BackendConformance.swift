import BackendReference
import LabCore
import LabGraph

/// Compares a backend with the reference interpreter.
public enum BackendConformance {
  /// How far a backend's numbers may be from the reference's, relative to the tensor's largest absolute value.
  public struct Tolerance: Sendable {
    /// For results and updated variables.
    public var results: Double
    /// For gradients.
    public var gradients: Double
    /// Whether the length of the vector of differences counts, relative to the length of the reference's, instead of the
    /// largest difference: where rounding may flip the sign of an activation, one element says little.
    public var isOfLengths: Bool

    /// Creates a tolerance; the default is what single precision allows.
    public init(results: Double = 1e-5, gradients: Double = 1e-4, isOfLengths: Bool = false) {
      self.results = results
      self.gradients = gradients
      self.isOfLengths = isOfLengths
    }
  }

  /// A number that is not what the reference says, or differs between two runs.
  public struct Failure: Error, CustomStringConvertible {
    /// One sentence: sample, tensor, expected and found.
    public var description: String
  }

  /// Checks a sample's results, gradients and updated variables, and that a second run gives the same bits.
  ///
  /// The forward pass is compiled alone and together with its backward pass, since executors plan and fuse them
  /// differently.
  ///
  /// - Parameters:
  ///   - sample: the sample.
  ///   - backend: the backend to check.
  ///   - options: how its sessions execute.
  ///   - tolerance: the differences that are allowed.
  /// - Throws: ``Failure``, or what the backend throws.
  public static func check(
    _ sample: OperationSample, on backend: any Backend, options: SessionOptions = SessionOptions(),
    tolerance: Tolerance = Tolerance()
  ) throws {
    let operands = sample.operands.indices.filter { sample.operands[$0].isDifferentiable }
    var graphs = [try SampleGraph(sample)]
    if !operands.isEmpty { graphs.append(try SampleGraph(sample, differentiating: operands)) }
    for graph in graphs {
      let expected = try Outcome(graph, on: ReferenceBackend(), options: SessionOptions())
      let found = try Outcome(graph, on: backend, options: options)
      for name in graph.resultNames + graph.updatedNames {
        try compare(name, found, expected, tolerance.results, tolerance.isOfLengths, sample)
      }
      for name in graph.gradientNames {
        try compare(name, found, expected, tolerance.gradients, tolerance.isOfLengths, sample)
      }
    }
  }

  /// The results, or where `differentiates` the gradients, whose bits depend on the options: what two sessions compute by
  /// different algorithms.
  ///
  /// - Throws: what the backend throws.
  public static func differences(
    _ sample: OperationSample, on backend: any Backend, between options: SessionOptions, and others: SessionOptions,
    differentiates: Bool
  ) throws -> Set<String> {
    let operands = sample.operands.indices.filter { differentiates && sample.operands[$0].isDifferentiable }
    let graph = try SampleGraph(sample, differentiating: operands)
    let (one, other) = try (
      Outcome(graph, on: backend, options: options).first, Outcome(graph, on: backend, options: others).first
    )
    let names = differentiates ? graph.gradientNames : graph.resultNames
    return Set(names.filter { one[$0]!.map(\.bitPattern) != other[$0]!.map(\.bitPattern) })
  }

  private static func compare(
    _ name: String, _ found: Outcome, _ expected: Outcome, _ tolerance: Double, _ isOfLengths: Bool,
    _ sample: OperationSample
  ) throws {
    guard let first = found.first[name], let second = found.second[name], let wanted = expected.first[name] else {
      throw Failure(description: "\(sample): \(name) is missing")
    }
    guard first.map(\.bitPattern) == second.map(\.bitPattern) else {
      throw Failure(description: "\(sample): \(name) differs between two runs")
    }
    if isOfLengths {
      let relative = Difference.relativeLength(first.map(Double.init), wanted.map(Double.init))
      guard relative <= tolerance else {
        throw Failure(description: "\(sample): \(name) differs by \(relative) of its length")
      }
    } else if let difference = Difference(first.map(Double.init), wanted.map(Double.init), tolerance: tolerance) {
      throw Failure(description: "\(sample): \(name) \(difference)")
    }
  }

  /// What a graph computes in two runs from the same numbers.
  private struct Outcome {
    var first: [String: [Float]] = [:]
    var second: [String: [Float]] = [:]

    init(_ graph: SampleGraph, on backend: any Backend, options: SessionOptions) throws {
      let session = try backend.makeSession(options)
      let executable = try session.compile(graph.graph)
      func run() throws -> [String: [Float]] {
        try graph.fill(session, executable)
        try executable.run()
        var numbers: [String: [Float]] = [:]
        for name in graph.resultNames + graph.gradientNames { numbers[name] = try executable.read(name) }
        for name in graph.updatedNames { numbers[name] = try session.read(name) }
        return numbers
      }
      first = try run()
      second = try run()
    }
  }
}
