import LabCore
import LabGraph

/// Single operations against PyTorch's results and gradients.
public enum GoldenOperators {
  /// The cases of the fixture.
  public static let names = [
    "avgpool2", "batchnorm_eval", "batchnorm_train", "conv1x1", "conv3x3", "conv3x3_stride2", "conv5x5",
    "conv_depthwise", "conv_dilated", "conv_grouped", "gelu", "hardswish", "linear", "maxpool3s2p1", "relu6",
    "sigmoid", "silu",
  ]

  /// Checks one operation on a backend.
  ///
  /// - Throws: ``GoldenFile/Failure`` where a number differs, or what the backend throws.
  public static func check(
    _ name: String, on backend: any Backend, options: SessionOptions = SessionOptions(),
    tolerance: BackendConformance.Tolerance = .init()
  ) throws {
    let file = try GoldenFile.operators()
    let path = "op/\(name)"
    try GoldenCheck.check(path, in: file, on: backend, options: options, tolerance: tolerance) { builder, x in
      func variable(_ name: String, role: Variable.Role = .parameter) throws -> Tensor {
        try builder.variable(named: name, file.shape("\(path)/param/\(name)"), role: role)
      }
      switch name {
      case "avgpool2":
        return try builder.apply(Pooling2D(.average(countsPadding: false), PoolingGeometry(window: 2)), x)
      case "maxpool3s2p1":
        return try builder.apply(Pooling2D(.maximum, PoolingGeometry(window: 3, stride: 2, padding: 1)), x)
      case "linear":
        let product = try builder.apply(MatrixProduct(transposesRight: true), x, variable("weight"))
        return try builder.apply(Binary(.add), product, variable("bias"))
      case "batchnorm_train", "batchnorm_eval":
        let operands = [
          x, try variable("weight"), try variable("bias"), try variable("running_mean", role: .buffer),
          try variable("running_var", role: .buffer),
        ]
        if name == "batchnorm_eval" { return try builder.apply(BatchNormalizationInference(), operands)[0] }
        let results = try builder.apply(BatchNormalization(), operands)
        try builder.update(operands[3], to: results[3])
        try builder.update(operands[4], to: results[4])
        return results[0]
      default:
        if let function = activations[name] { return try builder.apply(Activation(function), x) }
        guard let geometry = convolutions[name] else {
          throw GoldenFile.Failure(description: "\(path): nothing is known of this case")
        }
        return try builder.apply(Convolution2D(geometry), [x, variable("weight"), variable("bias")])[0]
      }
    }
  }

  private static let activations: [String: Activation.Function] = [
    "gelu": .gelu, "hardswish": .hardSwish, "relu6": .relu6, "sigmoid": .sigmoid, "silu": .silu,
  ]

  private static let convolutions: [String: ConvolutionGeometry] = [
    "conv1x1": ConvolutionGeometry(stride: 1, padding: 0), "conv3x3": ConvolutionGeometry(stride: 1, padding: 1),
    "conv3x3_stride2": ConvolutionGeometry(stride: 2, padding: 1),
    "conv5x5": ConvolutionGeometry(stride: 1, padding: 2),
    "conv_depthwise": ConvolutionGeometry(stride: 2, padding: 1, groups: 16),
    "conv_dilated": ConvolutionGeometry(stride: 1, padding: 2, dilation: 2),
    "conv_grouped": ConvolutionGeometry(stride: 1, padding: 1, groups: 4),
  ]
}
