import LabCore

/// A dense row-major tensor in double precision, or of integers.
public struct ReferenceTensor: Sendable, Hashable {
  /// The shape and element type.
  public let type: TensorType
  /// The numbers of a float tensor; empty for integers.
  public var elements: [Double]
  /// The numbers of an integer tensor; empty for floats.
  public var integers: [Int32]

  /// Creates a float tensor.
  public init(_ shape: Shape, _ elements: [Double]) {
    precondition(elements.count == shape.elementCount, "a tensor needs one number an element")
    type = TensorType(shape)
    self.elements = elements
    integers = []
  }

  /// Creates an integer tensor.
  public init(_ shape: Shape, integers: [Int32]) {
    precondition(integers.count == shape.elementCount, "a tensor needs one number an element")
    type = TensorType(shape, .int32)
    elements = []
    self.integers = integers
  }

  /// Creates a tensor of zeros.
  public init(zeros type: TensorType) {
    self.type = type
    elements = type.element == .float32 ? [Double](repeating: 0, count: type.shape.elementCount) : []
    integers = type.element == .int32 ? [Int32](repeating: 0, count: type.shape.elementCount) : []
  }

  /// The shape.
  public var shape: Shape { type.shape }

  /// The number of a tensor that has only one.
  var number: Double { elements[0] }

  /// Copies a tensor to the positions from `start` along an axis.
  mutating func place(_ tensor: ReferenceTensor, at start: Int, along axis: Int) {
    let strides = shape.strides
    let targets = tensor.shape.offsets(strides: strides, start: start * strides[axis])
    for (element, target) in zip(tensor.elements, targets) { elements[target] = element }
  }
}

extension Shape {
  /// For each position in row-major order its offset in another tensor with the given strides.
  func offsets(strides: [Int], start: Int = 0) -> [Int] {
    var offsets = [start]
    for (extent, stride) in zip(dimensions, strides) {
      offsets = offsets.flatMap { base in (0..<extent).map { base + $0 * stride } }
    }
    return offsets
  }
}

extension Float {
  /// The decimal fraction that was meant: operations hold attributes such as 0.9 as floats, which miss it by up to 6e-8.
  var decimal: Double { Double(description) ?? Double(self) }
}
