/// Extents of tensors as files claim them.
enum TensorExtents {
  /// The most dimensions that a tensor may have, as in PyTorch and NumPy.
  static let rankLimit = 64

  /// The number of elements; nil where extents are negative or so large that no computer could hold such a tensor.
  ///
  /// An extent of zero does not excuse the others: what is computed of them, such as strides, would overflow too.
  static func elementCount(_ extents: [Int]) -> Int? {
    guard extents.count <= rankLimit, extents.allSatisfy({ $0 >= 0 }) else { return nil }
    var bound = 1
    for extent in extents {
      let (product, overflow) = bound.multipliedReportingOverflow(by: max(1, extent))
      guard !overflow, product <= 1 << 48 else { return nil }
      bound = product
    }
    return extents.contains(0) ? 0 : bound
  }
}
