import LabGraph

extension Activation: ONNXOperation {
  public func lower(_ lowering: ONNXLowering) -> [ONNXValue?] {
    let x = lowering.inputs[0]
    switch function {
    case .relu: return [lowering.add("Relu", x)]
    case .relu6: return [lowering.add("Clip", x, lowering.constant(0), lowering.constant(6))]
    case .sigmoid: return [lowering.add("Sigmoid", x)]
    case .tanh: return [lowering.add("Tanh", x)]
    case .silu: return [lowering.add("Mul", x, lowering.add("Sigmoid", x))]
    case .hardSwish: return [lowering.add("HardSwish", x)]
    case .hardSigmoid: return [lowering.hardSigmoid(x)]
    case .gelu: return [lowering.add("Mul", x, lowering.normalDistribution(x))]
    }
  }
}

/// Networks may look at slopes, as those do that choose places by the gradient of their own certainty.
extension ActivationGradient: ONNXOperation {
  public func lower(_ lowering: ONNXLowering) -> [ONNXValue?] {
    let (upstream, saved) = (lowering.inputs[0], lowering.inputs[1])
    /// 1 where the saved number lies between two others, else 0.
    func isBetween(_ low: Float?, _ high: Float?) -> ONNXValue {
      let conditions = [
        low.map { lowering.add("Greater", saved, lowering.constant($0)) },
        high.map { lowering.add("Less", saved, lowering.constant($0)) },
      ].compactMap(\.self)
      return lowering.cast(conditions.count == 2 ? lowering.add("And", conditions) : conditions[0], to: .float32)
    }
    func oneMinus(_ value: ONNXValue) -> ONNXValue { lowering.add("Sub", lowering.constant(1), value) }
    let slope: ONNXValue
    switch function {
    case .relu: slope = isBetween(0, nil)
    case .relu6: slope = isBetween(0, 6)
    case .sigmoid: slope = lowering.add("Mul", saved, oneMinus(saved))
    case .tanh: slope = oneMinus(lowering.add("Mul", saved, saved))
    case .silu:
      // σ(x) · (1 + x · (1 − σ(x)))
      let sigmoid = lowering.add("Sigmoid", saved)
      let inner = lowering.add("Mul", saved, oneMinus(sigmoid))
      slope = lowering.add("Mul", sigmoid, lowering.add("Add", inner, lowering.constant(1)))
    case .hardSigmoid: slope = lowering.add("Mul", isBetween(-3, 3), lowering.constant(1 / 6))
    case .hardSwish:
      // relu6(x + 3) / 6, and where that still grows x / 6 more.
      let growing = lowering.add(
        "Mul", isBetween(-3, 3), lowering.add("Mul", saved, lowering.constant(1 / 6)))
      slope = lowering.add("Add", lowering.hardSigmoid(saved), growing)
    case .gelu:
      // Φ(x) + x · φ(x)
      let square = lowering.add("Mul", saved, saved)
      let exponential = lowering.add("Exp", lowering.add("Mul", square, lowering.constant(-0.5)))
      let density = lowering.add("Mul", exponential, lowering.constant(Float(0.5 * (2 / Double.pi).squareRoot())))
      slope = lowering.add("Add", lowering.normalDistribution(saved), lowering.add("Mul", saved, density))
    }
    return [lowering.add("Mul", upstream, slope)]
  }
}

extension Unary: ONNXOperation {
  public func lower(_ lowering: ONNXLowering) -> [ONNXValue?] {
    let x = lowering.inputs[0]
    switch function {
    case .negate: return [lowering.add("Neg", x)]
    case .exponential: return [lowering.add("Exp", x)]
    case .logarithm: return [lowering.add("Log", x)]
    case .square: return [lowering.add("Mul", x, x)]
    case .squareRoot: return [lowering.add("Sqrt", x)]
    case .reciprocal: return [lowering.add("Reciprocal", x)]
    case .reciprocalSquareRoot: return [lowering.add("Reciprocal", lowering.add("Sqrt", x))]
    case .affine(let factor, let offset):
      let scaled = factor == 1 ? x : lowering.add("Mul", x, lowering.constant(factor))
      guard offset != 0 || factor == 1 else { return [scaled] }
      return [lowering.add("Add", scaled, lowering.constant(offset))]
    }
  }
}

extension Binary: ONNXOperation {
  public func lower(_ lowering: ONNXLowering) -> [ONNXValue?] {
    let type =
      switch function {
      case .add: "Add"
      case .subtract: "Sub"
      case .multiply: "Mul"
      case .divide: "Div"
      }
    return [lowering.add(type, lowering.inputs)]
  }
}

extension Softmax: ONNXOperation {
  public func lower(_ lowering: ONNXLowering) -> [ONNXValue?] {
    // The last axis is the operator's own choice.
    [lowering.add("Softmax", lowering.inputs[0])]
  }
}

extension ONNXLowering {
  /// The hard sigmoid, `relu6(x + 3) / 6`.
  fileprivate func hardSigmoid(_ x: ONNXValue) -> ONNXValue {
    add("HardSigmoid", x, attributes: ["alpha": .number(1 / 6), "beta": .number(0.5)])
  }

  /// The normal distribution function, `Φ(x) = (1 + erf(x / √2)) / 2`.
  fileprivate func normalDistribution(_ x: ONNXValue) -> ONNXValue {
    let error = add("Erf", add("Mul", x, constant(Float(0.5.squareRoot()))))
    return add("Mul", add("Add", error, constant(1)), constant(0.5))
  }
}
