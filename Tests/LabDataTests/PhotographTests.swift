import Foundation
import LabCore
import LabData
import Testing

/// Image files that say more than their pixels: orientation, transparency, inks.
@Suite struct PhotographTests {
  private func image(_ name: String) throws -> DecodedImage {
    try ImageDecoder.decode(path: fixture("photographs/" + name))
  }

  @Test(
    arguments: [
      ("plain.jpg", []), ("upright.jpg", []), ("cut-notes.jpg", []), ("turned.jpg", .turned),
      ("motorola.jpg", .turned), ("mirrored.png", .turned), ("opaque.png", []), ("opaque-grey.png", []),
      ("transparent.png", .transparent), ("transparent-palette.png", .transparent),
      ("transparent-interlaced.png", .transparent), ("inks.jpg", []),
    ] as [(String, ImageTraits)]) func traitsAreRead(name: String, traits: ImageTraits) throws
  {
    #expect(try image(name).traits == traits)
  }

  @Test func pixelsArePillowsPixels() throws {
    let expected: [String: [UInt8]] = try jsonFixture("photographs/expected.json")
    #expect(expected.count == 12)
    for (name, pixels) in expected {
      let image = try image(name)
      #expect(image.pixels.count == pixels.count, "\(name)")
      let tolerance = name.hasPrefix("inks") ? 4 : name.hasSuffix(".jpg") ? 2 : 0
      #expect((zip(image.pixels, pixels).map { abs(Int($0) - Int($1)) }.max() ?? 255) <= tolerance, "\(name)")
    }
    // Without Adobe's marker the same inks mean the same colours.
    #expect(try image("inks-stripped.jpg").pixels == image("inks.jpg").pixels)
  }

  @Test func cutFilesHaveNoOrientationAndNoCrash() throws {
    for name in ["turned.jpg", "motorola.jpg", "mirrored.png"] {
      let whole = try Data(contentsOf: URL(fileURLWithPath: fixture("photographs/" + name)))
      for length in 0..<whole.count { _ = try? ImageDecoder.decode(whole.prefix(length)) }
      #expect(try ImageDecoder.decode(whole).traits == .turned)
    }
  }

  @Test func turnedAndTransparentImagesAreCounted() throws {
    let folder = try TemporaryFolder()
    let files = FileManager.default
    for (part, label) in [("train", "a"), ("train", "b"), ("test", "a"), ("test", "b")] {
      try files.createDirectory(atPath: "\(folder.path)/photos/\(part)/\(label)", withIntermediateDirectories: true)
    }
    for (name, place) in [
      ("plain.jpg", "train/a/1.jpg"), ("turned.jpg", "train/a/2.jpg"), ("upright.jpg", "train/b/1.jpg"),
      ("transparent.png", "train/b/2.png"), ("motorola.jpg", "test/a/3.jpg"), ("opaque.png", "test/b/1.png"),
    ] {
      try files.copyItem(atPath: fixture("photographs/" + name), toPath: "\(folder.path)/photos/\(place)")
    }
    var configuration = DatasetConfiguration(name: "image-folder", path: folder.path + "/photos")
    configuration.imageSize = 8
    configuration.channels = 3
    let inspected = try DatasetInspection(SampleCatalog(configuration, environment: folder.environment)).findings
    // Decoded the first time, and from the cache the second.
    let prepared = try (0..<2).map { _ in
      try PreparedDataset(configuration, environment: folder.environment).findings
    }
    for findings in prepared + [inspected] {
      let texts = findings.map(\.description)
      #expect(
        texts.contains {
          $0.hasPrefix("2 image files have an EXIF orientation, but pixels are taken as they are stored")
            && $0.contains("test/a/3.jpg, train/a/2.jpg. Turn the pixels first")
        }, "\(texts)")
      #expect(
        texts.contains {
          $0.hasPrefix("1 image file is transparent in places, but transparency is dropped")
            && $0.contains("train/b/2.png. Put them on a background first")
        }, "\(texts)")
    }
    #expect(prepared[0] == prepared[1])
  }
}
