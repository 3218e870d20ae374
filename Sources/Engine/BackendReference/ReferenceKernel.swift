import LabCore
import LabGraph

/// An operation that the reference backend can execute.
///
/// Kernels follow the operation's definition as literally as they can; speed comes last.
protocol ReferenceKernel: LabGraph.Operation {
  /// Where the time of this kernel belongs in a profile.
  static var kind: KernelKind { get }

  /// Computes the results.
  ///
  /// - Parameters:
  ///   - inputs: the operands, whose types ``LabGraph/Operation/outputTypes(for:)`` has accepted.
  ///   - outputTypes: the results' types.
  /// - Throws: ``GraphError/invalid(path:problem:)`` with an empty path, for operands whose numbers make no sense.
  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) throws -> [ReferenceTensor]
}
