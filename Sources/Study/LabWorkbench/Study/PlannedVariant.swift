import LabCore
import LabGraph
import LabRecords
import LabStudy

/// A variant as a plan needs it, whoever trains its runs.
package protocol PlannedVariant: Sendable {
  /// The variant as the plan has it.
  var variant: ResolvedVariant { get }
  /// The hash of what its runs read.
  var dataHash: ContentHash { get }
  /// The configuration as it is stored.
  var storedConfiguration: JSONValue { get }
  /// Epochs of a run; 0 where only its program knows.
  var epochs: Int { get }
  /// The number of trainable parameters; nil where only its program knows.
  var parameterCount: Int? { get }
  /// The multiply-adds of one image's forward pass; nil where only its program knows.
  var multiplyAdds: Int? { get }
  /// Bytes that a run needs; 0 where only its program knows.
  var plannedBytes: Int { get }
  /// The multiply-adds of a run, evaluations included; 1 where only its program knows.
  var runMultiplyAdds: Double { get }
  /// The multiply-adds of a run's steps; 0 where only its program knows.
  var trainingMultiplyAdds: Double { get }
  /// What trains it; nil where its program does.
  var backend: (any Backend)? { get }
  /// What the temperature of dynamic convolutions does, in one clause; nil without one.
  var annealing: String? { get }
  /// What the user should know about the variant on this machine.
  var remark: String? { get }
  /// What became of every file of its data; nil where they do not come as image files.
  var fileAccount: String? { get }
}

extension PlannedVariant {
  /// The run of a seed.
  package func identity(seed: UInt64) -> RunIdentity {
    RunIdentity(configuration: variant.identityConfiguration, dataHash: dataHash, seed: seed)
  }
}
