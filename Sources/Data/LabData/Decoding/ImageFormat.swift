import Foundation

/// The image formats that can be read; a file's first bytes tell its format, whatever its name.
package enum ImageFormat: String, Hashable, Sendable, CaseIterable {
  case png = "PNG"
  case jpeg = "JPEG"
  case webP = "WebP"
  case tiff = "TIFF"
  case gif = "GIF"
  /// The binary and textual forms of PGM and PPM.
  case portableAnymap = "PPM"
  case bitmap = "BMP"

  /// The formats as messages list them.
  package static let list = "PNG, JPEG, WebP, TIFF, GIF, PPM, PGM or BMP"

  /// The endings of files that are taken for images whatever their content, so that a damaged one is not passed over.
  package static let fileExtensions: Set<String> = [
    "png", "apng", "jpg", "jpeg", "jpe", "jfif", "pjpeg", "pjp", "webp", "tif", "tiff", "gif", "ppm", "pgm", "pnm",
    "bmp", "dib",
  ]

  /// Recognises a format.
  init?(of bytes: UnsafeRawBufferPointer) {
    func starts(_ text: String, at place: Int = 0) -> Bool { bytes.dropFirst(place).starts(with: text.utf8) }
    switch (bytes.first, bytes.dropFirst().first) {
    case (0x89, UInt8(ascii: "P")): self = .png
    case (0xff, 0xd8): self = .jpeg
    case (UInt8(ascii: "R"), _) where starts("RIFF") && starts("WEBP", at: 8): self = .webP
    case (UInt8(ascii: "I"), _) where starts("II*\0") || starts("II+\0"): self = .tiff
    case (UInt8(ascii: "M"), _) where starts("MM\0*") || starts("MM\0+"): self = .tiff
    case (UInt8(ascii: "G"), _) where starts("GIF8"): self = .gif
    case (UInt8(ascii: "P"), let digit?) where (UInt8(ascii: "1")...UInt8(ascii: "7")).contains(digit):
      self = .portableAnymap
    case (UInt8(ascii: "B"), UInt8(ascii: "M")): self = .bitmap
    default: return nil
    }
  }

  /// Recognises a format where neither a name nor anything else says that the file is an image, so that two letters at the
  /// beginning of a text do not make it one.
  ///
  /// - Parameter start: the first ``signatureByteCount`` bytes, or all of a shorter file.
  init?(certainlyOf start: UnsafeRawBufferPointer) {
    guard let format = ImageFormat(of: start) else { return nil }
    let isCertain =
      switch format {
      case .png: start.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
      case .jpeg: start.count > 2 && start[2] == 0xff
      case .gif: start.starts(with: "GIF87a".utf8) || start.starts(with: "GIF89a".utf8)
      case .webP, .tiff: true
      case .portableAnymap:
        start.count > 3 && Self.isSpace(start[2]) && (Self.isDigit(start[3]) || start[3] == UInt8(ascii: "#"))
      case .bitmap:
        start.count > 17 && start[6..<10].allSatisfy { $0 == 0 } && [12, 40, 52, 56, 64, 108, 124].contains(start[14])
          && start[15..<18].allSatisfy { $0 == 0 }
      }
    guard isCertain else { return nil }
    self = format
  }

  /// How many bytes of a file tell what it is.
  static let signatureByteCount = 256

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }
  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}

/// Kinds of images that cannot be read, so that a message can name them instead of passing them over.
enum ForeignImageFormat {
  /// The endings of such files.
  static let fileExtensions: Set<String> = [
    "avif", "heic", "heif", "jxl", "jp2", "j2k", "jpx", "psd", "xcf", "svg", "svgz", "ico", "tga", "dds", "exr", "hdr",
    "dcm", "dicom", "nii", "npy", "pbm", "pam", "qoi", "fits", "eps", "ai", "raw", "xpm", "pcx",
  ]

  /// The endings of cameras' own formats, whose first bytes are those of a TIFF that holds a small preview.
  static let cameraExtensions: Set<String> = [
    "dng", "nef", "nrw", "cr2", "cr3", "arw", "orf", "rw2", "raf", "pef", "srw",
  ]

  /// What the bytes are, with an article; nil where they are of no such kind.
  static func name(of start: UnsafeRawBufferPointer) -> String? { imageName(of: start) ?? otherName(of: start) }

  /// Whether the bytes are those of an image.
  static func isImage(_ start: UnsafeRawBufferPointer) -> Bool { imageName(of: start) != nil }

  private static func imageName(of start: UnsafeRawBufferPointer) -> String? {
    func has(_ text: String, at place: Int = 0) -> Bool { start.dropFirst(place).starts(with: text.utf8) }
    if has("ftypavif", at: 4) || has("ftypavis", at: 4) { return "an AVIF image" }
    if ["heic", "heix", "hevc", "heim", "mif1", "msf1"].contains(where: { has("ftyp" + $0, at: 4) }) {
      return "a HEIC image"
    }
    if has("JXL ", at: 4) || start.starts(with: [0xff, 0x0a]) { return "a JPEG XL image" }
    if has("jP  ", at: 4) || start.starts(with: [0xff, 0x4f, 0xff, 0x51]) { return "a JPEG 2000 image" }
    if has("8BPS") { return "a Photoshop image" }
    if start.starts(with: [0x76, 0x2f, 0x31, 0x01]) { return "an OpenEXR image" }
    if has("qoif") { return "a QOI image" }
    if has("DICM", at: 128) { return "a DICOM image" }
    let opening = beginning(start)
    return opening.hasPrefix("<svg") || (opening.hasPrefix("<?xml") && opening.contains("<svg"))
      ? "an SVG drawing" : nil
  }

  private static func otherName(of start: UnsafeRawBufferPointer) -> String? {
    func has(_ text: String, at place: Int = 0) -> Bool { start.dropFirst(place).starts(with: text.utf8) }
    if has("ftyp", at: 4) { return "a film" }
    if start.starts(with: [0x93]), has("NUMPY", at: 1) { return "a NumPy array" }
    if has("version https://git-lfs") { return "a pointer of Git LFS in place of the file" }
    let opening = beginning(start)
    return opening.hasPrefix("<!doctype html") || opening.hasPrefix("<html") ? "a web page" : nil
  }

  /// The first letters, small ones, without blanks before them.
  private static func beginning(_ start: UnsafeRawBufferPointer) -> Substring {
    String(decoding: start.prefix(ImageFormat.signatureByteCount), as: UTF8.self).lowercased()
      .drop { $0.isWhitespace || $0 == "\u{feff}" }
  }
}
