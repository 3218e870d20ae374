import LabCore
import LabGraph

/// A tensor that a program's user reads or writes.
struct TensorSlot {
  var slot: SlotID
  var type: TensorType
}

/// What becomes of a graph: kernels over slots, not yet scheduled.
struct EmittedGraph {
  /// In an order in which they could run one after the other.
  var kernels: [Kernel]
  var slots: [Slot]
  var inputs: [String: TensorSlot]
  var outputs: [String: TensorSlot]
  /// Constants, padded vectors and other memory that lives as long as the program.
  var retained: [AlignedMemory]
  /// Whether images are kept in bfloat16.
  var isBFloat16: Bool
}
