import LabCore
import LabGraph

/// What a classifier's graph is fed with: the extents of a batch.
public struct ClassificationBatch: Hashable, Sendable {
  /// The number of samples.
  public var size: Int
  /// The extents of an image: channels, height, width.
  public var image: Shape
  /// The number of classes.
  public var classCount: Int
  /// The number of training samples of each class, where known; losses that balance classes need it.
  public var classCounts: [Int]?

  /// Creates a description.
  public init(size: Int, image: Shape, classCount: Int, classCounts: [Int]? = nil) {
    self.size = size
    self.image = image
    self.classCount = classCount
    self.classCounts = classCounts
  }

  /// Declares the images and applies a model to them.
  ///
  /// - Throws: ``ModelError/option(subject:problem:)`` where the model's result is no `[N, classes]`.
  func logits(_ model: ModelFunction, in context: ModelContext) throws -> Tensor {
    guard size > 0, image.rank == 3, classCount > 0, classCounts.map({ $0.count == classCount }) ?? true else {
      throw ModelError.option(
        subject: "batch", problem: "\(size) images \(image) of \(classCount) classes cannot be classified")
    }
    let images = try context.builder.input(ClassifierTensor.images, Shape([size] + image.dimensions))
    let logits = try model(images, context)
    guard logits.type == TensorType([size, classCount]) else {
      throw ModelError.option(
        subject: "model", problem: "the result is \(logits.type), not logits [\(size), \(classCount)]")
    }
    return logits
  }

  /// Declares an integer label a sample.
  func labels(_ name: String, in context: ModelContext) throws -> Tensor {
    try context.builder.input(name, [size], .int32)
  }
}
