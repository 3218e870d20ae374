import LabGraph

/// Sets elements to zero in training; does nothing in evaluation or at a rate of 0.
///
/// The masks are drawn from the run's seed, the layer's path and the number of the step.
public struct DropoutLayer: Layer, Hashable {
  /// The probability that an element is dropped, in `0..<1`.
  public var rate: Double

  /// Creates the layer.
  public init(rate: Double) { self.rate = rate }

  public func callAsFunction(_ x: Tensor, in context: ModelContext) throws -> Tensor {
    guard rate > 0, context.mode == .training else { return x }
    return try context.builder.apply(
      Dropout(rate: Float(rate), streamName: context.streamName("dropout")), x, context.scalar(StepNumber()))
  }
}
