import LabCore
import LabGraph

/// A classifier's loss for each sample.
public protocol LossFunction: ConfigurableComponent {
  /// The function of the logits and the label.
  var function: ClassificationLoss.Function { get }

  /// The factors of the classes; nil where all are alike.
  ///
  /// - Parameter counts: the number of training samples of each class, where known.
  /// - Throws: ``ModelError/classCounts(loss:expected:actual:)`` where the loss needs the counts and cannot use these.
  func classWeights(counts: [Int]?) throws -> [Double]?
}

extension LossFunction {
  public func classWeights(counts: [Int]?) throws -> [Double]? { nil }

  /// The loss of each sample.
  ///
  /// ## Shapes
  /// - `logits`: `[N, C]`; `labels`: `[N]` int32; result `[N]`.
  ///
  /// - Parameter classCounts: the number of training samples of each class, where known.
  public func callAsFunction(_ logits: Tensor, labels: Tensor, classCounts: [Int]?) throws -> Tensor {
    var operands = [logits, labels]
    if let weights = try classWeights(counts: classCounts) {
      operands.append(logits.builder.constant(weights.map { Float($0) }, [weights.count]))
    }
    return try logits.builder.apply(ClassificationLoss(function), operands)[0]
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
