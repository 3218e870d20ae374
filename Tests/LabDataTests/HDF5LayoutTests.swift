import LabCore
import LabData
import Testing

/// HDF5 images whose channels stand before their rows.
@Suite struct HDF5LayoutTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func prepare(_ name: String, layout: String? = nil) throws -> PreparedDataset {
    var configuration = DatasetConfiguration(name: "hdf5", path: try fixture("layout/\(name).h5"))
    if let layout { configuration.options = ["layout": .string(layout)] }
    return try PreparedDataset(configuration, environment: folder.environment)
  }

  private func finding(_ data: PreparedDataset) -> String? {
    data.findings.first { $0.key == "dataset.layout" }?.description
  }

  @Test func channelsFirstAreRecognizedAndSaid() throws {
    let last = try prepare("last")
    #expect(last.imageShape == ImageShape(channels: 3, height: 5, width: 6))
    #expect(finding(last) == nil)
    let first = try prepare("first")
    #expect(first.imageShape == last.imageShape)
    #expect(first.contentHash == last.contentHash)
    #expect(
      finding(first)
        == "train/images has the extents [8, 3, 5, 6], which are taken for images of 5×6 pixels whose 3 channels are "
        + "stored first. Set dataset.layout to channels_first to confirm that, or to channels_last")
  }

  @Test func theLayoutCanBeSaid() throws {
    let first = try prepare("first", layout: "channels_first")
    #expect(finding(first) == nil)
    #expect(first.contentHash == (try prepare("last").contentHash))
    let turned = try prepare("first", layout: "channels_last")
    #expect(turned.imageShape == ImageShape(channels: 6, height: 3, width: 5))
    #expect(finding(turned)?.hasPrefix("images have 6 channels of 3×5 pixels") == true)
  }

  @Test func extentsThatMayMeanEitherAreSaid() throws {
    let either = try prepare("either")
    #expect(either.imageShape == ImageShape(channels: 3, height: 3, width: 6))
    #expect(finding(either)?.contains("3×6 pixels whose 3 channels are stored last") == true)
    #expect(finding(try prepare("either", layout: "channels_last")) == nil)
    #expect(try prepare("either", layout: "channels_first").imageShape == ImageShape(channels: 3, height: 6, width: 3))
  }

  @Test func otherNumbersOfChannelsAreTakenAsTheyStand() throws {
    let many = try prepare("many")
    #expect(many.imageShape == ImageShape(channels: 7, height: 5, width: 6))
    #expect(finding(many)?.hasPrefix("images have 7 channels of 5×6 pixels") == true)
  }

  @Test func otherLayoutsAreRefused() throws {
    let error = #expect(throws: DataError.self) { try prepare("first", layout: "first") }
    #expect(error?.description.contains("layout") == true)
  }

  @Test func imagesToPredictAreTurnedToo() throws {
    let names = ["0", "1"]
    let preprocessing = Preprocessing(of: try prepare("last"))
    func values(_ name: String) throws -> [Float] {
      let images = try ImageCollection(hdf5: fixture("layout/\(name).h5"), classNames: names)
      var output = [Float](repeating: 0, count: images.count * preprocessing.imageShape.elementCount)
      let failures = output.withUnsafeMutableBufferPointer {
        images.load(0..<images.count, as: preprocessing, into: $0.baseAddress!)
      }
      #expect(failures.isEmpty)
      return output
    }
    #expect(try values("first") == values("last"))
  }
}
