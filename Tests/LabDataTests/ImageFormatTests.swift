import Foundation
import LabCore
import LabData
import Testing

/// WebP, TIFF and GIF.
@Suite struct ImageFormatTests {
  struct Picture: Decodable {
    var height, width, channels: Int
    var pixels: [UInt8]
  }

  private let expected: [String: Picture]

  init() throws { expected = try jsonFixture("formats/expected.json") }

  private func data(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: fixture("formats/" + name)))
  }

  private func problem(_ bytes: Data) -> String {
    do throws(ImageProblem) {
      _ = try ImageDecoder.decode(bytes)
      return ""
    } catch {
      return "\(error.actual); expected \(error.expected)"
    }
  }

  @Test func everyKindGivesPillowsPixels() throws {
    #expect(expected.count == 35)
    for (name, reference) in expected {
      let image = try ImageDecoder.decode(data(name))
      let shape = ImageShape(channels: reference.channels, height: reference.height, width: reference.width)
      #expect(image.shape == shape, "\(name)")
      #expect(try ImageDecoder.shape(of: data(name)) == shape, "\(name)")
      guard image.pixels.count == reference.pixels.count else { continue }
      // The arithmetic of lossy formats may differ by a level between versions of their libraries.
      let tolerance = ["jpeg.tif", "lossy.webp"].contains(name) ? 2 : 0
      let worst = zip(image.pixels, reference.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
      #expect(worst <= tolerance, "\(name)")
    }
  }

  @Test func transparencyIsNoted() throws {
    for name in ["transparent.webp", "rgba.tif", "premultiplied.tif", "transparent.gif"] {
      #expect(try ImageDecoder.decode(data(name)).traits == .transparent, "\(name)")
    }
    for name in ["lossless.webp", "rgb.tif", "turned-6.tif", "palette.gif", "animated.gif", "animated.webp"] {
      #expect(try ImageDecoder.decode(data(name)).traits == [], "\(name)")
    }
  }

  @Test func everyTruncationIsAnErrorOrTheWholeImage() throws {
    for name in expected.keys {
      let whole = try data(name)
      let image = try ImageDecoder.decode(whole)
      for length in 0..<whole.count {
        // What stands behind the pixels, such as later frames, may be missing.
        if let cut = try? ImageDecoder.decode(Data(whole.prefix(length))) {
          #expect(cut == image, "\(name) cut to \(length) bytes")
        }
      }
    }
  }

  @Test func damagedBytesNeverCrash() throws {
    let stream = RandomStream(seed: 5, name: "damage")
    for (file, name) in expected.keys.sorted().enumerated() {
      let whole = try data(name)
      for attempt in 0..<100 {
        var bytes = whole
        for change in 0..<4 {
          let words = stream.words(UInt64(file * 100 + attempt), UInt64(change))
          // The directory of a TIFF stands at its end, the headers of the others at the beginning.
          let range =
            words.z % 2 == 0
            ? 0..<bytes.count : name.hasSuffix("tif") ? max(0, bytes.count - 300)..<bytes.count : 0..<64
          bytes[range.lowerBound + Int(words.x) % range.count] = UInt8(truncatingIfNeeded: words.y)
        }
        if let shape = try? ImageDecoder.shape(of: bytes), shape.height * shape.width > 1 << 22 { continue }
        if let image = try? ImageDecoder.decode(bytes) {
          #expect(image.pixels.count == image.shape.elementCount)
        }
      }
    }
  }

  @Test func absurdExtentsAreRefusedBeforeMemoryIsTaken() throws {
    var tiff = try data("rgb.tif")
    // The first entries of its directory are the width and the height, 16 bits each.
    let directory = tiff[4..<8].enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    for entry in 0..<2 {
      tiff.replaceSubrange(directory + 2 + 12 * entry + 8..<directory + 2 + 12 * entry + 10, with: [0xff, 0xff])
    }
    #expect(problem(tiff).hasPrefix("declares 65535×65535 pixels"))
    var gif = try data("palette.gif")
    gif.replaceSubrange(6..<10, with: [0xff, 0xff, 0xff, 0xff])
    #expect(problem(gif).hasPrefix("declares 65535×65535 pixels"))
    var webP = try data("lossless.webp")
    // 14 bits of width and of height behind the signature byte.
    let signature = try #require(webP.firstIndex(of: 0x2f))
    webP.replaceSubrange(signature + 1..<signature + 5, with: [0xff, 0xff, 0xff, 0x0f])
    #expect(problem(webP).hasPrefix("declares 16384×16384 pixels"))
  }

  @Test func kindsThatAreNotReadAreNamed() throws {
    let kinds = "expected a TIFF image of grey, palette, RGB or CMYK samples of at most 16 bits"
    #expect(try problem(data("refused-float.tif")) == "has floating-point samples of 32 bits; \(kinds)")
    #expect(try problem(data("refused-bands.tif")) == "has 6 grey channels; \(kinds)")
    let formats = "expected PNG, JPEG, WebP, TIFF, GIF, PPM, PGM or BMP"
    #expect(problem(Data("\0\0\0\u{1c}ftypheic....".utf8)) == "is a HEIC image; \(formats)")
    #expect(problem(Data("\0\0\0\u{1c}ftypavif....".utf8)) == "is an AVIF image; \(formats)")
    #expect(problem(Data("<!DOCTYPE html><p>404".utf8)) == "is a web page; \(formats)")
    #expect(problem(Data("version https://git-lfs.github.com/spec/v1".utf8)).hasPrefix("is a pointer of Git LFS"))
    #expect(problem(Data("GIF89a".utf8)).hasPrefix("is damaged or cut off"))
    #expect(problem(Data("RIFF\u{8}\0\0\0WEBP".utf8)).hasPrefix("is damaged or cut off"))
  }
}
