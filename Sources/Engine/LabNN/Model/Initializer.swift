import LabCore

/// How a parameter's first values are drawn.
///
/// Every number is a function of the seed, the parameter's name and the element's position only, so that changing one
/// layer leaves all others as they were.
public enum Initializer: Hashable, Sendable {
  /// The same number everywhere.
  case constant(Double)
  /// A normal distribution.
  case normal(mean: Double = 0, standardDeviation: Double)
  /// A normal distribution around 0 without what lies beyond some number of standard deviations.
  case truncatedNormal(standardDeviation: Double, cutoff: Double = 2)
  /// The numbers themselves, one an element.
  case elements([Double])
  /// A uniform distribution on `[−bound, bound)`.
  case uniform(bound: Double)

  /// All zeros.
  public static let zeros = Initializer.constant(0)
  /// All ones.
  public static let ones = Initializer.constant(1)

  /// The number of terms of the sums that a kernel takes part in.
  public enum Fan: Sendable {
    /// Of the forward pass: input channels a group × window.
    case input
    /// Of the backward pass: filters × window, not divided by groups, as in PyTorch.
    case output

    /// The fan of a kernel `[O, I/groups, kh, kw]` or a matrix `[O, I]`.
    public func count(of kernel: Shape) -> Int {
      let window = kernel.dimensions.dropFirst(2).reduce(1, *)
      switch self {
      case .input: return kernel[1] * window
      case .output: return kernel[0] * window
      }
    }
  }

  /// A normal distribution that keeps the variance through a rectified layer: deviation `gain / √fan`.
  ///
  /// - Parameters:
  ///   - kernel: the shape of one kernel, without a leading dimension of dynamic kernels.
  ///   - fan: the connections that are counted.
  ///   - gain: √2 for ReLU.
  /// - Source: He et al., "Delving deep into rectifiers", ICCV 2015, arXiv 1502.01852.
  public static func kaimingNormal(_ kernel: Shape, fan: Fan = .output, gain: Double = 2.0.squareRoot()) -> Initializer
  {
    .normal(standardDeviation: gain / Double(fan.count(of: kernel)).squareRoot())
  }

  /// PyTorch's default for the weights and the bias of linear and convolutional layers: uniform within `1 / √fan-in`.
  ///
  /// For weights PyTorch arrives there as a Kaiming uniform with a = √5.
  public static func torchDefault(_ kernel: Shape) -> Initializer {
    .uniform(bound: 1 / Double(Fan.input.count(of: kernel)).squareRoot())
  }

  /// The first values of a parameter.
  public func values(count: Int, seed: UInt64, name: String) -> [Float] {
    switch self {
    case .constant, .elements: draw(count: count, seed: seed, name: name)
    case .normal, .truncatedNormal, .uniform:
      RecentDraws.shared.values(of: .init(initializer: self, count: count, seed: seed, name: name)) {
        draw(count: count, seed: seed, name: name)
      }
    }
  }

  private func draw(count: Int, seed: UInt64, name: String) -> [Float] {
    let stream = RandomStream(seed: seed, name: "init/" + name)
    switch self {
    case .constant(let value): return [Float](repeating: Float(value), count: count)
    case .normal(let mean, let deviation):
      return (0..<count).map { Float(mean + deviation * stream.normal(UInt64($0))) }
    case .truncatedNormal(let deviation, let cutoff):
      return (0..<count).map { element in
        // Each attempt has a coordinate of its own; at two deviations one in 22 needs another.
        for attempt in UInt64(0)... {
          let number = stream.normal(UInt64(element), attempt)
          if abs(number) <= cutoff { return Float(deviation * number) }
        }
        return 0
      }
    case .elements(let elements):
      precondition(elements.count == count, "there is one number an element")
      return elements.map { Float($0) }
    case .uniform(let bound):
      return (0..<count).map { Float(bound * (2 * Double(stream.uniform(UInt64($0))) - 1)) }
    }
  }
}
