import LabCore
import LabData

/// An image, a transformation and the values of bytes, drawn at random but reproducibly.
struct SamplingProblem {
  typealias Light = (brightness: Float, contrast: Float)

  let shape: ImageShape
  let image: [UInt8]
  let table: [Float]
  let fill: [Float]
  var transform = SampleTransform()

  init(shape: ImageShape, number: Int) {
    self.shape = shape
    let stream = RandomStream(seed: UInt64(number), name: "sampling")
    image = (0..<shape.elementCount).map { UInt8(truncatingIfNeeded: stream.words(UInt64($0)).x) }
    table = (0..<shape.channels * 256).map { Float($0 % 256) * (0.01 + 0.003 * Float($0 / 256)) - 1.3 }
    fill = (0..<shape.channels).map { -2 - Float($0) }
    func signed(_ place: UInt64) -> Double { 2 * Double(stream.uniform(1, place)) - 1 }
    transform.isFlipped = signed(1) > 0
    transform.offsetX = Int(3 * signed(2))
    transform.offsetY = Int(3 * signed(3))
    // Small changes as in training, and any turn and scale; whole and half pixels are met by every sixth.
    let isWild = number % 3 == 2
    let shift = SIMD2(signed(4) * Double(shape.width), signed(5) * Double(shape.height)) * (isWild ? 1.5 : 0.1)
    transform.setAffine(
      radians: number % 6 == 0 ? 0 : signed(6) * (isWild ? .pi : 0.2),
      scale: number % 6 == 0 ? 1 : isWild ? 0.2 + 2 * abs(signed(7)) : 1 + 0.1 * signed(7),
      translation: number % 6 == 0 ? (2 * shift).rounded(.toNearestOrEven) / 2 : shift, height: shape.height,
      width: shape.width)
  }

  /// What a sampler makes of it, with scratch memory that it has not met before.
  func sampled(by sampler: ImageSampler, light: Light?) -> (values: [Float], isWithinMargins: Bool) {
    let margin = 40
    let guarded = Float(-12345)
    var output = [Float](repeating: guarded, count: shape.elementCount + 2 * margin)
    var scratch = [Float](repeating: .nan, count: ImageSampler.scratchCount(shape) + 2 * margin)
    for place in 0..<margin {
      scratch[place] = guarded
      scratch[scratch.count - 1 - place] = guarded
    }
    var lit = table
    // In memory of exactly its size, so that a tool that watches memory sees what is read beyond.
    let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: image.count)
    defer { bytes.deallocate() }
    bytes.initialize(from: image, count: image.count)
    output.withUnsafeMutableBufferPointer { output in
      scratch.withUnsafeMutableBufferPointer { scratch in
        lit.withUnsafeMutableBufferPointer { lit in
          let base = lit.baseAddress!
          var values = PixelValues.table(base)
          if let light {
            let table = LightTable(shape: shape, table: table)
            if let computed = table.light(brightness: light.brightness, contrast: light.contrast) {
              values = computed
            } else {
              table.fill(base, brightness: light.brightness, contrast: light.contrast, image: bytes)
            }
          }
          sampler.sample(
            bytes, transform, values: values, fill: fill, scratch: scratch.baseAddress! + margin,
            into: output.baseAddress! + margin)
        }
      }
    }
    let margins =
      [output[..<margin], output[(output.count - margin)...], scratch[..<margin], scratch[(scratch.count - margin)...]]
    return (
      Array(output[margin..<margin + shape.elementCount]), margins.allSatisfy { $0.allSatisfy { $0 == guarded } }
    )
  }

  /// The same by one pixel after the other.
  func expected(light: Light?) -> [Float] {
    let values = light.map { litTable($0) } ?? table
    guard let map = transform.affine else { return [] }
    func corner(_ channel: Int, _ row: Int, _ column: Int) -> Float {
      guard (0..<shape.height).contains(row), (0..<shape.width).contains(column) else { return fill[channel] }
      return values[channel * 256 + Int(image[(row * shape.width + column) * shape.channels + channel])]
    }
    func mix(_ first: Float, _ second: Float, _ share: Float) -> Float {
      let difference = second - first
      return first + difference * share
    }
    return (0..<shape.channels).flatMap { channel in
      (0..<shape.height).flatMap { row in
        (0..<shape.width).map { column in
          let rowX = map.xFromRow * Float(row) + map.xAtOrigin
          let rowY = map.yFromRow * Float(row) + map.yAtOrigin
          // Everything outside is alike, so that positions far out may be moved to the edge.
          let x = min(max(rowX + map.xFromColumn * Float(column), -1), Float(shape.width))
          let y = min(max(rowY + map.yFromColumn * Float(column), -1), Float(shape.height))
          let left = Int(x + 1) - 1
          let top = Int(y + 1) - 1
          let beside = x - Float(left)
          return mix(
            mix(corner(channel, top, left), corner(channel, top, left + 1), beside),
            mix(corner(channel, top + 1, left), corner(channel, top + 1, left + 1), beside), y - Float(top))
        }
      }
    }
  }

  /// The table of another brightness and contrast.
  func litTable(_ light: Light) -> [Float] {
    let bright = (0..<256).map { min(1, Float($0) * light.brightness * (1 / 255)) }
    let weights = shape.channels == 3 ? [0.299, 0.587, 0.114] : fill.map { _ in 1 / Float(shape.channels) }
    var mean: Float = 0
    for channel in 0..<shape.channels {
      var sum: Float = 0
      for place in stride(from: channel, to: image.count, by: shape.channels) { sum += bright[Int(image[place])] }
      mean += sum * weights[channel]
    }
    mean /= Float(shape.height * shape.width)
    return (0..<shape.channels).flatMap { channel in
      bright.map { value in
        let contrasted = light.contrast == 1 ? value : min(1, max(0, mean + (value - mean) * light.contrast))
        let (first, last) = (table[channel * 256], table[channel * 256 + 255])
        return first + contrasted * (last - first)
      }
    }
  }
}
