import CLabKernels
import COneDNN
import LabGraph

extension LabThinConvolution {
  /// A convolution of a few channels as rows of pixels, or nil where it is none: images of more channels are blocked.
  init?(_ plan: ConvolutionPlan) {
    let shape = plan.shape
    let reach = (
      height: shape.dilationHeight * (shape.kernelHeight - 1), width: shape.dilationWidth * (shape.kernelWidth - 1)
    )
    // The gradient's border is what the window reaches beyond the image's own.
    guard !plan.imageIsBlocked, !plan.resultIsBlocked, shape.groups == 1, shape.strideHeight == 1,
      shape.strideWidth == 1, shape.paddingHeight <= reach.height, shape.paddingWidth <= reach.width
    else { return nil }
    self.init(
      samples: 0, inputChannels: shape.inputChannels, outputChannels: shape.outputChannels, height: shape.inputHeight,
      width: shape.inputWidth, outputHeight: shape.outputHeight, outputWidth: shape.outputWidth,
      kernelHeight: shape.kernelHeight, kernelWidth: shape.kernelWidth, paddingHeight: shape.paddingHeight,
      paddingWidth: shape.paddingWidth, dilationHeight: shape.dilationHeight, dilationWidth: shape.dilationWidth)
  }

  /// The convolution of the result's gradient that gives the image's, with weights turned around.
  var inputGradient: LabThinConvolution {
    var gradient = self
    swap(&gradient.inputChannels, &gradient.outputChannels)
    (gradient.height, gradient.width) = (outputHeight, outputWidth)
    (gradient.outputHeight, gradient.outputWidth) = (height, width)
    gradient.paddingHeight = dilationHeight * (kernelHeight - 1) - paddingHeight
    gradient.paddingWidth = dilationWidth * (kernelWidth - 1) - paddingWidth
    return gradient
  }

  /// The number of weights.
  var weightCount: Int { inputChannels * outputChannels * kernelHeight * kernelWidth }

  /// Turns the weights of the forward pass around for ``inputGradient``.
  func turn(_ weights: UnsafePointer<Float>, into turned: UnsafeMutablePointer<Float>) {
    let taps = kernelHeight * kernelWidth
    for output in 0..<outputChannels {
      for input in 0..<inputChannels {
        for tap in 0..<taps {
          turned[(input * outputChannels + output) * taps + taps - 1 - tap] =
            weights[(output * inputChannels + input) * taps + tap]
        }
      }
    }
  }
}
