import Foundation
import LabCore
import LabData
import LabFuzzing
import Testing

/// HDF5 files of images that do not hold what they claim.
@Suite(.timeLimit(.minutes(10))) struct ForeignHDF5Tests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func prepare(_ name: String, cache: String = "cache") throws -> PreparedDataset {
    try PreparedDataset(
      DatasetConfiguration(name: "hdf5", path: fixture(name)),
      environment: DataEnvironment(cacheFolder: "\(folder.path)/\(cache)"))
  }

  private func problems(_ name: String) throws -> [String] {
    let path = try fixture("foreign/" + name)
    let dataset = #expect(throws: DataError.self) { _ = try prepare("foreign/" + name) }
    let images = #expect(throws: DataError.self) { _ = try ImageCollection(hdf5: path, classNames: ["a", "b"]) }
    return [dataset, images].map { ($0?.description ?? "").replacingOccurrences(of: path, with: name) }
  }

  @Test func anotherProcessReadsWhatThisOneWould() throws {
    for name in ["grouped.h5", "plain.h5", "tracks.h5"] {
      let here = try prepare(name, cache: "here")
      try #require(HelperProgram.use(), "the program is built with the tests")
      let there = try prepare(name, cache: "there")
      #expect(there.contentHash == here.contentHash)
      #expect(there.raw.manifest == here.raw.manifest)
      #expect(try ImageCollection(hdf5: fixture(name), classNames: ["a", "b", "c"]).count == here.test.count)
    }
  }

  @Test func extentsWithoutImagesAreRefused() throws {
    for text in try problems("absurd.h5") {
      #expect(
        text.contains("/images, which claims the extents [8589934592, 4, 4, 3] but holds 0 bytes; expected"), "\(text)")
    }
    for text in try problems("overflow.h5") {
      #expect(text.contains("expected extents that a disk could hold"), "\(text)")
    }
  }

  @Test func chunksThatWereNeverWrittenAreZeros() throws {
    let dataset = try prepare("foreign/sparse.h5")
    #expect(dataset.raw.pixels(at: 5, of: .test).allSatisfy { $0 == 0 })
  }

  @Test func aMissingFilterIsNamed() throws {
    for text in try problems("lzf.h5") {
      #expect(
        text.contains("/images, which is compressed by the filter lzf (number 32000) that this HDF5 library lacks"),
        "\(text)"
      )
      #expect(text.contains("compression=\"gzip\""))
    }
  }
}
