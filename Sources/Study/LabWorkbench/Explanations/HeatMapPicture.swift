import Foundation
import LabData
import LabTrain

/// Pictures of where in an image a class is seen.
package enum HeatMapPicture {
  /// The longer side of pictures of small images, in pixels, as near as whole multiples come to it.
  private static let extent = 256
  /// The gap between two pictures side by side, in pixels.
  private static let gap = 8

  /// Colors from the least value to the largest, evenly spaced: dark to light, so that they are told apart in grey and by
  /// every kind of color vision.
  private static let colors: [(Double, Double, Double)] = [
    (0, 0, 4), (31, 12, 72), (85, 15, 109), (136, 34, 106), (186, 54, 85), (227, 89, 51), (249, 140, 10),
    (249, 201, 50), (252, 255, 164),
  ]

  /// An image in colors, a small one enlarged in whole multiples, so that its pixels stay what they are.
  package static func enlarged(_ image: DecodedImage) -> DecodedImage {
    let shape = image.shape
    let scale = max(1, extent / max(shape.height, shape.width, 1))
    return picture(height: shape.height * scale, width: shape.width * scale) { row, column in
      let first = ((row / scale) * shape.width + column / scale) * shape.channels
      let values = image.pixels[first..<first + shape.channels].map(Double.init)
      guard shape.channels != 3 else { return (values[0], values[1], values[2]) }
      // Of other numbers of channels, which have no colors, the mean is shown.
      let grey = values.reduce(0, +) / Double(values.count)
      return (grey, grey, grey)
    }
  }

  /// An image as a PNG; one whose channels are no colors is shown in grey.
  ///
  /// - Throws: `ImageProblem` where it cannot be encoded.
  package static func png(of image: DecodedImage) throws(ImageProblem) -> Data {
    try ImageDecoder.encodePNG([1, 3].contains(image.shape.channels) ? image : enlarged(image))
  }

  /// An image with a map over it, which is interpolated between the centers of its pixels.
  ///
  /// Where the map is 0 the image is darkened, where it is larger its color covers more of the image.
  package static func overlay(_ map: ClassActivationMap, on image: DecodedImage) -> DecodedImage {
    let shape = image.shape
    let rows = positions(shape.height, in: map.height)
    let columns = positions(shape.width, in: map.width)
    return picture(height: shape.height, width: shape.width) { row, column in
      let (y, x) = (rows[row], columns[column])
      func line(_ place: Int) -> Double {
        let values = map.values[place * map.width..<(place + 1) * map.width]
        return values[values.startIndex + x.first] * (1 - x.share) + values[values.startIndex + x.second] * x.share
      }
      let value = line(y.first) * (1 - y.share) + line(y.second) * y.share
      let (red, green, blue) = color(value)
      let opacity = 0.35 + 0.35 * value
      let first = (row * shape.width + column) * 3
      func mixed(_ channel: Int, _ color: Double) -> Double {
        Double(image.pixels[first + channel]) * (1 - opacity) + color * opacity
      }
      return (mixed(0, red), mixed(1, green), mixed(2, blue))
    }
  }

  /// Two pictures of one height next to each other, with white between them.
  package static func sideBySide(_ left: DecodedImage, _ right: DecodedImage) -> DecodedImage {
    let width = left.shape.width
    return picture(height: left.shape.height, width: width + gap + right.shape.width) { row, column in
      guard !(width..<width + gap).contains(column) else { return (255, 255, 255) }
      let (source, place) = column < width ? (left, column) : (right, column - width - gap)
      let first = (row * source.shape.width + place) * 3
      return (Double(source.pixels[first]), Double(source.pixels[first + 1]), Double(source.pixels[first + 2]))
    }
  }

  /// The color of a value from 0 to 1.
  static func color(_ value: Double) -> (Double, Double, Double) {
    let place = min(max(value, 0), 1) * Double(colors.count - 1)
    let first = min(Int(place), colors.count - 2)
    let share = place - Double(first)
    let (low, high) = (colors[first], colors[first + 1])
    func mixed(_ low: Double, _ high: Double) -> Double { low * (1 - share) + high * share }
    return (mixed(low.0, high.0), mixed(low.1, high.1), mixed(low.2, high.2))
  }

  /// For each of some pixels the two pixels of a smaller line that it lies between, and the share of the second.
  private static func positions(_ count: Int, in small: Int) -> [(first: Int, second: Int, share: Double)] {
    (0..<count).map { index in
      let place = (Double(index) + 0.5) * Double(small) / Double(count) - 0.5
      let clamped = min(max(place, 0), Double(small - 1))
      let first = Int(clamped)
      return (first, min(first + 1, small - 1), clamped - Double(first))
    }
  }

  private static func picture(
    height: Int, width: Int, _ color: (_ row: Int, _ column: Int) -> (Double, Double, Double)
  ) -> DecodedImage {
    var pixels = [UInt8]()
    pixels.reserveCapacity(height * width * 3)
    for row in 0..<height {
      for column in 0..<width {
        let (red, green, blue) = color(row, column)
        for value in [red, green, blue] { pixels.append(UInt8(min(max(value, 0), 255).rounded())) }
      }
    }
    return DecodedImage(shape: ImageShape(channels: 3, height: height, width: width), pixels: pixels)
  }
}
