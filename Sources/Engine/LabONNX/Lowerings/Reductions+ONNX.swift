import LabCore
import LabGraph

extension Reduction: ONNXOperation {
  public func lower(_ lowering: ONNXLowering) -> [ONNXValue?] {
    let type =
      switch function {
      case .sum: "ReduceSum"
      case .mean: "ReduceMean"
      case .maximum: "ReduceMax"
      }
    // Without axes, ONNX reduces all of them unless it is told otherwise.
    guard !axes.isEmpty else { return [lowering.add("Identity", lowering.inputs[0])] }
    return [
      lowering.add(type, lowering.inputs[0], lowering.constant(axes), attributes: ["keepdims": .integer(0)])
    ]
  }
}

extension MatrixProduct: ONNXOperation {
  public func lower(_ lowering: ONNXLowering) -> [ONNXValue?] {
    let (left, right) = (lowering.inputs[0], lowering.inputs[1])
    guard lowering.inputExtents[0].count == 3 else {
      // A matrix of weights stays as it is stored.
      var attributes: [String: ONNXAttribute] = [:]
      if transposesLeft { attributes["transA"] = .integer(1) }
      if transposesRight { attributes["transB"] = .integer(1) }
      return [lowering.add("Gemm", left, right, attributes: attributes)]
    }
    func oriented(_ value: ONNXValue, _ transposes: Bool) -> ONNXValue {
      transposes ? lowering.add("Transpose", value, attributes: ["perm": .integers([0, 2, 1])]) : value
    }
    return [lowering.add("MatMul", oriented(left, transposesLeft), oriented(right, transposesRight))]
  }
}

extension TopPositions: ONNXOperation {
  public func lower(_ lowering: ONNXLowering) throws -> [ONNXValue?] {
    let columns = try lowering.fixedExtents(of: 0, from: 1)[0]
    // Of equal numbers, ONNX takes the first, too.
    let largest = lowering.add("TopK", [lowering.inputs[0], lowering.constant([count])], outputCount: 2)
    return [
      lowering.add("OneHot", largest[1], lowering.constant([columns]), lowering.constant([0, 1], [2]))
    ]
  }
}
