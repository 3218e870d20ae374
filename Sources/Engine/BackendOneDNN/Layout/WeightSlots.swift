import LabGraph

/// A tensor and its layout.
struct LaidOutSlot {
  var slot: SlotID
  var layout: VariableLayout
}

/// Where variables and the gradients of weights lie, and what is made of weights once a step.
///
/// A variable has one layout throughout the session, fixed by its first user. Everything else here is derived from it in the
/// step and shared by all who ask for the same.
struct WeightSlots {
  /// Variables themselves, as updates write them.
  var variables: [ValueID: LaidOutSlot] = [:]
  /// What layers read: variables, or rounded copies of weights in a program in bfloat16; and weights' gradients.
  var operands: [ValueID: LaidOutSlot] = [:]
  /// Weights, by their slots, with every block transposed.
  var transposed: [SlotID: SlotID] = [:]
  /// Weights that are transformed for minimal filtering.
  var transformed: [TransformedKey: SlotID] = [:]
  /// Row-major weights of merged groups.
  var merged: [MergedKey: SlotID] = [:]

  /// Weights that are transformed for tiles of one size: images of several sizes may share them.
  struct TransformedKey: Hashable {
    var weights: SlotID
    var tileSide: Int
  }

  /// Weights whose neighboring groups are taken as one.
  struct MergedKey: Hashable {
    var value: ValueID
    var mergedGroups: Int
  }
}
