import LabCore

/// How much each pixel of a layer's output speaks for a class (Grad-CAM).
///
/// Each channel counts by the mean over its pixels of the gradient of the class's logit; what speaks against the class
/// counts as nothing.
///
/// - Source: Selvaraju et al., "Grad-CAM: visual explanations from deep networks via gradient-based localization", ICCV 2017,
///   arXiv 1610.02391.
public struct ClassActivationMap: Hashable, Sendable {
  /// The number of rows.
  public let height: Int
  /// The number of columns.
  public let width: Int
  /// The values, row by row, as shares of the largest one: from 0 to 1.
  public let values: [Double]
  /// The largest value, in the unit of the logit; 0 where nothing in the layer speaks for the class.
  public let maximum: Double

  /// Whether nothing in the layer speaks for the class.
  public var isZero: Bool { maximum == 0 }

  /// Computes the map.
  ///
  /// ## Shapes
  /// - `features`, `gradient`: `[C, H, W]`, row by row.
  ///
  /// - Parameters:
  ///   - features: the layer's output for an image.
  ///   - gradient: the gradient of the class's logit with respect to it.
  ///   - shape: the extents: channels, height, width.
  public init(features: [Float], gradient: [Float], shape: Shape) {
    precondition(features.count == shape.elementCount && gradient.count == shape.elementCount)
    let plane = shape[1] * shape[2]
    var sums = [Double](repeating: 0, count: plane)
    for channel in 0..<shape[0] {
      let pixels = channel * plane..<(channel + 1) * plane
      let weight = gradient[pixels].reduce(0.0) { $0 + Double($1) } / Double(plane)
      for (place, index) in pixels.enumerated() { sums[place] += weight * Double(features[index]) }
    }
    // Numbers that are none, of a network that has diverged, speak for nothing.
    let largest = sums.reduce(0) { $1.isFinite ? max($0, $1) : $0 }
    height = shape[1]
    width = shape[2]
    maximum = largest
    values = sums.map { $0.isFinite && $0 > 0 ? $0 / largest : 0 }
  }

  /// The rows.
  public var rows: [[Double]] { (0..<height).map { Array(values[$0 * width..<($0 + 1) * width]) } }

  /// The place of the largest value, the first one where there are several; nil where all are zero.
  public var peak: (row: Int, column: Int)? {
    isZero ? nil : values.firstIndex(of: 1).map { ($0 / width, $0 % width) }
  }
}
