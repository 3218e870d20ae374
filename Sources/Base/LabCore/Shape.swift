/// The extents of a tensor, outermost first.
public struct Shape: Hashable, Sendable, Codable, ExpressibleByArrayLiteral {
  /// The extent of each dimension.
  public var dimensions: [Int]

  /// Creates a shape from its extents.
  public init(_ dimensions: [Int]) { self.dimensions = dimensions }

  /// Creates a shape from its extents.
  public init(arrayLiteral elements: Int...) { dimensions = elements }

  /// Decodes a shape from a plain array of extents.
  ///
  /// - Throws: `DecodingError` where it is something else.
  public init(from decoder: any Decoder) throws {
    dimensions = try decoder.singleValueContainer().decode([Int].self)
  }

  /// Encodes the shape as a plain array of extents.
  ///
  /// - Throws: what the encoder throws.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(dimensions)
  }

  /// The shape of a single number.
  public static let scalar = Shape([])

  /// The number of dimensions.
  public var rank: Int { dimensions.count }

  /// The number of elements; 1 for a scalar.
  public var elementCount: Int { dimensions.reduce(1, *) }

  /// The distance in elements between neighbours along each dimension of the dense row-major layout.
  public var strides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) {
      strides[axis] = strides[axis + 1] * dimensions[axis + 1]
    }
    return strides
  }

  /// The extent of one dimension; a negative axis counts from the end.
  public subscript(axis: Int) -> Int {
    get { dimensions[axis < 0 ? rank + axis : axis] }
    set { dimensions[axis < 0 ? rank + axis : axis] = newValue }
  }
}

extension Shape: CustomStringConvertible {
  public var description: String {
    "[" + dimensions.map(String.init).joined(separator: ", ") + "]"
  }
}

/// The type of a tensor's elements.
public enum ElementType: String, Hashable, Sendable, Codable {
  /// IEEE 754 single precision.
  case float32
  /// 32-bit signed integers: labels and indices.
  case int32

  /// The size of one element in bytes.
  public var byteCount: Int { 4 }
}

/// The static type of a tensor: its shape and its elements' type.
public struct TensorType: Hashable, Sendable, Codable {
  /// The extents.
  public var shape: Shape
  /// The elements' type.
  public var element: ElementType

  /// Creates a tensor type; elements are `float32` unless said otherwise.
  public init(_ shape: Shape, _ element: ElementType = .float32) {
    self.shape = shape
    self.element = element
  }

  /// The size in bytes of the dense tensor.
  public var byteCount: Int { shape.elementCount * element.byteCount }
}

extension TensorType: CustomStringConvertible {
  public var description: String { "\(element)\(shape)" }
}
