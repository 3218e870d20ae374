import LabCore
import LabGraph

/// A classifier's loss for each sample.
///
/// Any formula of operations that have gradients will do; `probability(ofLabels:)` of the logits starts many. A loss
/// that is cross entropy or focal with factors of the classes is a ``FusedLossFunction``.
public protocol LossFunction: ConfigurableComponent {
  /// The loss of each sample, below which the gradients begin.
  ///
  /// ## Shapes
  /// - `logits`: `[N, C]`; `labels`: `[N]` int32; result: `[N]`.
  ///
  /// - Parameters:
  ///   - logits: what the model gives.
  ///   - labels: the right classes.
  ///   - classCounts: the number of training samples of each class, where known.
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit; ``ModelError/classCounts(loss:expected:actual:)`` where
  ///   the loss needs the counts and cannot use these.
  func callAsFunction(_ logits: Tensor, labels: Tensor, classCounts: [Int]?) throws -> Tensor
}

/// A loss that one operation computes, with its gradient, in one pass over the logits.
public protocol FusedLossFunction: LossFunction {
  /// The function of the logits and the label.
  var function: ClassificationLoss.Function { get }

  /// The factors of the classes; nil where all are alike.
  ///
  /// - Parameter counts: the number of training samples of each class, where known.
  /// - Throws: ``ModelError/classCounts(loss:expected:actual:)`` where the loss needs the counts and cannot use these.
  func classWeights(counts: [Int]?) throws -> [Double]?
}

extension FusedLossFunction {
  public func classWeights(counts: [Int]?) throws -> [Double]? { nil }

  public func callAsFunction(_ logits: Tensor, labels: Tensor, classCounts: [Int]?) throws -> Tensor {
    var operands = [logits, labels]
    if let weights = try classWeights(counts: classCounts) {
      operands.append(logits.builder.constant(weights.map { Float($0) }, [weights.count]))
    }
    return try logits.builder.apply(ClassificationLoss(function), operands)[0]
  }
}

extension Tensor {
  /// The cross entropy `−log p` of the labels' classes.
  ///
  /// ## Shapes
  /// - `self`: logits `[N, C]`; `labels`: `[N]` int32; result: `[N]`.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit.
  public func crossEntropy(labels: Tensor) throws -> Tensor {
    try builder.apply(ClassificationLoss(.crossEntropy(labelSmoothing: 0)), self, labels)
  }

  /// The probability `p` of each label's class by softmax.
  ///
  /// ## Shapes
  /// - `self`: logits `[N, C]`; `labels`: `[N]` int32; result: `[N]`.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit.
  public func probability(ofLabels labels: Tensor) throws -> Tensor {
    try builder.apply(Unary(.exponential), crossEntropy(labels: labels).affine(-1))
  }
}

/// The losses that a configuration can name.
public enum LossFamily: ComponentFamily {
  public static let registry = Registry<any LossFunction>(
    "losses",
    [
      CrossEntropyLoss(),
      FocalLoss(),
      AdaptiveLoss(),
    ]
  ) { type(of: $0).registeredNames }
}

/// The configuration of a loss: `"cross-entropy"`, `{"name": "focal", "gamma": 1.5}`.
public typealias LossConfiguration = Selection<LossFamily>
