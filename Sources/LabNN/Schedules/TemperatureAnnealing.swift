import LabCore

/// The temperature of a dynamic convolution's attentions: a linear descent to 1 over the first epochs, which keeps the
/// attentions of untrained layers near uniform.
///
/// `T = 1 + max(0, (T₀ − 1) · (N − i) / N)` in step `i`, with the steps `N` of the first epochs.
///
/// - Source: Chen et al., "Dynamic convolution", CVPR 2020, arXiv 1912.03458; Li, Zhou, Yao, ICLR 2022,
///   arXiv 2209.07947.
public struct TemperatureAnnealing: RuntimeScalar {
  /// The temperature of the first step.
  public var initial: Double
  /// The length of the descent in epochs, not necessarily whole.
  public var epochs: Double

  /// Creates the scalar; the papers' 30 and 10 epochs unless given.
  public init(initial: Double = 30, epochs: Double = 10) {
    self.initial = initial
    self.epochs = epochs
  }

  /// Whether the temperature is 1 throughout, so that no graph needs to divide by it.
  public var isAlwaysOne: Bool { initial == 1 || epochs == 0 }

  public var name: String { "temperature" }
  public var summary: String { "the temperature of dynamic convolutions' attentions" }

  public func value(at position: StepPosition) -> Double {
    let length = epochs * Double(position.stepsPerEpoch)
    guard length > 0 else { return 1 }
    return 1 + max(0, (initial - 1) * (length - Double(position.step)) / length)
  }
}
