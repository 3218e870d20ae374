/// A named tensor as files hold it: dense, row-major, in the layout of PyTorch's `state_dict`.
public struct NamedTensor: Sendable, Hashable {
  /// The elements in row-major order.
  public enum Values: Sendable, Hashable {
    case float32([Float])
    case float64([Double])
    case int64([Int64])
    case uint8([UInt8])
  }

  /// The name, such as `layer1.0.conv1.weight`.
  public var name: String
  /// The extents; empty for a single number.
  public private(set) var shape: Shape
  /// The elements.
  public private(set) var values: Values

  /// Creates a tensor of as many elements as its shape asks for.
  public init(_ name: String, _ shape: Shape, _ values: Values) {
    precondition(values.count == shape.elementCount, "\(name): \(values.count) elements for \(shape)")
    self.name = name
    self.shape = shape
    self.values = values
  }

  /// Creates a single-precision tensor.
  public init(_ name: String, _ shape: Shape, _ values: [Float]) { self.init(name, shape, .float32(values)) }

  /// Creates a tensor of integers.
  public init(_ name: String, _ shape: Shape, _ values: [Int64]) { self.init(name, shape, .int64(values)) }

  /// The elements, where they are in single precision.
  public var floats: [Float]? { if case .float32(let values) = values { values } else { nil } }

  /// The elements, where they are integers.
  public var integers: [Int64]? { if case .int64(let values) = values { values } else { nil } }
}

extension NamedTensor.Values {
  /// The number of elements.
  public var count: Int {
    switch self {
    case .float32(let values): values.count
    case .float64(let values): values.count
    case .int64(let values): values.count
    case .uint8(let values): values.count
    }
  }

  /// The elements' type by its PyTorch name.
  public var typeName: String {
    switch self {
    case .float32: "float32"
    case .float64: "float64"
    case .int64: "int64"
    case .uint8: "uint8"
    }
  }

  /// Gives `body` the elements' memory.
  package func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    switch self {
    case .float32(let values): try values.withUnsafeBytes(body)
    case .float64(let values): try values.withUnsafeBytes(body)
    case .int64(let values): try values.withUnsafeBytes(body)
    case .uint8(let values): try values.withUnsafeBytes(body)
    }
  }
}

extension Collection<NamedTensor> {
  /// The hash that results are compared by: of the names, shapes and bits of weights in single precision, whatever their
  /// order; nil where a tensor is of another type.
  public var weightsHash: ContentHash? {
    var hasher = ContentHasher()
    for tensor in sorted(by: { $0.name < $1.name }) {
      guard case .float32(let elements) = tensor.values else { return nil }
      hasher.update(tensor.name)
      hasher.update(tensor.shape.description)
      elements.withUnsafeBytes { hasher.update($0) }
    }
    return hasher.finish()
  }

  /// The hash of the names, types, shapes and bits of the tensors, whatever their order.
  public var contentHash: ContentHash {
    var hasher = ContentHasher()
    hasher.update("labrun-tensors-1")
    for tensor in sorted(by: { $0.name < $1.name }) {
      hasher.update(tensor.name)
      hasher.update(tensor.values.typeName)
      hasher.update(tensor.shape.description)
      tensor.values.withUnsafeBytes { hasher.update($0) }
    }
    return hasher.finish()
  }
}
