import LabCore

/// The positions of each row's largest numbers, as rows that are 1 there and 0 elsewhere, largest first.
///
/// Of equal numbers the first comes first. The positions do not change with small changes of the numbers, so that no
/// gradient flows back: products with the rows select, and the selection itself is hard.
///
/// ## Shapes
/// - `x`: `[N, P]` f32; result `[N, count, P]`.
public struct TopPositions: Operation {
  public static let name = "top_positions"
  /// The number of positions a row.
  public var count: Int

  /// Creates the operation.
  public init(count: Int) { self.count = count }

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count == 1, inputs[0].element == .float32, inputs[0].shape.rank == 2, count > 0,
      count <= inputs[0].shape[1]
    else { throw shapeError(expected: "one matrix with at least \(count) columns", actual: inputs) }
    return [TensorType([inputs[0].shape[0], count, inputs[0].shape[1]])]
  }

  public func gradients(_ context: GradientContext) throws -> [Tensor?] { [nil] }

  /// The positions of the largest numbers, largest first.
  public func positions<Scalar: BinaryFloatingPoint>(of row: some RandomAccessCollection<Scalar>) -> [Int] {
    let ordered = row.enumerated().sorted { $0.element != $1.element ? $0.element > $1.element : $0.offset < $1.offset }
    return ordered.prefix(count).map(\.offset)
  }
}
