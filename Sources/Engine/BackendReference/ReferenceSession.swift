import LabCore
import LabGraph

/// Variables in double precision and the graphs that are interpreted on them.
public final class ReferenceSession: Session {
  /// The variables of all graphs compiled so far, in order of first appearance.
  public private(set) var variables: [Variable] = []
  private var contents: [String: ReferenceTensor] = [:]
  private let options: SessionOptions

  init(_ options: SessionOptions) { self.options = options }

  /// Prepares a graph; variables that are new start as zeros.
  ///
  /// - Throws: ``LabGraph/GraphError`` as for ``compileReference(_:)``.
  public func compile(_ graph: Graph) throws -> any Executable { try compileReference(graph) }

  /// Prepares a graph whose double precision can be read and written.
  ///
  /// - Throws: ``LabGraph/GraphError`` where the graph is invalid, an operation has no kernel, or a variable had
  ///   another type in an earlier graph of the session.
  public func compileReference(_ graph: Graph) throws -> ReferenceExecutable {
    try graph.verify()
    for variable in graph.variables {
      if let known = contents[variable.name], known.type != variable.type {
        throw GraphError.name(
          subject: variable.name, problem: "the variable is \(variable.type) here and \(known.type) in another graph")
      }
    }
    let executable = try ReferenceExecutable(graph, session: self, profiles: options.profiles)
    for variable in graph.variables where contents[variable.name] == nil {
      variables.append(variable)
      contents[variable.name] = ReferenceTensor(zeros: variable.type)
    }
    return executable
  }

  /// A variable's numbers, rounded to single precision.
  ///
  /// - Throws: ``LabGraph/GraphError/name(subject:problem:)`` for an unknown name.
  public func read(_ name: String) throws -> [Float] { try readDouble(name).map { Float($0) } }

  /// A variable's numbers.
  ///
  /// - Throws: ``LabGraph/GraphError/name(subject:problem:)`` for an unknown name.
  public func readDouble(_ name: String) throws -> [Double] { try tensor(name).elements }

  /// Sets a variable.
  ///
  /// - Throws: ``LabGraph/GraphError/name(subject:problem:)`` for an unknown name.
  public func write(_ name: String, _ elements: [Float]) throws { try writeDouble(name, elements.map(Double.init)) }

  /// Sets a variable.
  ///
  /// - Throws: ``LabGraph/GraphError/name(subject:problem:)`` for an unknown name or a wrong count.
  public func writeDouble(_ name: String, _ elements: [Double]) throws {
    let shape = try tensor(name).shape
    guard elements.count == shape.elementCount else {
      throw GraphError.name(
        subject: name, problem: "the variable \(shape) has \(shape.elementCount) elements, found \(elements.count)")
    }
    contents[name] = ReferenceTensor(shape, elements)
  }

  func tensor(_ name: String) throws -> ReferenceTensor {
    guard let tensor = contents[name] else {
      throw GraphError.name(
        subject: name, problem: "no such variable" + NearestName.hint(for: name, among: contents.keys.sorted()))
    }
    return tensor
  }

  func update(_ name: String, to tensor: ReferenceTensor) { contents[name] = tensor }
}
