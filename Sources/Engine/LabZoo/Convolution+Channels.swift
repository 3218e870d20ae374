import LabNN

extension Convolution {
  /// A convolution of each channel by itself.
  public static func depthwise(_ channels: Int, kernelSize: Int, stride: Int = 1) -> Convolution {
    Convolution(outputChannels: channels, kernelSize: kernelSize, stride: stride, groups: channels)
  }
}

/// A width rounded to a multiple of a divisor, at least the divisor.
///
/// - Parameter share: the least share of the width that rounding may leave; MobileNets take 0.9, attentions 0.
func multiple(of divisor: Int, near width: Double, atLeast share: Double = 0.9) -> Int {
  let rounded = max(divisor, Int(width + Double(divisor) / 2) / divisor * divisor)
  return Double(rounded) < share * width ? rounded + divisor : rounded
}
