import BackendReference
import Foundation
import LabCore
import LabGraph

/// A training run of ten steps against the same run in PyTorch, computed there in double precision.
///
/// The network is a 3×3 stem (`stem`, `bn`), one residual block (`conv1`, `bn1`, `conv2`, `bn2`; `shortcut`, `bns`) with
/// stride 2, global average pooling and a classifier (`fc`), on 3×16×16 images in batches of 16.
public struct GoldenTraining: Sendable, CustomStringConvertible {
  /// How a run was trained.
  public struct Configuration: Codable, Sendable {
    /// The kernels of the ODConv layers that take the place of the block's 3×3 convolutions; 0 for static ones.
    public var kernels: Int
    /// `sgd`, `adam` or `adamw`.
    public var optimizer: String
    /// The learning rate.
    public var rate: Double
    /// SGD's momentum.
    public var momentum: Double?
    /// Whether SGD looks ahead.
    public var nesterov: Bool?
    /// The weight decay, of every parameter; decoupled for `adamw`.
    public var weightDecay: Double
    /// `cross-entropy` or `focal` (α = 0.25, γ = 2).
    public var loss: String
  }

  /// How far a backend's run may be from PyTorch's.
  public struct Tolerance: Sendable {
    /// For each weight and buffer, relative to the tensor's largest absolute value.
    public var weights: Double
    /// For each step's loss, relative to it.
    public var losses: Double
    /// For the logits after the last step, relative to the largest.
    public var logits: Double

    /// Creates a tolerance; the default is what single precision allows.
    public init(weights: Double = 1e-4, losses: Double = 1e-5, logits: Double = 1e-4) {
      self.weights = weights
      self.losses = losses
      self.logits = logits
    }
  }

  /// What was measured.
  public struct Report: Sendable, CustomStringConvertible {
    /// The largest relative error of any weight or buffer after 1, 3 and 10 steps.
    public var weightErrors: [Int: Double] = [:]
    /// The largest relative error of any step's loss.
    public var lossError = 0.0
    /// The largest relative error of the logits after the last step.
    public var logitsError = 0.0

    /// The errors on one line.
    public var description: String {
      let weights = weightErrors.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
      return "weights after steps \(weights); losses \(lossError); logits \(logitsError)"
    }
  }

  /// The number of steps.
  public static let steps = 10
  /// The runs of the fixture.
  public static let names = [
    "odconv1_adamw_cross_entropy", "odconv4_sgd_focal", "static_adam_cross_entropy", "static_sgd_cross_entropy",
  ]

  /// The run's name.
  public let name: String
  /// How the run was trained.
  public let configuration: Configuration
  /// The shape of a batch of images.
  public let imageShape: Shape
  private let file: GoldenFile
  private var path: String { "training/\(name)" }

  /// Opens a run.
  ///
  /// - Throws: ``GoldenFile/Failure`` for an unknown name.
  public init(_ name: String) throws {
    file = try GoldenFile.training()
    guard let text = file.metadata["training/\(name)"] else {
      throw GoldenFile.Failure(description: "there is no golden training run \(name)")
    }
    self.name = name
    configuration = try JSONDecoder().decode(Configuration.self, from: Data(text.utf8))
    imageShape = Shape(Array(try file.shape("training/\(name)/images").dimensions.dropFirst()))
  }

  /// The run's name.
  public var description: String { name }

  /// The initial weights and buffers by their PyTorch names.
  ///
  /// - Throws: where the fixture has none.
  public func initialWeights() throws -> [String: [Double]] { try weights("initial") }

  /// Trains for ten steps on a backend and compares losses, weights and logits with PyTorch's.
  ///
  /// - Parameters:
  ///   - backend: the backend to check.
  ///   - options: how its session executes.
  ///   - training: one training step: inputs `images` and `labels`, output `loss`, variables under PyTorch's names;
  ///     optimiser state starts as zeros.
  ///   - evaluation: the network with running statistics: input `images`, output `logits`.
  ///   - tolerance: the differences that are allowed.
  ///   - prepare: sets the training step's further inputs, such as the learning rate, before each step (from 0).
  /// - Returns: the differences that were found.
  /// - Throws: ``GoldenFile/Failure`` where one exceeds the tolerance, or what the backend throws.
  @discardableResult
  public func check(
    on backend: any Backend, options: SessionOptions = SessionOptions(), training: Graph, evaluation: Graph,
    tolerance: Tolerance = Tolerance(), prepare: (any Executable, _ step: Int) throws -> Void
  ) throws -> Report {
    let session = try backend.makeSession(options)
    let step = try session.compile(training)
    let network = try session.compile(evaluation)
    let initial = try initialWeights()
    let stateNames = session.variables.filter { $0.role != .optimizerState }.map(\.name).sorted()
    guard stateNames == initial.keys.sorted() else {
      throw GoldenFile.Failure(
        description: "\(name): the variables are \(stateNames) instead of \(initial.keys.sorted())")
    }
    for variable in session.variables {
      let zeros = [Double](repeating: 0, count: variable.type.shape.elementCount)
      try session.write(variable.name, (initial[variable.name] ?? zeros).map { Float($0) })
    }

    var report = Report()
    let images = try file.numbers("\(path)/images")
    let labels = try file.numbers("\(path)/labels")
    let losses = try file.numbers("\(path)/losses_float64")
    let imageCount = imageShape.elementCount
    let batch = imageShape[0]
    for index in 0..<Self.steps {
      try step.fill("images", Array(images[index * imageCount..<(index + 1) * imageCount]))
      _ = try step.integerInput("labels").update(
        fromContentsOf: labels[index * batch..<(index + 1) * batch].map { Int32($0) })
      try prepare(step, index)
      try step.run()
      let loss = Difference.largest(try step.numbers("loss"), [losses[index]], floor: 0)
      report.lossError = max(report.lossError, loss.relative)
      try require(loss, "the loss of step \(index + 1)", tolerance.losses)
      guard let folder = [1: "after_1_steps_float64", 3: "after_3_steps_float64", 10: "final_float64"][index + 1] else {
        continue
      }
      for (variable, expected) in try weights(folder).sorted(by: { $0.key < $1.key }) {
        let difference = Difference.largest(try session.numbers(variable), expected, floor: 0)
        report.weightErrors[index + 1] = max(report.weightErrors[index + 1] ?? 0, difference.relative)
        try require(difference, "\(variable) after \(index + 1) steps", tolerance.weights)
      }
    }
    try network.fill("images", Array(images[..<imageCount]))
    try network.run()
    let expected = try file.numbers("\(path)/eval_logits_float64")
    let logits = Difference.largest(try network.numbers("logits"), expected, floor: 0)
    report.logitsError = logits.relative
    try require(logits, "the logits", tolerance.logits)
    return report
  }

  private func require(_ difference: Difference, _ subject: String, _ tolerance: Double) throws {
    // Written so that a NaN is a failure.
    guard difference.relative <= tolerance else {
      throw GoldenFile.Failure(description: "\(name): \(subject) \(difference)")
    }
  }

  private func weights(_ folder: String) throws -> [String: [Double]] {
    let names = file.names(under: "\(path)/\(folder)")
    return Dictionary(uniqueKeysWithValues: try names.map { ($0, try file.numbers("\(path)/\(folder)/\($0)")) })
  }
}

extension Executable {
  /// An output in the best precision that the backend has.
  fileprivate func numbers(_ name: String) throws -> [Double] {
    try (self as? ReferenceExecutable)?.readDouble(name) ?? read(name).map(Double.init)
  }
}

extension Session {
  /// A variable in the best precision that the backend has.
  fileprivate func numbers(_ name: String) throws -> [Double] {
    try (self as? ReferenceSession)?.readDouble(name) ?? read(name).map(Double.init)
  }
}
