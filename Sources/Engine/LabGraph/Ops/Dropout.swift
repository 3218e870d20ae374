import LabCore

/// Sets elements to zero with a probability, and scales the others so that the expectation stays.
///
/// The mask is a pure function of the key, the step and the element's row-major position, so that a resumed run drops
/// the same elements: ``isKept(element:step:)``.
///
/// ## Shapes
/// - `x`: any f32 shape; `step`: int32, a scalar or `[1]`, the number of the training step; result like `x`.
/// - Source: Srivastava et al., "Dropout", JMLR 15, 2014.
public struct Dropout: SeededOperation {
  public static let name = "dropout"
  /// The probability that an element is dropped, in `0..<1`.
  public var rate: Float
  /// The name of the random stream, which each layer has of its own.
  public let streamName: String
  /// The random stream's key.
  public private(set) var key: SIMD2<UInt32>

  /// Creates the operation.
  ///
  /// - Parameters:
  ///   - rate: the probability that an element is dropped.
  ///   - streamName: the name of the random stream; each layer needs one of its own.
  ///   - seed: the run's seed, which ``LabGraph/Graph/seeded(_:)`` sets.
  public init(rate: Float, streamName: String, seed: UInt64 = 0) {
    self.rate = rate
    self.streamName = streamName
    key = RandomStream(seed: seed, name: streamName).key
  }

  public func seeded(_ seed: UInt64) -> Dropout { Dropout(rate: rate, streamName: streamName, seed: seed) }

  /// The factor of the elements that are kept.
  public var scale: Float { 1 / (1 - rate) }

  /// Whether an element survives a step: it does where its 24-bit uniform number is not below the rate.
  public func isKept(element: Int, step: Int32) -> Bool {
    let block = UInt64(element / 4)
    let counter = SIMD4(
      UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32), UInt32(bitPattern: step), 0)
    let word = RandomStream(key: key).block(counter)[element % 4]
    return Float(word >> 8) * 0x1p-24 >= rate
  }

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count == 2, inputs[0].element == .float32, inputs[1].element == .int32,
      inputs[1].shape == .scalar || inputs[1].shape == [1]
    else { throw shapeError(expected: "a float tensor and an int32 step [] or [1]", actual: inputs) }
    guard rate >= 0, rate < 1 else {
      throw GraphError.invalid(path: "", problem: "the dropout rate must be in 0..<1, found \(rate)")
    }
    return [inputs[0]]
  }

  public func gradients(_ context: GradientContext) throws -> [Tensor?] {
    // The mask is drawn again rather than kept.
    [try context.builder.apply(self, context.outputGradient, context.inputs[1]), nil]
  }
}
