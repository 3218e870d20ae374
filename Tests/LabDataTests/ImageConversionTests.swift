import LabCore
import LabData
import Testing

@Suite struct ImageConversionTests {
  private struct Fixture: Decodable {
    struct Case: Decodable {
      var size: Int
      var output: [Double]
    }
    var height, width, channels: Int
    var image: [UInt8]
    var cases: [Case]
  }

  @Test func resamplingAgreesWithAntialiasedInterpolation() throws {
    let fixture = try jsonFixture("resampling.json", as: Fixture.self)
    let shape = ImageShape(channels: fixture.channels, height: fixture.height, width: fixture.width)
    let raw = try RawDataset(
      manifest: DatasetManifest(imageShape: shape, classNames: ["a"], trainLabels: [0], testLabels: [0]),
      trainImages: fixture.image, testImages: fixture.image)
    for reference in fixture.cases {
      let converted = try raw.converted(imageSize: reference.size, channels: nil)
      let output = converted.pixels(at: 0, of: .test)
      #expect(output.count == reference.output.count)
      // Half a level of rounding, and a little for single precision.
      #expect(zip(output, reference.output).allSatisfy { abs(Double($0) - $1) < 0.501 }, "size \(reference.size)")
    }
  }

  @Test func grayBecomesThreeEqualChannels() throws {
    let folder = try TemporaryFolder()
    var configuration = DatasetConfiguration(name: "idx", path: try fixture("idx"))
    configuration.channels = 3
    let dataset = try PreparedDataset(configuration, environment: folder.environment)
    #expect(dataset.imageShape == ImageShape(channels: 3, height: 5, width: 4))
    #expect(dataset.raw.pixels(at: 2, of: .train) == (0..<20).flatMap { Array(repeating: UInt8(40 + $0), count: 3) })
  }

  @Test func otherChannelCountsCannotBeRecolored() throws {
    let raw = try randomDataset(labels: [0], shape: ImageShape(channels: 2, height: 2, width: 2))
    #expect(throws: DataError.self) { try raw.converted(imageSize: nil, channels: 3) }
    #expect(try raw.converted(imageSize: 4, channels: nil).manifest.imageShape.channels == 2)
  }
}
