import Foundation
import LabCore
import LabData
import Testing

/// HDF5 data sets whose bytes stand in several files.
@Suite struct HDF5PartsTests {
  private let folder: TemporaryFolder
  private let files = FileManager.default

  init() throws {
    folder = try TemporaryFolder()
    try files.copyItem(atPath: fixture("linked"), toPath: folder.path + "/linked")
  }

  private func path(_ name: String) -> String { "\(folder.path)/linked/\(name)" }

  private func prepare(_ name: String) throws -> PreparedDataset {
    try PreparedDataset(DatasetConfiguration(name: "hdf5", path: path(name)), environment: folder.environment)
  }

  private func partNames(_ name: String) throws -> [String] {
    try HDF5Parts(ofFile: path(name), groups: nil).files.map { ($0 as NSString).lastPathComponent }
  }

  /// What is said of a file, without its folder.
  private func problem(_ name: String) throws -> String {
    let error = #expect(throws: DataError.self) { try prepare(name) }
    return (error?.description ?? "").replacingOccurrences(of: path(""), with: "")
  }

  /// Changes the first pixel of the pictures of a half, which are the last bytes of its file but for some structures.
  private func changePixel(_ name: String, from pixels: [UInt8]) throws {
    let url = URL(fileURLWithPath: path(name))
    var data = try Data(contentsOf: url)
    let place = try #require(data.firstRange(of: Data(pixels)))
    data[place.lowerBound] ^= 0xff
    try data.write(to: url)
  }

  @Test func everyFileThatHoldsBytesIsFound() throws {
    #expect(try partNames("virtual.h5") == ["virtual.h5", "half-0.h5", "half-1.h5"])
    #expect(try partNames("link.h5") == ["link.h5", "middle.h5", "virtual.h5", "half-0.h5", "half-1.h5"])
    #expect(try HDF5Parts(ofFile: fixture("plain.h5"), groups: nil).files == [fixture("plain.h5")])
    let parts = try HDF5Parts(ofFile: path("virtual.h5"), groups: nil)
    #expect(parts.missing.isEmpty)
    #expect(try JSONValue(encoding: parts).decode(HDF5Parts.self) == parts)
  }

  @Test(arguments: ["virtual.h5", "link.h5"]) func changedPartsAreOtherData(name: String) throws {
    let before = try prepare(name)
    #expect(before.contentHash == (try prepare("virtual.h5").contentHash))
    let pixels = before.raw.pixels(at: 4, of: .train)
    try changePixel("half-1.h5", from: pixels)
    let after = try prepare(name)
    #expect(after.raw.pixels(at: 4, of: .train) == [pixels[0] ^ 0xff] + pixels.dropFirst())
    #expect(after.contentHash != before.contentHash)
  }

  @Test func missingPartsAreRefused() throws {
    _ = try prepare("virtual.h5")
    try files.removeItem(atPath: path("half-1.h5"))
    for name in ["virtual.h5", "link.h5"] {
      let text = try problem(name)
      #expect(text.hasPrefix("\(name) takes a part of train/images from half-1.h5, which is not there"), "\(text)")
      #expect(text.contains("HDF5 would give zeros in its place"))
    }
    try files.removeItem(atPath: path("middle.h5"))
    #expect(try problem("link.h5").hasPrefix("link.h5 links train/images to middle.h5, which is not there"))
  }

  @Test func partsThatAreTooSmallAreRefused() throws {
    #expect(try problem("gap.h5").hasPrefix("gap.h5 has a source for only 96 of the 128 values of train/images"))
    #expect(
      try problem("short.h5")
        .hasPrefix("short.h5 takes more of train/images from half-0.h5 than the extents [4, 4, 4, 1] there"))
  }

  @Test func linksInACircleEnd() throws {
    #expect(try problem("circle.h5").hasPrefix("circle.h5 "))
  }

  @Test func imagesToPredictAreWhole() throws {
    try files.removeItem(atPath: path("half-0.h5"))
    let error = #expect(throws: DataError.self) {
      try ImageCollection(hdf5: path("virtual.h5"), dataset: "train/images", classNames: ["0", "1"])
    }
    #expect(error?.description.contains("takes a part of train/images from half-0.h5, which is not there") == true)
  }
}
