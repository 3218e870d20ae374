import LabCore
import LabGraph

/// Kept as an operator, so that its parameters keep their names; runtimes fold it into the convolution before it.
extension BatchNormalizationInference: ONNXOperation {
  public func lower(_ lowering: ONNXLowering) -> [ONNXValue?] {
    // The operator's own choice is left out.
    let attributes: [String: ONNXAttribute] = epsilon == 1e-5 ? [:] : ["epsilon": .number(epsilon)]
    return [lowering.add("BatchNormalization", lowering.inputs, attributes: attributes)]
  }
}

/// By `InstanceNormalization` of the groups: ONNX's own operator has one scale a group in this version.
extension GroupNormalization: ONNXOperation {
  public func lower(_ lowering: ONNXLowering) throws -> [ONNXValue?] {
    let extents = try lowering.fixedExtents(of: 0, from: 1)
    let grouped = lowering.reshape(lowering.inputs[0], to: [-1, groups, extents.reduce(1, *) / groups])
    let normalized = lowering.add(
      "InstanceNormalization", grouped, lowering.constant(Array(repeating: 1, count: groups), [groups]),
      lowering.constant(Array(repeating: 0, count: groups), [groups]), attributes: ["epsilon": .number(epsilon)])
    let image = lowering.reshape(normalized, to: [-1] + extents)
    let (scale, shift) = (
      lowering.unsqueeze(lowering.inputs[1], axes: [1, 2]), lowering.unsqueeze(lowering.inputs[2], axes: [1, 2])
    )
    // The groups' statistics serve the backward pass only.
    return [lowering.add("Add", lowering.add("Mul", image, scale), shift), nil, nil]
  }
}
