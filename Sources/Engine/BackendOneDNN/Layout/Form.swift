import LabCore
import LabGraph

/// How a value lies in memory.
enum Form: Hashable {
  /// Dense and row-major.
  case flat
  /// `[N, C/block, H·W, block]` with zeroed tail lanes.
  case blocked

  /// The form in which a value is computed if there is a choice: images of a few channels stay flat.
  static func natural(for type: TensorType) -> Form {
    type.shape.rank == 4 && type.element == .float32 && type.shape[1] > 4 ? .blocked : .flat
  }

  /// The other form.
  var other: Form { self == .flat ? .blocked : .flat }
}
