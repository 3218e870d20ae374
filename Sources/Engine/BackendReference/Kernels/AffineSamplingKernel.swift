import LabCore
import LabGraph

extension AffineSampling: ReferenceKernel {
  static var kind: KernelKind { .elementwise }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let (x, matrices) = (inputs[0], inputs[1])
    var y = ReferenceTensor(zeros: outputTypes[0])
    forEachPixel(x.shape, matrices) { _, target, taps, plane, extent in
      taps.forEach(height: extent.height, width: extent.width) { offset, weight, _ in
        y.elements[target] += weight * x.elements[plane + offset]
      }
    }
    return [y]
  }
}

extension AffineSamplingGradient: ReferenceKernel {
  static var kind: KernelKind { .elementwise }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let (upstream, x, matrices) = (inputs[0], inputs[1], inputs[2])
    var image = ReferenceTensor(zeros: outputTypes[0])
    var transformations = ReferenceTensor(zeros: outputTypes[1])
    forEachPixel(x.shape, matrices) { sample, target, taps, plane, extent in
      let gradient = upstream.elements[target]
      var slopes = (x: 0.0, y: 0.0)
      taps.forEach(height: extent.height, width: extent.width) { offset, weight, slope in
        image.elements[plane + offset] += weight * gradient
        slopes.x += slope.0 * x.elements[plane + offset]
        slopes.y += slope.1 * x.elements[plane + offset]
      }
      let (horizontal, vertical) = (
        slopes.x * gradient * Double(extent.width) / 2, slopes.y * gradient * Double(extent.height) / 2
      )
      let (u, v, one) = taps.coordinates
      for (index, term) in [
        horizontal * u, horizontal * v, horizontal * one, vertical * u, vertical * v, vertical * one,
      ].enumerated() {
        transformations.elements[6 * sample + index] += term
      }
    }
    return [image, transformations]
  }
}

/// Calls a body for every element of an image with where its transformation takes it.
private func forEachPixel(
  _ shape: Shape, _ matrices: ReferenceTensor,
  _ body: (_ sample: Int, _ target: Int, _ taps: AffineTaps<Double>, _ plane: Int, _ extent: Extent2D) -> Void
) {
  let extent = Extent2D(shape[2], shape[3])
  let pixels = extent.height * extent.width
  for sample in 0..<shape[0] {
    for channel in 0..<shape[1] {
      let plane = (sample * shape[1] + channel) * pixels
      for pixel in 0..<pixels {
        let taps = AffineTaps<Double>(
          { matrices.elements[6 * sample + $0] }, row: pixel / extent.width, column: pixel % extent.width,
          height: extent.height, width: extent.width)
        body(sample, plane + pixel, taps, plane, extent)
      }
    }
  }
}
