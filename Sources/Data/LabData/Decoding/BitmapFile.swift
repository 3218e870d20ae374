/// Reads uncompressed BMP images of 1, 4, 8, 16, 24 and 32 bits a pixel.
///
/// - Source: Microsoft, "Bitmap storage", BITMAPFILEHEADER, BITMAPCOREHEADER and BITMAPINFOHEADER.
struct BitmapFile {
  let shape: ImageShape
  private let bytes: UnsafeRawBufferPointer
  private let bitsPerPixel: Int
  private let pixelStart: Int
  private let isTopDown: Bool
  /// Red, green and blue of each index; empty where pixels hold colours themselves.
  private let palette: [SIMD3<UInt8>]
  /// Which bits of a pixel of 16 or 32 bits are red, green and blue.
  private let masks: [UInt32]

  /// Reads the headers and the palette.
  init(_ bytes: UnsafeRawBufferPointer) throws(ImageProblem) {
    self.bytes = bytes
    guard bytes.count >= 26 else {
      throw ImageProblem(actual: "ends within its header", expected: "a complete BMP image")
    }
    let headerSize = Int(Self.unsigned(bytes, 14))
    let isCore = headerSize == 12
    guard isCore || headerSize >= 40, headerSize <= bytes.count - 14 else {
      throw ImageProblem(actual: "has a header of \(headerSize) bytes", expected: "12, or at least 40, within the file")
    }
    let width = isCore ? Int(Self.short(bytes, 18)) : Int(Int32(bitPattern: Self.unsigned(bytes, 18)))
    let height = isCore ? Int(Self.short(bytes, 20)) : Int(Int32(bitPattern: Self.unsigned(bytes, 22)))
    let bits = Int(Self.short(bytes, isCore ? 24 : 28))
    let compression = isCore ? 0 : Self.unsigned(bytes, 30)
    guard [1, 4, 8, 16, 24, 32].contains(bits) else {
      throw ImageProblem(actual: "has \(bits) bits a pixel", expected: "1, 4, 8, 16, 24 or 32")
    }
    // 3 and 6 tell where the colours lie within a pixel; they are no compression.
    let hasMasks = compression == 3 || compression == 6
    guard compression == 0 || (hasMasks && (bits == 16 || bits == 32)) else {
      throw ImageProblem(actual: "is compressed (method \(compression))", expected: "an uncompressed BMP image")
    }
    bitsPerPixel = bits
    isTopDown = height < 0
    pixelStart = Int(Self.unsigned(bytes, 10))

    var masks: [UInt32] = bits == 16 ? [0x7c00, 0x03e0, 0x001f] : [0xff0000, 0x00ff00, 0x0000ff]
    if hasMasks {
      guard bytes.count >= 66 else {
        throw ImageProblem(actual: "ends within its colour masks", expected: "a complete BMP image")
      }
      masks = [54, 58, 62].map { Self.unsigned(bytes, $0) }
    }
    self.masks = masks
    palette = bits > 8 ? [] : try Self.palette(bytes, headerSize: headerSize, isCore: isCore, bits: bits)
    let isGray = !palette.isEmpty && palette.allSatisfy { $0.x == $0.y && $0.y == $0.z }
    shape = ImageShape(channels: isGray ? 1 : 3, height: abs(height), width: width)
    guard width > 0 else { throw ImageProblem(actual: "declares the width \(width)", expected: "a positive width") }
  }

  private static func palette(
    _ bytes: UnsafeRawBufferPointer, headerSize: Int, isCore: Bool, bits: Int
  ) throws(ImageProblem) -> [SIMD3<UInt8>] {
    let declared = isCore ? 0 : Int(unsigned(bytes, 46))
    let count = declared == 0 ? 1 << bits : declared
    let size = isCore ? 3 : 4
    guard count <= 1 << bits, 14 + headerSize + count * size <= bytes.count else {
      throw ImageProblem(actual: "declares \(count) colours", expected: "at most \(1 << bits), within the file")
    }
    return (0..<count).map { index in
      let place = 14 + headerSize + index * size
      return SIMD3(bytes[place + 2], bytes[place + 1], bytes[place])
    }
  }

  /// Decodes the pixels; the caller has checked the extents.
  func decode() throws(ImageProblem) -> DecodedImage {
    let (width, height) = (shape.width, shape.height)
    // Rows are padded to four bytes.
    let rowLength = (width * bitsPerPixel + 31) / 32 * 4
    guard pixelStart >= 0, pixelStart <= bytes.count, rowLength <= (bytes.count - pixelStart) / height else {
      throw ImageProblem(
        actual: "has \(max(0, bytes.count - pixelStart)) bytes of pixels",
        expected: "\(height) rows of \(rowLength) bytes, as its header says")
    }
    var pixels = [UInt8]()
    pixels.reserveCapacity(shape.elementCount)
    for row in 0..<height {
      let start = pixelStart + (isTopDown ? row : height - 1 - row) * rowLength
      for column in 0..<width {
        let color = try color(start, column)
        if shape.channels == 1 {
          pixels.append(color.x)
        } else {
          pixels.append(color.x)
          pixels.append(color.y)
          pixels.append(color.z)
        }
      }
    }
    return DecodedImage(shape: shape, pixels: pixels)
  }

  private func color(_ start: Int, _ column: Int) throws(ImageProblem) -> SIMD3<UInt8> {
    switch bitsPerPixel {
    case 24:
      let place = start + 3 * column
      return SIMD3(bytes[place + 2], bytes[place + 1], bytes[place])
    case 16, 32:
      let place = start + column * bitsPerPixel / 8
      let value = bitsPerPixel == 16 ? UInt32(Self.short(bytes, place)) : Self.unsigned(bytes, place)
      return SIMD3(part(value, masks[0]), part(value, masks[1]), part(value, masks[2]))
    default:
      let bit = column * bitsPerPixel
      let shift = 8 - bitsPerPixel - bit % 8
      let index = Int(bytes[start + bit / 8]) >> shift & (1 << bitsPerPixel - 1)
      guard index < palette.count else {
        throw ImageProblem(actual: "uses colour \(index)", expected: "one of the \(palette.count) colours that it has")
      }
      return palette[index]
    }
  }

  /// The bits of a mask, widened or narrowed to a byte.
  private func part(_ value: UInt32, _ mask: UInt32) -> UInt8 {
    guard mask != 0 else { return 0 }
    let shift = UInt32(mask.trailingZeroBitCount)
    let largest = UInt64(mask >> shift)
    return UInt8(truncatingIfNeeded: (UInt64(value & mask) >> UInt64(shift)) * 255 / largest)
  }

  private static func unsigned(_ bytes: UnsafeRawBufferPointer, _ place: Int) -> UInt32 {
    UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self))
  }

  private static func short(_ bytes: UnsafeRawBufferPointer, _ place: Int) -> UInt16 {
    UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt16.self))
  }
}
