import LabCore
import LabGraph

/// How raw images become a model's input within the model: resized, rounded to bytes, normalized.
///
/// The images of a batch are unsigned bytes of any one extent, with as many channels as the model takes. What is done
/// to them is what prediction does to the pixels of a file; probabilities come out instead of logits.
public struct ImageIntake: Hashable, Sendable {
  /// How the axes of a batch are ordered.
  public enum Layout: String, Hashable, Sendable, CaseIterable {
    /// `[batch, height, width, channels]`, as decoders of images give them.
    case channelsLast = "nhwc"
    /// `[batch, channels, height, width]`.
    case channelsFirst = "nchw"
  }

  /// How an image of other proportions is brought to the model's.
  public enum Fit: Hashable, Sendable {
    /// Height and width are scaled by themselves.
    case squash
    /// The whole image is kept in proportion, in the middle of black.
    case letterbox
    /// The shorter side is scaled to the model's, and what the longer side has too much is cut off evenly.
    case crop
  }

  /// How the axes of a batch are ordered.
  public var layout: Layout
  /// The model's channels, height and width.
  public var extents: Shape
  /// How images of other proportions are brought to them.
  public var fit: Fit
  /// The height and width to which images are brought before the middle is cut from them; nil cuts nothing.
  public var storedSize: Int?
  /// The mean of each channel, of values between 0 and 1; empty where nothing is subtracted.
  public var mean: [Double]
  /// What each channel is divided by, of values between 0 and 1; empty for 1.
  public var deviation: [Double]

  /// Describes how images become a model's input.
  public init(layout: Layout, extents: Shape, fit: Fit, mean: [Double] = [], deviation: [Double] = []) {
    self.layout = layout
    self.extents = extents
    self.fit = fit
    self.mean = mean
    self.deviation = deviation
  }

  /// What the model's output is called.
  static let outputName = "probabilities"

  /// Declares the input, and makes the graph's of it.
  func images(named name: String, in builder: ONNXGraphBuilder) -> ONNXValue {
    let lowering = ONNXLowering(
      inputs: [], inputExtents: [], outputExtents: [], path: "preprocessing", batchSize: 1, otherBatchSize: 1,
      counterpart: Softmax(), builder: builder)
    let channels = ONNXPort.Extent.fixed(extents[0])
    let free = ["batch", "height", "width"].map(ONNXPort.Extent.free)
    var x: ONNXValue
    switch layout {
    case .channelsLast:
      x = builder.input(name, .uint8, free + [channels])
      x = lowering.add("Transpose", x, attributes: ["perm": .integers([0, 3, 1, 2])])
    case .channelsFirst:
      x = builder.input(name, .uint8, [free[0], channels, free[1], free[2]])
    }
    x = lowering.cast(x, to: .float32)
    return normalized(fitted(x, lowering), lowering)
  }

  /// The probabilities of logits.
  static func probabilities(of logits: ONNXValue, in builder: ONNXGraphBuilder) -> ONNXValue {
    builder.node("Softmax", [logits], [:], path: "")[0]
  }

  // MARK: Steps

  private func fitted(_ x: ONNXValue, _ lowering: ONNXLowering) -> ONNXValue {
    guard let storedSize else { return fitted(x, height: extents[1], width: extents[2], lowering) }
    let start = [(storedSize - extents[1]) / 2, (storedSize - extents[2]) / 2]
    return lowering.add(
      "Slice", fitted(x, height: storedSize, width: storedSize, lowering), lowering.constant(start),
      lowering.constant([start[0] + extents[1], start[1] + extents[2]]), lowering.constant([2, 3]))
  }

  private func fitted(_ x: ONNXValue, height: Int, width: Int, _ lowering: ONNXLowering) -> ONNXValue {
    let target = lowering.constant([height, width])
    guard fit != .squash else { return resized(x, to: target, lowering) }
    let sizes = scaledSizes(of: x, target: target, lowering)
    let scaled = resized(x, to: sizes, lowering)
    let two = lowering.constant([2])
    if fit == .letterbox {
      let free = lowering.add("Sub", target, sizes)
      let before = lowering.add("Div", free, two)
      let none = lowering.constant([0, 0])
      let pads = lowering.add(
        "Concat", none, before, none, lowering.add("Sub", free, before), attributes: ["axis": .integer(0)])
      return lowering.add("Pad", scaled, pads)
    }
    let start = lowering.add("Div", lowering.add("Sub", sizes, target), two)
    return lowering.add("Slice", scaled, start, lowering.add("Add", start, target), lowering.constant([2, 3]))
  }

  /// The extents to which an image is scaled before it is padded or cut, computed in double precision.
  private func scaledSizes(of x: ONNXValue, target: ONNXValue, _ lowering: ONNXLowering) -> ONNXValue {
    let own = lowering.cast(
      lowering.add("Shape", x, attributes: ["start": .integer(2), "end": .integer(4)]), to: .float64)
    let wanted = lowering.cast(target, to: .float64)
    let ratios = lowering.add("Div", wanted, own)
    let ratio = lowering.add(fit == .letterbox ? "ReduceMin" : "ReduceMax", ratios, lowering.constant([0]))
    let half = lowering.cast(lowering.constant(0.5), to: .float64)
    let rounded = lowering.cast(
      lowering.add("Floor", lowering.add("Add", lowering.add("Mul", own, ratio), half)), to: .int64)
    let scaled = lowering.add("Max", rounded, lowering.constant([1]))
    // The side that decides fits exactly, whatever the rounding of the product.
    return lowering.add("Where", lowering.add("Equal", ratios, ratio), target, scaled)
  }

  private func resized(_ x: ONNXValue, to sizes: ONNXValue, _ lowering: ONNXLowering) -> ONNXValue {
    // ONNX Runtime mistakes extents that are given for some axes only when it turns the axes of images.
    let others = lowering.add("Shape", x, attributes: ["start": .integer(0), "end": .integer(2)])
    let extents = lowering.add("Concat", others, sizes, attributes: ["axis": .integer(0)])
    let resized = lowering.add(
      "Resize", x, nil, nil, extents,
      attributes: [
        "mode": .text("linear"), "antialias": .integer(1), "exclude_outside": .integer(1),
        "coordinate_transformation_mode": .text("half_pixel"),
      ])
    let bytes = lowering.add("Floor", lowering.add("Add", resized, lowering.constant(0.5)))
    return lowering.add("Clip", bytes, lowering.constant(0), lowering.constant(255))
  }

  private func normalized(_ x: ONNXValue, _ lowering: ONNXLowering) -> ONNXValue {
    let shape: Shape = [1, extents[0], 1, 1]
    func perChannel(_ numbers: [Double]) -> ONNXValue { lowering.constant(numbers.map { Float($0 * 255) }, shape) }
    let centered = mean.isEmpty ? x : lowering.add("Sub", x, perChannel(mean))
    // A channel that never changes has nothing to be scaled by.
    let divisors = deviation.isEmpty ? Array(repeating: 1, count: extents[0]) : deviation.map { $0 > 0 ? $0 : 1 }
    return lowering.add("Div", centered, perChannel(divisors))
  }
}

extension ONNXLowering {
  /// The same numbers as elements of another type.
  func cast(_ value: ONNXValue, to element: ONNXElement) -> ONNXValue {
    add("Cast", value, attributes: ["to": .integer(element.rawValue)])
  }
}
