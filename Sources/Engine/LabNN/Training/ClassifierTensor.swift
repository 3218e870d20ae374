/// The names of the inputs and outputs of a classifier's graphs, which whoever runs them fills and reads.
public enum ClassifierTensor {
  /// The images `[N, C, H, W]`, an input.
  public static let images = "images"
  /// The classes `[N]`, an input.
  public static let labels = "labels"
  /// Each image's other class `[N]` where labels are mixed, an input.
  public static let secondLabels = "labels2"
  /// The shares `[N]` of the first classes where labels are mixed, an input.
  public static let labelShares = "mix"
  /// The model's result `[N, classes]`, an output.
  public static let logits = "logits"
  /// Each image's loss `[N]`, an output.
  public static let lossPerSample = "loss_per_sample"
  /// The mean loss, a scalar output.
  public static let loss = "loss"
  /// The norm of all gradients before clipping, a scalar output.
  public static let gradientNorm = "gradient_norm"
}
