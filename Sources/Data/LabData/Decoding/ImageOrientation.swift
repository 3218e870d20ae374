/// The orientation that a camera or program noted in an image file.
///
/// - Source: CIPA DC-008, "Exchangeable image file format", 4.5.4 and 4.6.5 (tag 274); the PNG specification, 11.3.3.4
///   (eXIf); Google, "WebP container specification", EXIF.
enum ImageOrientation {
  /// Whether the pixels of a file lie turned or mirrored; false where it does not say or its notes are broken.
  static func isTurned(_ bytes: UnsafeRawBufferPointer) -> Bool { (2...8).contains(value(in: bytes) ?? 1) }

  /// The tag's value: 1 is upright, up to 8 are the seven ways to turn and mirror.
  static func value(in bytes: UnsafeRawBufferPointer) -> Int? {
    switch (byte(bytes, 0), byte(bytes, 1)) {
    case (0xff, 0xd8): jpeg(bytes)
    case (0x89, 0x50): png(bytes)
    case (0x52, 0x49): webP(bytes)
    // The rows of a TIFF are put in order when it is decoded.
    default: nil
    }
  }

  /// The segments before the pixels.
  private static func jpeg(_ bytes: UnsafeRawBufferPointer) -> Int? {
    var place = 2
    while let mark = byte(bytes, place), mark == 0xff, let kind = byte(bytes, place + 1) {
      // Fill bytes may precede a marker.
      if kind == 0xff {
        place += 1
        continue
      }
      guard kind != 0xda, kind != 0xd9, let length = number(bytes, place + 2, 2, isLittle: false), length >= 2 else {
        return nil
      }
      let content = part(bytes, place + 4, length - 2)
      if kind == 0xe1, content.starts(with: [0x45, 0x78, 0x69, 0x66, 0, 0]) {
        return tag(in: UnsafeRawBufferPointer(rebasing: content[6...]))
      }
      place += 2 + length
    }
    return nil
  }

  private static func png(_ bytes: UnsafeRawBufferPointer) -> Int? {
    var place = 8
    while let length = number(bytes, place, 4, isLittle: false), let kind = number(bytes, place + 4, 4, isLittle: false)
    {
      // "eXIf" may stand behind the pixels as well; "IEND" ends the file.
      if kind == 0x6558_4966 { return tag(in: part(bytes, place + 8, length)) }
      if kind == 0x4945_4e44 { return nil }
      place += 12 + length
    }
    return nil
  }

  private static func webP(_ bytes: UnsafeRawBufferPointer) -> Int? {
    guard number(bytes, 8, 4, isLittle: false) == 0x5745_4250 else { return nil }
    var place = 12
    while let kind = number(bytes, place, 4, isLittle: false), let length = number(bytes, place + 4, 4, isLittle: true)
    {
      if kind == 0x4558_4946 {
        let content = part(bytes, place + 8, length)
        // Some programs repeat the prefix that JPEG needs.
        let hasPrefix = content.starts(with: [0x45, 0x78, 0x69, 0x66, 0, 0])
        return tag(in: hasPrefix ? UnsafeRawBufferPointer(rebasing: content[6...]) : content)
      }
      place += 8 + length + length % 2
    }
    return nil
  }

  /// The orientation in the first directory of TIFF's structure.
  private static func tag(in bytes: UnsafeRawBufferPointer) -> Int? {
    let isLittle: Bool
    switch number(bytes, 0, 4, isLittle: false) {
    case 0x4949_2a00: isLittle = true
    case 0x4d4d_002a: isLittle = false
    default: return nil
    }
    guard let start = number(bytes, 4, 4, isLittle: isLittle), let count = number(bytes, start, 2, isLittle: isLittle)
    else { return nil }
    for index in 0..<count {
      let entry = start + 2 + 12 * index
      guard let tag = number(bytes, entry, 2, isLittle: isLittle) else { return nil }
      if tag == 274 { return number(bytes, entry + 8, 2, isLittle: isLittle) }
    }
    return nil
  }

  // MARK: Bytes

  private static func byte(_ bytes: UnsafeRawBufferPointer, _ place: Int) -> UInt8? {
    bytes.indices.contains(place) ? bytes[place] : nil
  }

  /// An unsigned number of 2 or 4 bytes; nil where it would reach beyond the end.
  private static func number(_ bytes: UnsafeRawBufferPointer, _ place: Int, _ size: Int, isLittle: Bool) -> Int? {
    guard place >= 0, place <= bytes.count - size else { return nil }
    let digits = bytes[place..<place + size]
    return (isLittle ? Array(digits.reversed()) : Array(digits)).reduce(0) { $0 << 8 | Int($1) }
  }

  private static func part(_ bytes: UnsafeRawBufferPointer, _ place: Int, _ length: Int) -> UnsafeRawBufferPointer {
    guard place >= 0, place <= bytes.count, length > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    return UnsafeRawBufferPointer(rebasing: bytes[place..<min(bytes.count, place + length)])
  }
}
