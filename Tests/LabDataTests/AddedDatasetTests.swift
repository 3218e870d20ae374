import LabCore
import LabData
import Testing

/// Stripes whose direction is their class: a data set as another package would add it.
private struct StripesSource: DatasetSource {
  struct Options: DatasetOptions {
    var period = 2

    static let schema = ConfigurationSchema([
      .init("period", .integer(2...16), default: 2, "Pixels from stripe to stripe.")
    ])
  }

  let options: Options
  let origin = "the generator of stripes"
  var identity: [String] { ["stripes-1", "\(options.period)"] }

  static let definition = DatasetDefinition(
    name: "stripes", summary: "Stripes across and along.", options: Options.schema
  ) { configuration, _ in try StripesSource(options: Options(configuration)) }

  func manifest(progress: @escaping DataProgress) throws -> DatasetManifest {
    DatasetManifest(
      imageShape: ImageShape(channels: 1, height: 4, width: 4), classNames: ["across", "along"],
      trainLabels: [0, 1, 0, 1], testLabels: [0, 1])
  }

  func decodeImages(
    of part: DatasetPart, manifest: DatasetManifest, into destination: UnsafeMutableBufferPointer<UInt8>,
    progress: DecodingProgress
  ) throws {
    let size = manifest.imageShape.elementCount
    for (index, label) in manifest.labels(of: part).enumerated() {
      for pixel in 0..<size {
        destination[index * size + pixel] = (label == 0 ? pixel / 4 : pixel % 4) % options.period == 0 ? 255 : 0
      }
    }
    progress.add(manifest.labels(of: part).count)
  }
}

@Suite struct AddedDatasetTests {
  @Test func comesBehindTheOthersAndOnlyOnce() throws {
    let registry = Registry(copying: DatasetDefinition.registry)
    try registry.add(StripesSource.definition)
    #expect(throws: RegistryError.self) { try registry.add(StripesSource.definition) }
    #expect(registry.names == DatasetDefinition.registry.names + ["stripes"])
  }

  @Test func isPreparedLikeTheRest() throws {
    let folder = try TemporaryFolder()
    func prepare(_ options: [String: JSONValue] = [:]) throws -> PreparedDataset {
      let configuration = DatasetConfiguration(name: "stripes", options: options)
      let source = try StripesSource.definition.open(configuration, folder.environment)
      return try PreparedDataset(configuration, source: source, environment: folder.environment)
    }
    let stripes = try prepare()
    #expect(stripes.train.count == 4 && stripes.test.count == 2 && stripes.classCount == 2)
    #expect(stripes.raw.pixels(at: 1, of: .test).prefix(4) == [255, 0, 255, 0])
    #expect(try prepare().contentHash == stripes.contentHash)
    #expect(try prepare(["period": 3]).contentHash != stripes.contentHash)
    let error = #expect(throws: DataError.self) { try prepare(["perod": 3]) }
    #expect(error?.description == #"data set stripes has no option "perod" (did you mean "period"?)"#)
  }
}
