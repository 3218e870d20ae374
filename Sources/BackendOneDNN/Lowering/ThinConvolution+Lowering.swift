import CLabKernels
import COneDNN
import LabGraph

extension Lowering {
  /// Lowers a convolution of a few channels, or returns false where it has more.
  func lowerThin(_ plan: ConvolutionPlan, image: ValueID, weights: ValueID, result: SlotID) throws -> Bool {
    guard let thin = LabThinConvolution(plan) else { return false }
    add(
      ThinConvolutionKernel(
        thin, kernels: kernelTable, kind: .convolutionForward, samples: plan.shape.samples,
        source: try demand(image, .flat), weights: try demand(weights, .flat), result: result, path: node.path))
    return true
  }

  /// Lowers the gradient of such a convolution's image.
  func lowerThinInputGradient(_ plan: ConvolutionPlan, upstream: ValueID, weights: ValueID, image: ValueID) throws
    -> Bool
  {
    guard let thin = LabThinConvolution(plan) else { return false }
    let source = try demand(weights, .flat)
    let turned = addWhole(floats: thin.weightCount)
    add(
      WholeKernel(.reorder, path: node.path, reads: [source], writes: [turned]) { step in
        thin.turn(step.pointer(source), into: step.pointer(turned))
      })
    add(
      ThinConvolutionKernel(
        thin.inputGradient, kernels: kernelTable, kind: .convolutionInputGradient, samples: plan.shape.samples,
        source: try demand(upstream, .flat), weights: turned, result: define(image, .flat), path: node.path))
    return true
  }

  /// Lowers the gradient of such a convolution's weights.
  func lowerThinWeightGradient(_ plan: ConvolutionPlan, image: ValueID, upstream: ValueID, gradient: ValueID) throws
    -> Bool
  {
    guard let thin = LabThinConvolution(plan) else { return false }
    add(
      ThinWeightGradientKernel(
        thin, kernels: kernelTable, samples: plan.shape.samples, image: try demand(image, .flat),
        upstream: try demand(upstream, .flat), gradient: define(gradient, .flat), path: node.path))
    return true
  }
}
