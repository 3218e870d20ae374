/// Reads PGM and PPM images, in their binary and textual forms.
///
/// - Source: J. Poskanzer, "ppm" and "pgm", Netpbm format specifications.
struct PortableAnymap {
  let shape: ImageShape
  private let bytes: UnsafeRawBufferPointer
  private let maximum: Int
  private let isText: Bool
  /// Where the pixels begin.
  private let start: Int

  /// Reads the header.
  init(_ bytes: UnsafeRawBufferPointer) throws(ImageProblem) {
    let kind = bytes.count > 1 ? bytes[1] : 0
    guard [UInt8(ascii: "2"), UInt8(ascii: "3"), UInt8(ascii: "5"), UInt8(ascii: "6")].contains(kind) else {
      throw ImageProblem(
        actual: "is a Netpbm image of kind P\(Character(UnicodeScalar(kind)))",
        expected: "P5 or P6, or their textual forms P2 or P3")
    }
    var scanner = Scanner(bytes: bytes, position: 2)
    guard let width = scanner.number(), let height = scanner.number(), let maximum = scanner.number() else {
      throw ImageProblem(actual: "has no width, height and maximum after P6", expected: "a complete header")
    }
    guard (1...65535).contains(maximum) else {
      throw ImageProblem(actual: "declares the maximum \(maximum)", expected: "a maximum from 1 to 65535")
    }
    isText = kind == UInt8(ascii: "2") || kind == UInt8(ascii: "3")
    let isColor = kind == UInt8(ascii: "3") || kind == UInt8(ascii: "6")
    shape = ImageShape(channels: isColor ? 3 : 1, height: height, width: width)
    self.maximum = maximum
    self.bytes = bytes
    // One white space separates the header from binary pixels.
    start = scanner.position + 1
  }

  /// Decodes the pixels; the caller has checked the extents.
  func decode() throws(ImageProblem) -> DecodedImage {
    DecodedImage(shape: shape, pixels: isText ? try textualPixels() : try binaryPixels())
  }

  private func binaryPixels() throws(ImageProblem) -> [UInt8] {
    let count = shape.elementCount
    let width = maximum > 255 ? 2 : 1
    guard bytes.count - start >= count * width else {
      throw ImageProblem(
        actual: "ends after \(max(0, bytes.count - start)) bytes of pixels",
        expected: "\(count * width), as its header says")
    }
    if maximum == 255 { return Array(bytes[start..<start + count]) }
    return (0..<count).map { index in
      let value =
        width == 1 ? Int(bytes[start + index]) : Int(bytes[start + 2 * index]) << 8 | Int(bytes[start + 2 * index + 1])
      return scaled(value)
    }
  }

  private func textualPixels() throws(ImageProblem) -> [UInt8] {
    let count = shape.elementCount
    // Each number takes two characters, so a larger claim need not be made room for.
    guard count <= bytes.count else {
      throw ImageProblem(actual: "has \(bytes.count) bytes", expected: "\(count) numbers, as its header says")
    }
    var scanner = Scanner(bytes: bytes, position: start)
    var pixels = [UInt8]()
    pixels.reserveCapacity(count)
    while pixels.count < count {
      guard let value = scanner.number() else {
        throw ImageProblem(actual: "ends after \(pixels.count) numbers", expected: "\(count), as its header says")
      }
      pixels.append(scaled(value))
    }
    return pixels
  }

  private func scaled(_ value: Int) -> UInt8 { UInt8((min(value, maximum) * 255 + maximum / 2) / maximum) }

  /// Reads numbers between white space and comments.
  private struct Scanner {
    let bytes: UnsafeRawBufferPointer
    var position: Int

    /// The next number, at most 2³⁰; nil where none follows.
    mutating func number() -> Int? {
      skipSpace()
      var value = 0
      let first = position
      while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
        value = min(1 << 30, value * 10 + Int(bytes[position] - UInt8(ascii: "0")))
        position += 1
      }
      return position > first ? value : nil
    }

    private mutating func skipSpace() {
      while position < bytes.count {
        if bytes[position] == UInt8(ascii: "#") {
          while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
        } else if bytes[position] == 0x20 || (0x09...0x0d).contains(bytes[position]) {
          position += 1
        } else {
          return
        }
      }
    }
  }
}
