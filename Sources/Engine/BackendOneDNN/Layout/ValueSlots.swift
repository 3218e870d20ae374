import LabGraph

/// Where the values of a graph lie, in each form that something has asked for.
///
/// A value that has a slot in some form is computed by the kernels emitted so far; a slot is never taken back or exchanged
/// for another. Values without any are still to be computed from their ``FusedExpression``, or are variables.
struct ValueSlots {
  private struct Key: Hashable {
    var value: ValueID
    var form: Form
    var isRecomputed: Bool
  }

  private var slots: [Key: SlotID] = [:]

  subscript(value: ValueID, form: Form) -> SlotID? {
    get { slots[Key(value: value, form: form, isRecomputed: false)] }
    set { slots[Key(value: value, form: form, isRecomputed: false)] = newValue }
  }

  /// The slot of a value of the forward pass that the backward pass computes once more, in blocked form.
  subscript(recomputed value: ValueID) -> SlotID? {
    get { slots[Key(value: value, form: .blocked, isRecomputed: true)] }
    set { slots[Key(value: value, form: .blocked, isRecomputed: true)] = newValue }
  }
}
