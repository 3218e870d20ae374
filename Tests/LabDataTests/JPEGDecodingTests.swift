import Foundation
import LabCore
import LabData
import Testing

/// JPEG files that are decoded to less than their own extents.
@Suite struct JPEGDecodingTests {
  private let folder: TemporaryFolder
  private let picture: Data

  init() throws {
    folder = try TemporaryFolder()
    picture = try Data(contentsOf: URL(fileURLWithPath: fixture("reduced/waves.jpg")))
  }

  private func resizer(_ side: Int, fit: ImageFit = .squash, storedSize: Int? = nil) -> ImageResizer {
    ImageResizer(
      target: ImageShape(channels: 3, height: side, width: side), fit: fit, storedSize: storedSize, decoding: .reduced)
  }

  @Test(
    arguments: [(24, 1), (23, 1), (12, 1), (11, 2), (6, 2), (5, 4), (3, 4), (2, 8), (1, 8)])
  func extentsStayTwiceWhatIsNeeded(side: Int, divisor: Int) throws {
    // 66×45 pixels: its height decides.
    let image = try ImageDecoder.decode(picture, scale: resizer(side).scale)
    #expect(image.shape.height == (45 + divisor - 1) / divisor && image.shape.width == (66 + divisor - 1) / divisor)
    #expect(image.fullShape == ImageShape(channels: 3, height: 45, width: 66))
    #expect(divisor == 1 || image.shape.height >= 2 * side)
  }

  @Test func fitsAndStoredSizesDecideWhatIsNeeded() throws {
    func height(_ resizer: ImageResizer) throws -> Int {
      try ImageDecoder.decode(picture, scale: resizer.scale).shape.height
    }
    // Whole, the image is 16 by 11 pixels, of 66 by 45; cut, it is 16 of 45 pixels high.
    #expect(try height(resizer(16, fit: .letterbox)) == 23)
    #expect(try height(resizer(16, fit: .crop)) == 45)
    #expect(try height(resizer(5, fit: .squash)) == 12)
    #expect(try height(resizer(5, fit: .squash, storedSize: 11)) == 23)
    // Other formats know nothing of it.
    let whole = try ImageDecoder.decode(picture)
    #expect(try ImageDecoder.decode(ImageDecoder.encodePNG(whole), scale: resizer(2).scale).pixels == whole.pixels)
  }

  @Test func pixelsArePillowsPixels() throws {
    let expected: [String: [UInt8]] = try jsonFixture("reduced/expected.json")
    for (divisor, side) in [("1", 40), ("2", 10), ("4", 5), ("8", 1)] {
      let pixels = try ImageDecoder.decode(picture, scale: resizer(side).scale).pixels
      let own = try #require(expected[divisor])
      #expect(pixels.count == own.count)
      #expect((zip(pixels, own).map { abs(Int($0) - Int($1)) }.max() ?? 255) <= 2, "1/\(divisor)")
    }
  }

  @Test(arguments: ImageFit.allCases) func reducedImagesAreNearlyThoseOfWholeOnes(fit: ImageFit) throws {
    for side in [2, 5, 10] {
      let results = try [JPEGDecoding.full, .reduced].map { decoding in
        var resizer = resizer(side, fit: fit)
        resizer.decoding = decoding
        var pixels = [UInt8](repeating: 0, count: side * side * 3)
        resizer.resize(try ImageDecoder.decode(picture, scale: resizer.scale), into: &pixels)
        return pixels
      }
      let differences = zip(results[0], results[1]).map { abs(Int($0) - Int($1)) }
      #expect(differences.contains { $0 > 0 })
      // The waves have an amplitude of 110.
      #expect((differences.max() ?? 255) <= 12, "\(fit), \(side): \(differences.max() ?? 255)")
    }
  }

  private func dataset(_ change: (inout DatasetConfiguration) -> Void) throws -> PreparedDataset {
    for place in ["train/a/1.jpg", "train/b/2.jpg", "test/a/3.jpg", "test/b/4.jpg"] {
      let url = URL(fileURLWithPath: "\(folder.path)/photos/\(place)")
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      if !FileManager.default.fileExists(atPath: url.path) { try picture.write(to: url) }
    }
    var configuration = DatasetConfiguration(name: "image-folder", path: folder.path + "/photos")
    configuration.imageSize = 5
    change(&configuration)
    return try PreparedDataset(configuration, environment: folder.environment)
  }

  @Test func decodedDataAreToldApart() throws {
    let full = try dataset { _ in }
    let reduced = try dataset { $0.jpegDecoding = .reduced }
    #expect(full.contentHash != reduced.contentHash)
    // Each is found again in the cache, and neither in the place of the other.
    #expect(try dataset { _ in }.contentHash == full.contentHash)
    #expect(try dataset { $0.jpegDecoding = .reduced }.contentHash == reduced.contentHash)
    let field = DatasetConfiguration.schema.resolve(["name": "image-folder", "jpeg_decoding": "reduced"]).value
    #expect(DatasetConfiguration.schema.identityConfiguration(of: field)["jpeg_decoding"] == "reduced")
  }

  /// What a model sees of a file is what it was trained on of that file.
  @Test(arguments: JPEGDecoding.allCases, ImageFit.allCases)
  func predictionSeesWhatEvaluationSaw(decoding: JPEGDecoding, fit: ImageFit) throws {
    for stored in [nil, 7] {
      let dataset = try dataset {
        $0.jpegDecoding = decoding
        $0.resize = fit
        $0.storedSize = stored
      }
      let evaluated = try BatchLoader(evaluating: .test, of: dataset, batchSize: 2).loaded(epoch: 0, batch: 0).images
      let preprocessing = try JSONValue(encoding: Preprocessing(of: dataset)).decode(Preprocessing.self)
      #expect(preprocessing == Preprocessing(of: dataset))
      let file = folder.path + "/photos/test/a/3.jpg"
      for images in try [
        ImageCollection(paths: [file], classNames: []), ImageCollection([EncodedImage(name: "sent", data: picture)]),
        ImageCollection(dataset, split: .test).selecting([0]),
      ] {
        var output = [Float](repeating: .nan, count: dataset.imageShape.elementCount)
        #expect(images.load(0..<1, as: preprocessing, into: &output).isEmpty)
        #expect(output == Array(evaluated[0..<output.count]))
      }
    }
  }
}
