import LabCore
import LabRecords
import LabStore

/// What the helper process stores, so that a test can tell what must be there.
package enum CrashSample {
  /// A checkpoint after so many epochs; every number in it depends on that.
  package static func checkpoint(epochs: Int, elements: Int) -> Checkpoint {
    Checkpoint(
      parameters: [
        NamedTensor("bn1.num_batches_tracked", Shape([]), [Int64(epochs)]),
        NamedTensor("conv1.weight", [elements], (0..<elements).map { Float($0 % 1000 + epochs) }),
      ],
      optimizer: [NamedTensor("conv1.weight.momentum", [2], [Float(epochs), Float(epochs)])],
      progress: ["epochs": .integer(epochs)])
  }
}
