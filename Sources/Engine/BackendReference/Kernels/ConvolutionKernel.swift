import LabCore
import LabGraph

extension Convolution2D: ReferenceKernel {
  static var kind: KernelKind { .convolutionForward }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let (x, weight) = (inputs[0], inputs[1])
    var y = ReferenceTensor(zeros: outputTypes[0])
    let taps = ConvolutionTaps(geometry, image: x.shape, kernel: weight.shape, output: y.shape)
    taps.accumulate(into: &y.elements, at: .output, x.elements, at: .image, weight.elements, at: .kernel)
    if inputs.count == 3 {
      let pixels = y.shape[2] * y.shape[3]
      for position in y.elements.indices {
        y.elements[position] += inputs[2].elements[position / pixels % y.shape[1]]
      }
    }
    return [y]
  }
}

extension Convolution2DInputGradient: ReferenceKernel {
  static var kind: KernelKind { .convolutionInputGradient }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let (upstream, weight) = (inputs[0], inputs[1])
    var result = ReferenceTensor(zeros: outputTypes[0])
    let taps = ConvolutionTaps(geometry, image: image, kernel: weight.shape, output: upstream.shape)
    taps.accumulate(into: &result.elements, at: .image, upstream.elements, at: .output, weight.elements, at: .kernel)
    return [result]
  }
}

extension Convolution2DWeightGradient: ReferenceKernel {
  static var kind: KernelKind { .convolutionWeightGradient }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let (x, upstream) = (inputs[0], inputs[1])
    var result = ReferenceTensor(zeros: outputTypes[0])
    let taps = ConvolutionTaps(geometry, image: x.shape, kernel: kernel, output: upstream.shape)
    taps.accumulate(into: &result.elements, at: .kernel, x.elements, at: .image, upstream.elements, at: .output)
    return [result]
  }
}

/// Every triple (image position, kernel position, output position) whose product is part of a convolution.
///
/// A convolution is trilinear: the forward pass and both gradients are sums over the same triples.
struct ConvolutionTaps {
  /// A position's place in a triple.
  enum Place: Int { case image, kernel, output }

  private let geometry: ConvolutionGeometry
  private let samples: Int
  private let imageChannels: Int
  private let imageExtent: Extent2D
  private let outputChannels: Int
  private let inputsPerGroup: Int
  private let kernelExtent: Extent2D
  private let outputExtent: Extent2D

  init(_ geometry: ConvolutionGeometry, image: Shape, kernel: Shape, output: Shape) {
    self.geometry = geometry
    samples = image[0]
    imageChannels = image[1]
    imageExtent = Extent2D(image[2], image[3])
    outputChannels = kernel[0]
    inputsPerGroup = kernel[1]
    kernelExtent = Extent2D(kernel[2], kernel[3])
    outputExtent = Extent2D(output[2], output[3])
  }

  /// Adds to each of `sums` the products of the two factors of its triples.
  func accumulate(
    into sums: inout [Double], at sumPlace: Place, _ first: [Double], at firstPlace: Place, _ second: [Double],
    at secondPlace: Place
  ) {
    sums.withUnsafeMutableBufferPointer { sums in
      first.withUnsafeBufferPointer { first in
        second.withUnsafeBufferPointer { second in
          forEachRow { positions, steps, count in
            var sum = positions[sumPlace.rawValue]
            var left = positions[firstPlace.rawValue]
            var right = positions[secondPlace.rawValue]
            let sumStep = steps[sumPlace.rawValue]
            let leftStep = steps[firstPlace.rawValue]
            let rightStep = steps[secondPlace.rawValue]
            for _ in 0..<count {
              sums[sum] += first[left] * second[right]
              sum += sumStep
              left += leftStep
              right += rightStep
            }
          }
        }
      }
    }
  }

  /// Enumerates the triples as rows along the output's width: the first triple's positions, their steps and the count.
  private func forEachRow(_ body: (_ positions: SIMD4<Int>, _ steps: SIMD4<Int>, _ count: Int) -> Void) {
    let (height, width) = (imageExtent.height, imageExtent.width)
    let (stride, padding, dilation) = (geometry.stride, geometry.padding, geometry.dilation)
    let outputsPerGroup = outputChannels / geometry.groups
    for sample in 0..<samples {
      for o in 0..<outputChannels {
        for i in 0..<inputsPerGroup {
          let channel = o / outputsPerGroup * inputsPerGroup + i
          for ky in 0..<kernelExtent.height {
            for kx in 0..<kernelExtent.width {
              // The columns x of the output with 0 ≤ x·stride + offset < width.
              let offset = kx * dilation.width - padding.width
              let firstColumn = offset >= 0 ? 0 : (-offset + stride.width - 1) / stride.width
              let endColumn = width - offset <= 0 ? 0 : (width - offset - 1) / stride.width + 1
              let columns = min(endColumn, outputExtent.width) - firstColumn
              guard columns > 0 else { continue }
              for row in 0..<outputExtent.height {
                let y = row * stride.height + ky * dilation.height - padding.height
                guard y >= 0, y < height else { continue }
                let plane = sample * imageChannels + channel
                let kernelPlane = o * inputsPerGroup + i
                let outputPlane = sample * outputChannels + o
                let start = SIMD4(
                  (plane * height + y) * width + firstColumn * stride.width + offset,
                  (kernelPlane * kernelExtent.height + ky) * kernelExtent.width + kx,
                  (outputPlane * outputExtent.height + row) * outputExtent.width + firstColumn, 0)
                body(start, SIMD4(stride.width, 0, 1, 0), columns)
              }
            }
          }
        }
      }
    }
  }
}
