import LabCore
import LabGraph

extension AffineSampling: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let shape = emission.shape(node.inputs[0])
    let operands = try node.inputs.map { try emission.demand($0, .flat) }
    let result = emission.define(node.outputs[0], .flat)
    let sampler = AffineSampler(shape)
    emission.add(
      WholeKernel(.elementwise, path: node.path, reads: operands, writes: [result]) { step in
        for sample in 0..<shape[0] {
          let (x, y) = (
            step.pointer(operands[0]) + sample * sampler.sampleCount,
            step.pointer(result) + sample * sampler.sampleCount
          )
          sampler.forEachPixel(step.pointer(operands[1]) + 6 * sample) { pixel, taps in
            for channel in 0..<sampler.channels { y[channel * sampler.pixels + pixel] = 0 }
            taps.forEach(height: sampler.height, width: sampler.width) { offset, weight, _ in
              for channel in 0..<sampler.channels {
                y[channel * sampler.pixels + pixel] += weight * x[channel * sampler.pixels + offset]
              }
            }
          }
        }
      })
  }
}

extension AffineSamplingGradient: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let shape = emission.shape(node.inputs[1])
    let operands = try node.inputs.map { try emission.demand($0, .flat) }
    let results = node.outputs.map { emission.define($0, .flat) }
    let sampler = AffineSampler(shape)
    emission.add(
      WholeKernel(.elementwise, path: node.path, reads: operands, writes: results) { step in
        for sample in 0..<shape[0] {
          let start = sample * sampler.sampleCount
          sampler.addGradients(
            upstream: step.pointer(operands[0]) + start, x: step.pointer(operands[1]) + start,
            matrix: step.pointer(operands[2]) + 6 * sample, image: step.pointer(results[0]) + start,
            transformation: step.pointer(results[1]) + 6 * sample)
        }
      })
  }
}

/// The extents of a sampled image; one pass over the pixels serves all channels.
private struct AffineSampler {
  let channels: Int
  let height: Int
  let width: Int

  init(_ shape: Shape) { (channels, height, width) = (shape[1], shape[2], shape[3]) }

  var pixels: Int { height * width }
  var sampleCount: Int { channels * pixels }

  func forEachPixel(_ matrix: UnsafePointer<Float>, _ body: (Int, AffineTaps<Float>) -> Void) {
    for row in 0..<height {
      for column in 0..<width {
        body(
          row * width + column,
          AffineTaps({ matrix[$0] }, row: row, column: column, height: height, width: width))
      }
    }
  }

  func addGradients(
    upstream: UnsafePointer<Float>, x: UnsafePointer<Float>, matrix: UnsafePointer<Float>,
    image: UnsafeMutablePointer<Float>, transformation: UnsafeMutablePointer<Float>
  ) {
    image.update(repeating: 0, count: sampleCount)
    // Sums over all pixels and channels, in double precision.
    var sums = (SIMD4<Double>.zero, SIMD4<Double>.zero)
    forEachPixel(matrix) { pixel, taps in
      var (horizontal, vertical) = (Float.zero, Float.zero)
      taps.forEach(height: height, width: width) { offset, weight, slope in
        for channel in 0..<channels {
          let gradient = upstream[channel * pixels + pixel]
          let value = x[channel * pixels + offset] * gradient
          image[channel * pixels + offset] += weight * gradient
          horizontal += slope.0 * value
          vertical += slope.1 * value
        }
      }
      let coordinates = SIMD4(
        Double(taps.coordinates.0), Double(taps.coordinates.1), Double(taps.coordinates.2), 0)
      sums.0 += coordinates * Double(horizontal)
      sums.1 += coordinates * Double(vertical)
    }
    for index in 0..<3 {
      transformation[index] = Float(sums.0[index] * Double(width) / 2)
      transformation[3 + index] = Float(sums.1[index] * Double(height) / 2)
    }
  }
}

extension TopPositions: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let shape = emission.shape(node.inputs[0])
    let source = try emission.demand(node.inputs[0], .flat)
    let result = emission.define(node.outputs[0], .flat)
    let operation = self
    emission.add(
      WholeKernel(.reduction, path: node.path, reads: [source], writes: [result]) { step in
        let (x, y) = (step.pointer(source), step.pointer(result))
        y.update(repeating: 0, count: shape[0] * operation.count * shape[1])
        for row in 0..<shape[0] {
          let numbers = UnsafeBufferPointer(start: x + row * shape[1], count: shape[1])
          for (index, position) in operation.positions(of: numbers).enumerated() {
            y[(row * operation.count + index) * shape[1] + position] = 1
          }
        }
      })
  }
}
