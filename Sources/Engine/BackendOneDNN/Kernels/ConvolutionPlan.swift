import COneDNN
import LabCore
import LabGraph

/// A convolution of one kind whose number of samples a call is decided when chunks are.
package struct ConvolutionPlan {
  package var kind: OneDnnKind
  /// Everything but the number of samples.
  package var shape: OneDnnConvolutionShape
  package var block: Int
  package var imageIsBlocked: Bool
  package var resultIsBlocked: Bool
  /// Whether operands are rounded to bfloat16 and multiplied as such; weights then have a layout of that type.
  package var multipliesBFloat16 = false

  package init(
    kind: OneDnnKind, shape: OneDnnConvolutionShape, block: Int, imageIsBlocked: Bool, resultIsBlocked: Bool
  ) {
    self.kind = kind
    self.shape = shape
    self.block = block
    self.imageIsBlocked = imageIsBlocked
    self.resultIsBlocked = resultIsBlocked
  }

  /// Whether both the image and the result are blocked.
  package var isBlocked: Bool { imageIsBlocked && resultIsBlocked }

  /// Makes the primitive for a number of samples; nil weights let the library choose their layout.
  func make(samples: Int, weights: WeightLayout?, workers: Int) throws -> ConvolutionPrimitive {
    var shape = shape
    shape.samples = samples
    guard
      let handle = oneDnnConvolutionCreate(
        kind, &shape, block, imageIsBlocked, resultIsBlocked, multipliesBFloat16, weights?.handle, Int32(workers))
    else { throw GraphError.oneDNN() }
    return ConvolutionPrimitive(taking: handle)
  }

  /// The layout of the weights that the library prefers.
  func preferredWeights() throws -> WeightLayout {
    let primitive = try make(samples: 4, weights: nil, workers: 1)
    return WeightLayout(copying: oneDnnConvolutionWeights(primitive.handle))
  }

  /// Whether the library can work with a layout of the weights as fast as with its own choice.
  func accepts(_ layout: WeightLayout) -> Bool {
    guard let own = try? make(samples: 4, weights: nil, workers: 1),
      let other = try? make(samples: 4, weights: layout, workers: 1)
    else { return false }
    return own.implementation == other.implementation
  }
}

/// A convolution that is ready to run.
final class ConvolutionPrimitive {
  let handle: OpaquePointer

  init(taking handle: OpaquePointer) { self.handle = handle }

  deinit { oneDnnConvolutionDestroy(handle) }

  var scratchBytes: Int { oneDnnConvolutionScratchBytes(handle) }
  var implementation: String { String(cString: oneDnnConvolutionImplementation(handle)) }

  func execute(
    worker: Int, image: UnsafePointer<Float>, weights: UnsafePointer<Float>, result: UnsafePointer<Float>,
    scratch: UnsafeMutableRawPointer
  ) throws {
    guard oneDnnConvolutionExecute(handle, Int32(worker), image, weights, result, scratch) == 0 else {
      throw GraphError.oneDNN()
    }
  }
}

extension OneDnnConvolutionShape {
  /// The library's form of a convolution's shapes.
  package init(_ geometry: ConvolutionGeometry, image: Shape, kernel: Shape, result: Shape) {
    self.init()
    samples = image[0]
    inputChannels = image[1]
    outputChannels = result[1]
    groups = geometry.groups
    (inputHeight, inputWidth) = (image[2], image[3])
    (outputHeight, outputWidth) = (result[2], result[3])
    (kernelHeight, kernelWidth) = (kernel[2], kernel[3])
    (strideHeight, strideWidth) = (geometry.stride.height, geometry.stride.width)
    (paddingHeight, paddingWidth) = (geometry.padding.height, geometry.padding.width)
    (dilationHeight, dilationWidth) = (geometry.dilation.height, geometry.dilation.width)
  }
}
