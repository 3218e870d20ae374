import Foundation
import LabCore
import LabData
import Testing

@Suite struct ImageDecodingTests {
  struct Fixture: Decodable {
    struct Image: Decodable {
      var channels: Int
      var pixels: [UInt8]
    }
    struct Picture: Decodable {
      var height, width: Int
      var pixels: [UInt8]
    }
    struct Resized: Decodable {
      var picture: String
      var size: Int
      var fit: ImageFit
      var pixels: [UInt8]
    }
    var height, width: Int
    var images: [String: Image]
    var pictures: [String: Picture]
    var resized: [Resized]
  }

  private let expected: Fixture

  init() throws { expected = try jsonFixture("images/expected.json") }

  private func data(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: fixture("images/" + name)))
  }

  @Test func everyFormatGivesPillowsPixels() throws {
    #expect(expected.images.count == 19)
    for (name, reference) in expected.images {
      let image = try ImageDecoder.decode(path: fixture("images/" + name))
      #expect(
        image.shape == ImageShape(channels: reference.channels, height: expected.height, width: expected.width),
        "\(name)")
      #expect(try ImageDecoder.shape(of: data(name)) == image.shape, "\(name)")
      guard image.pixels.count == reference.pixels.count else { continue }
      // JPEG's arithmetic differs by a level between versions of the library, inks by the order of rounding.
      let tolerance = name.hasSuffix(".jpg") ? (name.hasPrefix("cmyk") ? 4 : 2) : 0
      let worst = zip(image.pixels, reference.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
      #expect(worst <= tolerance, "\(name)")
    }
  }

  @Test func resizingAgreesWithPillow() throws {
    for reference in expected.resized {
      let picture = try #require(expected.pictures[reference.picture])
      let shape = ImageShape(channels: 3, height: picture.height, width: picture.width)
      let raw = try RawDataset(
        manifest: DatasetManifest(imageShape: shape, classNames: ["a"], trainLabels: [0], testLabels: [0]),
        trainImages: picture.pixels, testImages: picture.pixels)
      let pixels = try raw.converted(imageSize: reference.size, channels: nil, fit: reference.fit)
        .pixels(at: 0, of: .test)
      #expect(pixels.count == reference.pixels.count)
      // Pillow rounds to bytes between the two directions; nothing is rounded in between here.
      let worst = zip(pixels, reference.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
      #expect(worst <= 1, "\(reference.picture) \(reference.size) \(reference.fit)")
    }
  }

  @Test func encodedImagesReadBackUnchanged() throws {
    for name in ["rgb.png", "grey.png"] {
      let image = try ImageDecoder.decode(data(name))
      #expect(try ImageDecoder.decode(ImageDecoder.encodePNG(image)) == image)
    }
    let odd = DecodedImage(shape: ImageShape(channels: 2, height: 1, width: 1), pixels: [1, 2])
    #expect(throws: ImageProblem.self) { try ImageDecoder.encodePNG(odd) }
  }

  @Test func everyTruncationIsAnErrorOrTheWholeImage() throws {
    for name in expected.images.keys {
      let whole = try data(name)
      let image = try ImageDecoder.decode(whole)
      for length in 0..<whole.count {
        // Of text, the last number may lose digits unnoticed.
        if name == "text.ppm", length > whole.count - 5 { continue }
        // A file whose last bytes say nothing about pixels may still decode, and then to the same pixels.
        if let cut = try? ImageDecoder.decode(Data(whole.prefix(length))) {
          #expect(cut == image, "\(name) cut to \(length) bytes")
          #expect(length > whole.count / 2, "\(name) cut to \(length) bytes")
        }
      }
    }
  }

  @Test func damagedBytesNeverCrash() throws {
    let stream = RandomStream(seed: 3, name: "damage")
    for (file, name) in expected.images.keys.sorted().enumerated() {
      let whole = try data(name)
      for attempt in 0..<200 {
        var bytes = whole
        for change in 0..<4 {
          let words = stream.words(UInt64(file * 200 + attempt), UInt64(change))
          // Headers are damaged more often, since they decide about memory.
          let limit = words.z % 2 == 0 ? min(64, bytes.count) : bytes.count
          bytes[bytes.startIndex + Int(words.x) % limit] = UInt8(truncatingIfNeeded: words.y)
        }
        if let shape = try? ImageDecoder.shape(of: bytes), shape.height * shape.width > 1 << 22 { continue }
        if let image = try? ImageDecoder.decode(bytes) {
          #expect(image.pixels.count == image.shape.elementCount)
        }
      }
    }
  }

  @Test func absurdExtentsAreRefusedBeforeMemoryIsTaken() throws {
    func problem(_ bytes: Data) -> String {
      do throws(ImageProblem) {
        _ = try ImageDecoder.decode(bytes)
        return ""
      } catch {
        return "\(error.actual); expected \(error.expected)"
      }
    }
    #expect(problem(Data("P6 1000000 1000000 255 x".utf8)).hasPrefix("declares 1000000×1000000 pixels"))
    #expect(problem(Data("P6 0 4 255 ".utf8)).hasPrefix("declares 0×4 pixels"))
    #expect(problem(Data("P3 9000 9000 255 1 2 3".utf8)).hasSuffix("243000000 numbers, as its header says"))
    #expect(problem(Data("P1 2 2 0 1 0 1".utf8)).hasPrefix("is a Netpbm image of kind P1"))
    #expect(
      problem(Data("XYZ89a".utf8))
        == "is no image of a known format; expected PNG, JPEG, WebP, TIFF, GIF, PPM, PGM or BMP")
    #expect(problem(Data()).hasPrefix("is empty"))
    var png = try data("rgb.png")
    png.replaceSubrange(16..<20, with: [0x7f, 0xff, 0xff, 0xff])
    // The header's checksum no longer fits, or else its extents are refused.
    #expect(problem(png).contains("damaged"))
    var bitmap = try data("rgb.bmp")
    bitmap.replaceSubrange(18..<26, with: [0, 0, 1, 0, 0, 0, 0, 0x80])
    #expect(problem(bitmap).hasPrefix("declares 65536×2147483648 pixels"))
    bitmap = try data("rgb.bmp")
    bitmap[30] = 1
    #expect(problem(bitmap) == "is compressed (method 1); expected an uncompressed BMP image")
  }
}
