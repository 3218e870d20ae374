import Foundation
import LabCore
import LabGraph

/// Losses against PyTorch's values and gradients.
public enum GoldenLosses {
  /// The cases of the fixture.
  public static let names = ["adaptive", "cross_entropy", "cross_entropy_smoothing0.1", "focal"]

  /// The loss of a case.
  ///
  /// - Throws: ``GoldenFile/Failure`` for an unknown name.
  public static func function(_ name: String) throws -> ClassificationLoss.Function {
    switch name {
    case "cross_entropy": .crossEntropy(labelSmoothing: 0)
    case "cross_entropy_smoothing0.1": .crossEntropy(labelSmoothing: 0.1)
    case "focal", "adaptive": .focal(alpha: 0.25, gamma: 2)
    default: throw GoldenFile.Failure(description: "loss/\(name): nothing is known of this case")
    }
  }

  /// The class-balanced weights `(1 − β) / (1 − β^n)`, normalised to sum to the number of classes.
  ///
  /// - Source: Cui et al., "Class-balanced loss", CVPR 2019, arXiv 1901.05555.
  public static func classWeights(counts: [Double], beta: Double = 0.999) -> [Double] {
    let weights = counts.map { (1 - beta) / (1 - pow(beta, $0)) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum * Double(counts.count) }
  }

  /// Checks one loss on a backend.
  ///
  /// - Throws: ``GoldenFile/Failure`` where a number differs, or what the backend throws.
  public static func check(
    _ name: String, on backend: any Backend, options: SessionOptions = SessionOptions(),
    tolerance: BackendConformance.Tolerance = .init()
  ) throws {
    let file = try GoldenFile.operators()
    let path = "loss/\(name)"
    let builder = GraphBuilder()
    let logits = try builder.input("logits", file.shape("\(path)/logits"))
    let labels = try builder.input("labels", [logits.shape[0]], .int32)
    var operands = [logits, labels]
    if name == "adaptive" {
      let weights = classWeights(counts: try file.numbers("\(path)/class_counts"))
      operands.append(builder.constant(weights.map { Float($0) }, [logits.shape[1]]))
    }
    let losses = try builder.apply(ClassificationLoss(function(name)), operands)[0]
    let loss = try builder.apply(Reduction(.mean, axes: [0]), losses)
    try builder.output("value", loss)
    guard let gradient = try builder.gradients(of: loss, withRespectTo: [logits])[0] else {
      throw GoldenFile.Failure(description: "\(path): the logits have no gradient")
    }
    try builder.output("grad_logits", gradient)

    let executable = try backend.makeSession(options).compile(builder.graph)
    try executable.fill("logits", file.numbers("\(path)/logits"))
    _ = try executable.integerInput("labels").update(
      fromContentsOf: file.numbers("\(path)/labels").map { Int32($0) })
    try executable.run()
    for (tensor, tolerance) in [("value", tolerance.results), ("grad_logits", tolerance.gradients)] {
      let found = try executable.read(tensor).map(Double.init)
      if let difference = Difference(found, try file.numbers("\(path)/\(tensor)"), tolerance: tolerance, floor: 1e-4) {
        throw GoldenFile.Failure(description: "\(path): \(tensor) \(difference)")
      }
    }
  }
}
