import LabCore
import LabGraph

extension OperationSamples {
  private static let shapes: [(String, Shape, [Int])] = [
    ("pixels", [2, 5, 3, 4], [2, 3]), ("pixels of blocked channels", [2, 16, 5, 3], [2, 3]),
    ("channels", [2, 5, 3, 4], [1]), ("channels of whole blocks", [2, 32, 3, 7], [1]),
    ("channels of a broken block", [2, 21, 5, 4], [1]), ("samples and pixels", [3, 4, 2, 2], [0, 2, 3]),
    ("the last axis", [4, 7], [1]),
    ("the first axis", [4, 7], [0]), ("everything", [3, 4, 2], [0, 1, 2]), ("nothing", [3, 4], []),
    ("outer axes", [3, 4, 2], [0, 2]),
  ]

  static let reduction = Reduction.Function.allCases.flatMap { function in
    shapes.map { variation, shape, axes in
      OperationSample(
        Reduction(function, axes: axes), "\(function.rawValue) over \(variation)",
        [.tensor(shape, function == .maximum ? .distinct(gap: 0.05) : .normal)])
    }
  }

  static let broadcast = shapes.flatMap { variation, shape, axes in
    [Float(1), 0.125].map { factor in
      let kept = shape.dimensions.enumerated().filter { !axes.contains($0.offset) }.map(\.element)
      return OperationSample(
        Broadcast(to: shape, axes: axes, factor: factor), "\(variation), factor \(factor)", [.tensor(Shape(kept))])
    }
  }

  /// The maxima are computed in the graph, so that they are exactly the elements that won.
  static let maximumGradient =
    shapes.map { variation, shape, axes in
      let kept = shape.dimensions.enumerated().filter { !axes.contains($0.offset) }.map(\.element)
      return OperationSample(
        MaximumGradient.name, variation, [.fixed(Shape(kept)), .fixed(shape, .distinct(gap: 0.05))]
      ) { builder, operands in
        let maxima = try builder.apply(Reduction(.maximum, axes: axes), operands[1])
        return [try builder.apply(MaximumGradient(axes: axes), operands[0], operands[1], maxima)]
      }
    } + [
      OperationSample(
        MaximumGradient.name, "equal elements share no gradient", [.fixed([3]), .fixed([3, 4], .number(2))]
      ) { builder, operands in
        let maxima = try builder.apply(Reduction(.maximum, axes: [1]), operands[1])
        return [try builder.apply(MaximumGradient(axes: [1]), operands[0], operands[1], maxima)]
      }
    ]
}
