import LabCore
import LabGraph
import LabNN

/// Cross entropy and `ε (1 − p)`: the first term of its series weighed anew.
///
/// - Source: Leng et al., "PolyLoss: a polynomial expansion perspective of classification loss functions", ICLR 2022,
///   arXiv 2204.12511.
struct PolyLoss: LossFunction {
  var epsilon = 1.0

  static let variant = ConfigurationSchema.Variant(
    "poly", "Cross entropy and ε (1 − p).",
    options: ConfigurationSchema([.init("epsilon", .number(.any), default: 1, "The weight of 1 − p.")]))

  func callAsFunction(_ logits: Tensor, labels: Tensor, classCounts: [Int]?) throws -> Tensor {
    let missing = try logits.probability(ofLabels: labels).affine(-Float(epsilon), offset: Float(epsilon))
    return try logits.crossEntropy(labels: labels).adding(missing)
  }
}
