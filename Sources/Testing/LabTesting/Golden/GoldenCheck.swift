import LabCore
import LabGraph

/// Compares a layer's results, gradients and running statistics with PyTorch's.
public enum GoldenCheck {
  /// Builds a layer, runs it forward and backward on a backend and compares everything that the fixture holds.
  ///
  /// - Parameters:
  ///   - path: the case in the file, such as `op/conv3x3` or `block/odconv4_3x3`.
  ///   - file: the fixture.
  ///   - backend: the backend to check.
  ///   - options: how its session executes.
  ///   - tolerance: the largest differences, relative to the tensor's largest absolute value.
  ///   - prepare: sets the graph's further inputs, such as a temperature.
  ///   - build: makes the layer from the image; declares its parameters and buffers under PyTorch's names.
  /// - Throws: ``GoldenFile/Failure`` where a number or a parameter's name differs, or what the backend throws.
  public static func check(
    _ path: String, in file: GoldenFile, on backend: any Backend, options: SessionOptions = SessionOptions(),
    tolerance: BackendConformance.Tolerance = .init(), prepare: (any Executable) throws -> Void = { _ in },
    build: (GraphBuilder, Tensor) throws -> Tensor
  ) throws {
    let builder = GraphBuilder()
    let x = try builder.input("golden/input", file.shape("\(path)/input"))
    let y = try build(builder, x)
    guard y.shape == (try file.shape("\(path)/output")) else {
      throw GoldenFile.Failure(description: "\(path): the output is \(y.shape)")
    }
    let upstream = try builder.input("golden/upstream", y.shape)
    let product = try builder.apply(Binary(.multiply), y, upstream)
    let loss = try builder.apply(Reduction(.sum, axes: Array(0..<y.shape.rank)), product)
    let parameters = builder.graph.variables.filter { $0.role == .parameter }
    let gradients = try builder.gradients(
      of: loss, withRespectTo: [x] + parameters.map { Tensor(builder: builder, id: $0.value) })
    try builder.output("golden/output", y)
    for (name, gradient) in zip(["input"] + parameters.map(\.name), gradients) {
      guard let gradient else { throw GoldenFile.Failure(description: "\(path): \(name) has no gradient") }
      try builder.output("golden/gradient/\(name)", gradient)
    }

    let variables = builder.graph.variables.map(\.name).sorted()
    guard variables == file.names(under: "\(path)/param") else {
      throw GoldenFile.Failure(
        description: "\(path): the variables are \(variables) instead of \(file.names(under: "\(path)/param"))")
    }
    let session = try backend.makeSession(options)
    let executable = try session.compile(builder.graph)
    for name in variables { try session.write(name, file.numbers("\(path)/param/\(name)").map { Float($0) }) }
    try executable.fill("golden/input", file.numbers("\(path)/input"))
    try executable.fill("golden/upstream", file.numbers("\(path)/grad_output"))
    try prepare(executable)
    try executable.run()

    func compare(_ found: [Float], _ name: String, _ tolerance: Double) throws {
      if let difference = Difference(
        found.map(Double.init), try file.numbers("\(path)/\(name)"), tolerance: tolerance)
      {
        throw GoldenFile.Failure(description: "\(path): \(name) \(difference)")
      }
    }
    try compare(executable.read("golden/output"), "output", tolerance.results)
    try compare(executable.read("golden/gradient/input"), "grad_input", tolerance.gradients)
    for name in file.names(under: "\(path)/grad") {
      try compare(executable.read("golden/gradient/\(name)"), "grad/\(name)", tolerance.gradients)
    }
    for name in file.names(under: "\(path)/buffer_after") {
      try compare(session.read(name), "buffer_after/\(name)", tolerance.results)
    }
  }
}

extension Executable {
  /// Writes a float input.
  func fill(_ name: String, _ numbers: [Double]) throws {
    _ = try floatInput(name).update(fromContentsOf: numbers.map { Float($0) })
  }
}
