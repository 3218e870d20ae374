import Foundation
import LabCore

/// Everything about one picture but the sign itself: where it stands, the light, what is behind it, the camera.
///
/// Positions are in units of half the image, from -1 to 1, with y pointing down.
package struct SignScene {
  /// A shape behind the sign.
  struct Object {
    var shape: SignedDistance
    var color: SIMD3<Float>
  }

  /// The middle of the sign.
  var center = SIMD2<Float>(0, 0)
  /// The columns of the matrix that turns positions about the centre into positions on a sign of radius 1.
  var toSignX = SIMD2<Float>(1, 0)
  var toSignY = SIMD2<Float>(0, 1)
  /// The sign's radius.
  var radius: Float = 1
  /// How far the paint has faded towards grey, from 0 to 1.
  var fading: Float = 0
  /// The factor of all light, for each colour.
  var light = SIMD3<Float>(repeating: 1)
  /// How much the factor of light changes over half the image.
  var lightSlope = SIMD2<Float>(0, 0)
  /// A shadow falls where this direction exceeds the offset.
  var shadowDirection = SIMD2<Float>(1, 0)
  var shadowOffset: Float = 4
  /// The share of light that the shadow takes.
  var shadowDepth: Float = 0
  /// The light that haze adds everywhere.
  var haze: Float = 0
  /// The backdrop's colours at the top and at the bottom.
  var backdropTop = SIMD3<Float>(repeating: 0.5)
  var backdropBottom = SIMD3<Float>(repeating: 0.5)
  /// The amplitude and the key of the backdrop's texture.
  var textureAmplitude: Float = 0
  var texture = RandomStream(key: SIMD2(0, 0))
  /// Shapes behind the sign, the first farthest away.
  var objects: [Object] = []
  /// The pixels in each direction that the camera resolves; at most the image's.
  var resolutionShare: Float = 1
  var minResolution = 4
  /// The standard deviation of the blur, as a share of the image's size.
  var blur: Float = 0
  /// The standard deviation of the noise, between 0 and 1, and its key and number.
  var noise: Float = 0
  var noiseStream = RandomStream(key: SIMD2(0, 0))
  var noiseNumber: UInt64 = 0
}

extension SignScene {
  /// Draws the scenes of one part of a data set.
  package struct Draw: Sendable {
    private let options: SyntheticSignsOptions
    private let signs: RandomStream
    private let frames: RandomStream
    private let texture: RandomStream
    private let noise: RandomStream

    /// Prepares to draw.
    ///
    /// - Parameter part: the name of the part.
    package init(options: SyntheticSignsOptions, part: String) {
      self.options = options
      func stream(_ name: String) -> RandomStream {
        RandomStream(seed: UInt64(options.seed), name: "signs/\(part)/\(name)")
      }
      signs = stream("sign")
      frames = stream("frame")
      texture = stream("texture")
      noise = stream("noise")
    }

    /// The scene of an image: frames of one track share the sign, its light and its surroundings.
    package func scene(of item: SignPicture) -> SignScene {
      var sign = Numbers(stream: signs, item: UInt64(item.track))
      let frameNumber = UInt64(item.track) << 16 | UInt64(item.frame)
      var frame = Numbers(stream: frames, item: frameNumber)
      var scene = SignScene()
      place(&scene, item: item, sign: &sign, frame: &frame)
      lightUp(&scene, sign: &sign, frame: &frame)
      surround(&scene, sign: &sign)
      scene.texture = RandomStream(key: texture.words(UInt64(item.track)).lowHalf)
      scene.resolutionShare = frame.chance(Float(options.lowResolution)) ? frame.uniform(0, 1) : 1
      scene.minResolution = options.minResolution
      scene.blur = frame.uniform(0, Float(options.blur)) / 32
      scene.noise = frame.uniform(0, Float(options.noise))
      scene.noiseStream = noise
      scene.noiseNumber = frameNumber
      return scene
    }

    private func place(
      _ scene: inout SignScene, item: SignPicture, sign: inout Numbers, frame: inout Numbers
    ) {
      let (low, high) = (Float(options.minScale), Float(options.maxScale))
      // The sign grows while the camera drives up to it.
      let approach =
        options.trackLength > 1
        ? (Float(item.frame) + frame.uniform(0, 1)) / Float(options.trackLength) : frame.uniform(0, 1)
      scene.radius = low + (high - low) * approach
      let room = max(0, 1 - scene.radius) * 0.9 + 0.04
      scene.center = SIMD2(frame.uniform(-room, room), frame.uniform(-room, room))
      let angle = (sign.normal() * 4 + frame.normal() * 2) * .pi / 180
      // Seen from the side, a sign looks narrower, and its near edge longer, which a shear stands for here.
      let narrowing = 1 - abs(sign.normal()) * 0.09
      let shear = sign.normal() * 0.06
      let (cosine, sine) = (cosf(angle), sinf(angle))
      let scale = 1 / scene.radius
      scene.toSignX = SIMD2(cosine / narrowing, -sine + shear) * scale
      scene.toSignY = SIMD2(sine / narrowing, cosine) * scale
      scene.fading = sign.uniform(0, 0.25)
    }

    private func lightUp(_ scene: inout SignScene, sign: inout Numbers, frame: inout Numbers) {
      let amount = Float(options.lighting)
      let gain = exp2f(amount * (sign.uniform(-1.7, 0.6) + frame.uniform(-0.2, 0.2)))
      let warmth = sign.normal() * 0.1 * amount
      scene.light = SIMD3(1 + warmth, 1, 1 - warmth) * gain
      scene.lightSlope = SIMD2(sign.normal(), sign.normal()) * (0.16 * amount)
      scene.haze = sign.chance(0.3) ? sign.uniform(0, 0.25) * amount : 0
      let direction = sign.uniform(0, 2 * .pi)
      scene.shadowDirection = SIMD2(cosf(direction), sinf(direction))
      scene.shadowOffset = sign.uniform(-0.5, 0.5)
      scene.shadowDepth = sign.chance(0.3 * amount) ? sign.uniform(0.2, 0.65) : 0
    }

    private func surround(_ scene: inout SignScene, sign: inout Numbers) {
      let clutter = Float(options.clutter)
      let palette: [SIMD3<Float>] = [
        SIMD3(0.62, 0.74, 0.90), SIMD3(0.82, 0.84, 0.86), SIMD3(0.24, 0.36, 0.16), SIMD3(0.36, 0.42, 0.22),
        SIMD3(0.48, 0.44, 0.40), SIMD3(0.62, 0.40, 0.32), SIMD3(0.32, 0.33, 0.36), SIMD3(0.72, 0.68, 0.58),
      ]
      func color(_ numbers: inout Numbers) -> SIMD3<Float> {
        let base = palette[numbers.integer(below: palette.count)]
        let jitter = SIMD3(numbers.normal(), numbers.normal(), numbers.normal()) * 0.05
        return base * numbers.uniform(0.7, 1.15) + jitter
      }
      scene.backdropTop = color(&sign)
      scene.backdropBottom = clutter > 0 ? color(&sign) : scene.backdropTop
      scene.textureAmplitude = clutter * sign.uniform(0.05, 0.35)
      for _ in 0..<Int((clutter * 6 * sign.uniform(0, 1)).rounded()) {
        let position = SIMD2(sign.uniform(-1.2, 1.2), sign.uniform(-1.2, 1.2))
        let extent = SIMD2(sign.uniform(0.1, 0.7), sign.uniform(0.1, 0.7))
        let shape: SignedDistance =
          switch sign.integer(below: 3) {
          case 0: .disc(center: position, radius: extent.x)
          case 1: .box(center: position, halfSize: extent)
          default: .segment(from: position, to: position + (extent - 0.4) * 6, halfWidth: extent.y * 0.2)
          }
        scene.objects.append(Object(shape: shape, color: color(&sign)))
      }
      if clutter > 0, sign.chance(0.8) {
        let below = scene.center + SIMD2(sign.uniform(-0.03, 0.03), 2)
        scene.objects.append(
          Object(
            shape: .segment(from: scene.center, to: below, halfWidth: scene.radius * 0.06),
            color: SIMD3(repeating: sign.uniform(0.35, 0.65))))
      }
    }
  }

  /// Numbers drawn one after the other for one item.
  private struct Numbers {
    let stream: RandomStream
    let item: UInt64
    var count: UInt64 = 0

    init(stream: RandomStream, item: UInt64) {
      self.stream = stream
      self.item = item
    }

    mutating func uniform(_ low: Float, _ high: Float) -> Float {
      defer { count += 1 }
      return low + (high - low) * stream.uniform(item, count)
    }

    mutating func normal() -> Float {
      defer { count += 1 }
      return Float(stream.normal(item, count))
    }

    mutating func chance(_ probability: Float) -> Bool { uniform(0, 1) < probability }

    mutating func integer(below bound: Int) -> Int {
      defer { count += 1 }
      return stream.integer(below: bound, item, count)
    }
  }
}
