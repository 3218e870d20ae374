import Foundation
import LabCore

/// Turns a sign and a scene into pixels; keeps its buffers from image to image.
package struct SignRenderer {
  private let size: Int
  private var canvas: [SIMD3<Float>]
  private var scratch: [SIMD3<Float>]
  private var coarseTexture = SmoothTexture(cellsAcross: 4)
  private var fineTexture = SmoothTexture(cellsAcross: 10)

  /// Creates a renderer of square images.
  ///
  /// - Parameter size: the height and width in pixels.
  package init(size: Int) {
    self.size = size
    canvas = Array(repeating: .zero, count: size * size)
    scratch = canvas
  }

  /// Renders one image as `size × size` RGB bytes.
  package mutating func render(_ design: SignDesign, scene: SignScene, into output: UnsafeMutablePointer<UInt8>) {
    let least = Float(min(size, scene.minResolution))
    let resolution = Int((least + (Float(size) - least) * scene.resolutionShare).rounded())
    expose(design, scene, resolution: resolution)
    blur(standardDeviation: scene.blur * Float(resolution), resolution: resolution)
    if resolution < size { enlarge(from: resolution) }
    develop(scene, into: output)
  }

  /// Paints backdrop, objects and sign under the scene's light, `resolution` pixels in each direction.
  private mutating func expose(_ design: SignDesign, _ scene: SignScene, resolution: Int) {
    coarseTexture.draw(from: scene.texture, octave: 0)
    fineTexture.draw(from: scene.texture, octave: 1)
    let pixel = 2 / Float(resolution)
    let signPixel = pixel / scene.radius
    let paints = design.layers.map { layer in
      // Worn paint loses colour before it loses brightness.
      let color = layer.paint.color
      let gray = color.sum() / 3 * 0.6 + 0.25
      return color + (SIMD3(repeating: gray) - color) * scene.fading
    }
    for row in 0..<resolution {
      for column in 0..<resolution {
        let position = SIMD2(Float(column) + 0.5, Float(row) + 0.5) * pixel - 1
        var color = backdrop(scene, at: position)
        for object in scene.objects {
          color = Self.paint(object.color, over: color, distance: object.shape.distance(position), pixel: pixel)
        }
        let offset = position - scene.center
        let onSign = scene.toSignX * offset.x + scene.toSignY * offset.y
        if (onSign * onSign).sum() < 1.7 {
          for (layer, paint) in zip(design.layers, paints) {
            var distance = Float.infinity
            for shape in layer.shapes { distance = min(distance, shape.distance(onSign)) }
            color = Self.paint(paint, over: color, distance: distance, pixel: signPixel)
          }
        }
        canvas[row * resolution + column] = lit(color, scene, at: position)
      }
    }
  }

  private static func paint(
    _ paint: SIMD3<Float>, over color: SIMD3<Float>, distance: Float, pixel: Float
  ) -> SIMD3<Float> {
    let coverage = min(1, max(0, 0.5 - distance / pixel))
    return color + (paint - color) * coverage
  }

  /// A gradient with a cloudy texture.
  private func backdrop(_ scene: SignScene, at position: SIMD2<Float>) -> SIMD3<Float> {
    let share = (position.y + 1) / 2
    let plain = scene.backdropTop + (scene.backdropBottom - scene.backdropTop) * share
    guard scene.textureAmplitude > 0 else { return plain }
    let value = coarseTexture.value(at: position) + fineTexture.value(at: position) * 0.6
    return plain * (1 + scene.textureAmplitude * value)
  }

  private func lit(_ color: SIMD3<Float>, _ scene: SignScene, at position: SIMD2<Float>) -> SIMD3<Float> {
    var factor = 1 + (scene.lightSlope * position).sum()
    let depth = (position * scene.shadowDirection).sum() - scene.shadowOffset
    factor *= 1 - scene.shadowDepth * min(1, max(0, 0.5 + depth * 10))
    return color * scene.light * factor * (1 - scene.haze) + scene.haze * 0.85
  }

  /// Convolves with a Gaussian, rows first, then columns.
  private mutating func blur(standardDeviation: Float, resolution: Int) {
    guard standardDeviation > 0.15 else { return }
    let radius = max(1, Int((3 * standardDeviation).rounded(.up)))
    var weights = (0...radius).map { expf(-Float($0 * $0) / (2 * standardDeviation * standardDeviation)) }
    let total = weights[0] + 2 * weights.dropFirst().reduce(0, +)
    weights = weights.map { $0 / total }
    for isVertical in [false, true] {
      let (step, line) = isVertical ? (resolution, 1) : (1, resolution)
      for outer in 0..<resolution {
        for inner in 0..<resolution {
          var sum = SIMD3<Float>.zero
          for offset in -radius...radius {
            let clamped = min(resolution - 1, max(0, inner + offset))
            sum += canvas[outer * line + clamped * step] * weights[abs(offset)]
          }
          scratch[outer * line + inner * step] = sum
        }
      }
      swap(&canvas, &scratch)
    }
  }

  /// Enlarges the canvas bilinearly to the full size.
  private mutating func enlarge(from resolution: Int) {
    let ratio = Float(resolution) / Float(size)
    func taps(_ index: Int) -> (Int, Int, Float) {
      let position = min(Float(resolution - 1), max(0, (Float(index) + 0.5) * ratio - 0.5))
      let first = Int(position)
      return (first, min(resolution - 1, first + 1), position - Float(first))
    }
    for row in 0..<size {
      let (top, bottom, below) = taps(row)
      for column in 0..<size {
        let (left, right, beside) = taps(column)
        let upper = canvas[top * resolution + left] * (1 - beside) + canvas[top * resolution + right] * beside
        let lower = canvas[bottom * resolution + left] * (1 - beside) + canvas[bottom * resolution + right] * beside
        scratch[row * size + column] = upper * (1 - below) + lower * below
      }
    }
    swap(&canvas, &scratch)
  }

  /// Adds the camera's noise and rounds to bytes.
  private func develop(_ scene: SignScene, into output: UnsafeMutablePointer<UInt8>) {
    for index in 0..<size * size {
      var color = canvas[index]
      if scene.noise > 0 {
        let words = scene.noiseStream.words(scene.noiseNumber, UInt64(index))
        color += SIMD3(Self.bell(words.x), Self.bell(words.y), Self.bell(words.z)) * scene.noise
      }
      let value = (color * 255).rounded(.toNearestOrEven).clamped(
        lowerBound: SIMD3(repeating: 0), upperBound: SIMD3(repeating: 255))
      output[3 * index] = UInt8(value.x)
      output[3 * index + 1] = UInt8(value.y)
      output[3 * index + 2] = UInt8(value.z)
    }
  }

  /// A number of mean 0, variance 1 and nearly normal distribution: the sum of a word's four bytes.
  private static func bell(_ word: UInt32) -> Float {
    let sum = (word & 255) + (word >> 8 & 255) + (word >> 16 & 255) + word >> 24
    return (Float(sum) - 510) * 0.006_766  // The sum's standard deviation is √(4·(256² − 1) / 12) = 147.8.
  }
}
