import LabGraph

/// How a value is computed in one pass over blocked images.
///
/// A value with an expression need not be computed where the graph has its node. A consumer may take the expression into
/// its own, so that the value is never stored; whoever reads the value itself has it computed then; and the backward pass
/// may compute it once more instead of keeping it.
package enum FusedExpression: Equatable {
  case apply(ApplyExpression)
  case gradient(GradientExpression)
  case normGradient(NormGradientExpression)
  /// `factor · value[n][c]` at every pixel.
  case broadcast(ValueID, factor: Float)
  /// Channels of other values, and zeros.
  case selection([ChannelSource?])
}

/// A channel of a value.
package struct ChannelSource: Hashable {
  package var value: ValueID
  package var channel: Int

  package init(value: ValueID, channel: Int) {
    self.value = value
    self.channel = channel
  }
}

/// What a pass over an image reads.
package enum ImageOperand: Hashable {
  case value(ValueID)
  /// A convolution's result before its bias is added.
  case unbiased(ValueID)
}

/// Factors and offsets of an image's channels, which the kernels of a node provide: a normalization's, or a bias.
package struct AffineReference: Hashable {
  /// The result of the node.
  package var result: ValueID
  /// Whether each sample has vectors of its own.
  package var isPerSample = false

  package init(result: ValueID, isPerSample: Bool = false) {
    self.result = result
    self.isPerSample = isPerSample
  }
}

/// `activation(affine(x) + residualAffine(residual))`.
package struct ApplyExpression: Equatable {
  package var x: ImageOperand
  package var affine: AffineReference?
  package var residual: ImageOperand?
  package var residualAffine: AffineReference?
  package var activation: Activation.Function?

  package init(
    x: ImageOperand, affine: AffineReference? = nil, residual: ImageOperand? = nil,
    residualAffine: AffineReference? = nil, activation: Activation.Function? = nil
  ) {
    self.x = x
    self.affine = affine
    self.residual = residual
    self.residualAffine = residualAffine
    self.activation = activation
  }

  /// Whether it reads one tensor that the backward pass of a normalization keeps anyway, so that computing it again
  /// costs no more traffic than storing and reading it.
  var isCheap: Bool { affine != nil && residual == nil }
  /// Whether it is nothing but factors and offsets, to which a residual can still be added.
  var isAffine: Bool { affine != nil && residual == nil && activation == nil }
}

/// `(upstream1 + upstream2 + addendFactor · addend) · activation'`.
package struct GradientExpression: Equatable {
  package var upstream1: ValueID?
  package var upstream2: ValueID?
  package var addend: ValueID?
  package var addendFactor: Float = 1
  package var activation: Activation.Function?
  /// The activation's result or operand, as its function asks for; nil if it is computed again from `recomputed`.
  package var saved: ValueID?
  package var recomputed: ApplyExpression?

  package init(upstream1: ValueID? = nil, upstream2: ValueID? = nil, addend: ValueID? = nil, addendFactor: Float = 1) {
    self.upstream1 = upstream1
    self.upstream2 = upstream2
    self.addend = addend
    self.addendFactor = addendFactor
  }

  /// Whether no derivative is applied yet, so that more can be added.
  var isSum: Bool { activation == nil }

  /// The sum of both, if one expression has room for it.
  func adding(_ other: GradientExpression) -> GradientExpression? {
    guard isSum, other.isSum, addend == nil || other.addend == nil else { return nil }
    let upstreams = [upstream1, upstream2, other.upstream1, other.upstream2].compactMap { $0 }
    guard upstreams.count <= 2 else { return nil }
    var sum = self
    if other.addend != nil { (sum.addend, sum.addendFactor) = (other.addend, other.addendFactor) }
    sum.upstream1 = upstreams.first
    sum.upstream2 = upstreams.count > 1 ? upstreams[1] : nil
    return sum
  }
}

/// The gradient of a batch normalization's operand, once its sums are known.
package struct NormGradientExpression: Hashable {
  package var upstream: ValueID
  package var x: ValueID
}
