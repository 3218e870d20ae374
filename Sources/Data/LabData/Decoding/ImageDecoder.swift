import CImageCodecs
import Foundation

/// Decodes images of every format that is known.
///
/// Pixels are taken as they are stored: neither colour profiles nor a camera's orientation are applied, transparency
/// is dropped, and 16 bits become 8. Of several images in a file the first is taken. The rows of a TIFF are put in the
/// order that its own orientation gives, as they are part of how the format stores them.
package enum ImageDecoder {
  /// The most pixels that an image may have, so that a hostile header cannot fill the memory.
  package static let maximumPixelCount = 1 << 27
  /// The largest file that is read, in bytes: so many pixels of three times 16 bits, and more.
  private static let maximumFileSize = 1 << 30

  /// Reads the extents without decoding the pixels.
  package static func shape(of data: Data) throws(ImageProblem) -> ImageShape {
    try withBytes(data) { bytes throws(ImageProblem) in try shape(format(of: bytes), bytes) }
  }

  /// Decodes an image.
  ///
  /// - Parameters:
  ///   - data: the file's bytes.
  ///   - scale: the size to which a JPEG is decoded.
  package static func decode(_ data: Data, scale: JPEGScale = .full) throws(ImageProblem) -> DecodedImage {
    try withBytes(data) { bytes throws(ImageProblem) in
      var image = try pixels(of: bytes, scale)
      if ImageOrientation.isTurned(bytes) { image.traits.insert(.turned) }
      return image
    }
  }

  /// Reads and decodes a file.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - scale: the size to which a JPEG is decoded.
  /// - Throws: ``DataError``.
  package static func decode(path: String, scale: JPEGScale = .full) throws -> DecodedImage {
    let data = try read(path)
    do throws(ImageProblem) {
      return try decode(data, scale: scale)
    } catch {
      throw error.error(path: path)
    }
  }

  /// Reads the extents of a file's image.
  ///
  /// - Throws: ``DataError``.
  package static func shape(path: String) throws -> ImageShape {
    let data = try read(path)
    do throws(ImageProblem) {
      return try shape(of: data)
    } catch {
      throw error.error(path: path)
    }
  }

  /// Encodes an image as PNG.
  ///
  /// - Throws: ``ImageProblem`` where it is neither grey nor RGB.
  package static func encodePNG(_ image: DecodedImage) throws(ImageProblem) -> Data {
    var header = LabImageHeader(
      width: UInt32(image.shape.width), height: UInt32(image.shape.height), channels: Int32(image.shape.channels),
      divisor: 0)
    let capacity = [1, 3].contains(image.shape.channels) ? labPNGCapacity(&header) : 0
    guard capacity > 0 else {
      throw ImageProblem(actual: "is \(image.shape)", expected: "1 or 3 channels, which PNG can hold")
    }
    var message = LabImageMessage()
    var length = 0
    let output = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
      let status = labPNGEncode(&header, image.pixels, buffer.baseAddress, capacity, &length, &message)
      count = status == 0 ? length : 0
    }
    guard !output.isEmpty else {
      throw ImageProblem(actual: "cannot be encoded (\(text(message)))", expected: "an image that PNG can hold")
    }
    return Data(output)
  }

  // MARK: Parts

  private typealias ReadHeader = (
    UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<LabImageHeader>?, UnsafeMutablePointer<LabImageMessage>?
  ) -> Int32
  private typealias ReadPixels = (
    UnsafePointer<UInt8>?, Int, UnsafePointer<LabImageHeader>?, UnsafeMutablePointer<UInt8>?,
    UnsafeMutablePointer<LabImageMessage>?
  ) -> Int32

  private static func read(_ path: String) throws -> Data {
    // A pipe would be waited for.
    if FolderReader.kind(of: path) == .special {
      throw DataError.inaccessible(
        path: path, reason: "it is no regular file", remedy: "name an image file")
    }
    return try DataFile.contents(of: path, atMost: maximumFileSize)
  }

  private static func pixels(
    of bytes: UnsafeRawBufferPointer, _ scale: JPEGScale
  ) throws(ImageProblem) -> DecodedImage {
    let format = try format(of: bytes)
    let shape = try shape(format, bytes)
    switch format {
    case .png: return try decode(bytes, shape, "PNG", labPNGPixels)
    case .jpeg: return try decode(bytes, shape, "JPEG", divisor: scale.divisor(of: shape), labJPEGPixels)
    case .webP: return try decode(bytes, shape, "WebP", labWebPPixels)
    case .tiff: return try decode(bytes, shape, "TIFF", labTIFFPixels)
    case .gif: return try decode(bytes, shape, "GIF", labGIFPixels)
    case .portableAnymap: return try PortableAnymap(bytes).decode()
    case .bitmap: return try BitmapFile(bytes).decode()
    }
  }

  private static func format(of bytes: UnsafeRawBufferPointer) throws(ImageProblem) -> ImageFormat {
    guard let format = ImageFormat(of: bytes) else {
      let foreign = ForeignImageFormat.name(of: bytes).map { "is \($0)" }
      let actual = bytes.isEmpty ? "is empty" : foreign ?? "is no image of a known format"
      throw ImageProblem(actual: actual, expected: ImageFormat.list)
    }
    return format
  }

  private static func shape(
    _ format: ImageFormat, _ bytes: UnsafeRawBufferPointer
  ) throws(ImageProblem) -> ImageShape {
    let shape =
      switch format {
      case .png: try header(bytes, "PNG", labPNGHeader)
      case .jpeg: try header(bytes, "JPEG", labJPEGHeader)
      case .webP: try header(bytes, "WebP", labWebPHeader)
      case .tiff: try header(bytes, "TIFF", labTIFFHeader)
      case .gif: try header(bytes, "GIF", labGIFHeader)
      case .portableAnymap: try PortableAnymap(bytes).shape
      case .bitmap: try BitmapFile(bytes).shape
      }
    guard shape.width > 0, shape.height > 0, shape.width <= maximumPixelCount / shape.height else {
      throw ImageProblem(
        actual: "declares \(shape.width)×\(shape.height) pixels", expected: "from 1 to \(maximumPixelCount) pixels")
    }
    return shape
  }

  private static func header(
    _ bytes: UnsafeRawBufferPointer, _ kind: String, _ read: ReadHeader
  ) throws(ImageProblem) -> ImageShape {
    var header = LabImageHeader()
    var message = LabImageMessage()
    let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    guard read(start, bytes.count, &header, &message) == 0 else { throw damaged(kind, message) }
    return ImageShape(channels: Int(header.channels), height: Int(header.height), width: Int(header.width))
  }

  private static func decode(
    _ bytes: UnsafeRawBufferPointer, _ fullShape: ImageShape, _ kind: String, divisor: Int = 1, _ read: ReadPixels
  ) throws(ImageProblem) -> DecodedImage {
    // A byte of a PNG, whose compression shrinks best, stands for so many pixels at most; room for a larger claim need
    // not be made.
    guard !["PNG", "JPEG"].contains(kind) || fullShape.width * fullShape.height / 8_256 <= bytes.count
    else {
      throw ImageProblem(
        actual: "declares \(fullShape.width)×\(fullShape.height) pixels in \(bytes.count) bytes",
        expected: "a complete \(kind) image")
    }
    let shape = ImageShape(
      channels: fullShape.channels, height: (fullShape.height + divisor - 1) / divisor,
      width: (fullShape.width + divisor - 1) / divisor)
    var header = LabImageHeader(
      width: UInt32(shape.width), height: UInt32(shape.height), channels: Int32(shape.channels),
      divisor: divisor == 1 ? 0 : Int32(divisor))
    var message = LabImageMessage()
    var status: Int32 = 0
    let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    // Zeroed, since an interlaced image that ends early leaves gaps.
    var pixels = [UInt8](repeating: 0, count: shape.elementCount)
    pixels.withUnsafeMutableBufferPointer {
      status = read(start, bytes.count, &header, $0.baseAddress, &message)
    }
    guard status == 0 else { throw damaged(kind, message) }
    var image = DecodedImage(shape: shape, pixels: pixels)
    image.fullShape = fullShape
    if message.isTransparent != 0 { image.traits.insert(.transparent) }
    return image
  }

  private static func damaged(_ kind: String, _ message: LabImageMessage) -> ImageProblem {
    let said = text(message)
    guard message.isUnsupported == 0 else {
      return ImageProblem(
        actual: said, expected: "a \(kind) image of grey, palette, RGB or CMYK samples of at most 16 bits")
    }
    return ImageProblem(
      actual: "is damaged or cut off\(said.isEmpty ? "" : " (\(said))")", expected: "a complete \(kind) image")
  }

  private static func text(_ message: LabImageMessage) -> String {
    withUnsafeBytes(of: message.text) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  private static func withBytes<R>(
    _ data: Data, _ body: (UnsafeRawBufferPointer) throws(ImageProblem) -> R
  ) throws(ImageProblem) -> R {
    let result = data.withUnsafeBytes { bytes -> Result<R, ImageProblem> in
      do throws(ImageProblem) {
        return .success(try body(bytes))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }
}
