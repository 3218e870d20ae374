import Foundation
import LabCore
import LabGraph
import LabRecords
import LabStudy

/// A variant whose runs somebody's program trains.
package struct ProgramVariant: PlannedVariant {
  package let variant: ResolvedVariant
  /// The program.
  let program: ProgramSpec
  package let dataHash: ContentHash
  /// Its files as they were when the runs were planned.
  let snapshot: ProgramSnapshot

  package var storedConfiguration: JSONValue { variant.configuration }
  /// The parameters of its runs, before they have their seed.
  var parameters: JSONValue { variant.configuration["parameters"] ?? [:] }

  package var epochs: Int { 0 }
  package var parameterCount: Int? { nil }
  package var multiplyAdds: Int? { nil }
  package var plannedBytes: Int { 0 }
  /// Every run counts alike, where work is dealt or waited for.
  package var runMultiplyAdds: Double { 1 }
  package var trainingMultiplyAdds: Double { 0 }
  package var backend: (any Backend)? { nil }
  package var annealing: String? { nil }
  package var remark: String? { nil }
  package var fileAccount: String? { nil }
}
