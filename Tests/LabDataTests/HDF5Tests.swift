import Foundation
import LabCore
import LabData
import Testing

@Suite struct HDF5Tests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func prepare(
    _ name: String, groups: String? = nil, _ change: (inout DatasetConfiguration) -> Void = { _ in }
  ) throws -> PreparedDataset {
    let path = name.hasPrefix("/") ? name : try fixture(name)
    var configuration = DatasetConfiguration(name: "hdf5", path: path)
    if let groups { configuration.options = ["groups": .string(groups)] }
    change(&configuration)
    return try PreparedDataset(configuration, environment: folder.environment)
  }

  private func errorText(_ body: () throws -> PreparedDataset) throws -> String {
    let error = #expect(throws: DataError.self) { _ = try body() }
    let text = error?.description ?? ""
    return text.replacingOccurrences(of: (try fixture("x") as NSString).deletingLastPathComponent + "/", with: "")
  }

  @Test func readsCompressedImagesLabelsGroupsAndNames() throws {
    let dataset = try prepare("grouped.h5")
    #expect(dataset.imageShape == ImageShape(channels: 3, height: 2, width: 3))
    #expect(dataset.classNames == ["left", "right"])
    #expect(dataset.train.labels == [0, 0, 0, 0, 1, 1, 1, 1])
    #expect(dataset.test.labels == [0, 1, 0, 1])
    #expect(dataset.raw.pixels(at: 3, of: .train) == (0..<18).map { UInt8($0) })
    // Numbered in the order in which they first occur.
    #expect(dataset.raw.manifest.trainGroups == [0, 0, 1, 1, 2, 2, 3, 3])
  }

  @Test func takesGroupsUnderAnotherName() throws {
    #expect(try prepare("grouped.h5", groups: "session").raw.manifest.trainGroups == [0, 0, 0, 0, 1, 1, 1, 1])
    let text = try errorText { try prepare("grouped.h5", groups: "sesion") }
    #expect(text.hasPrefix("grouped.h5 has no data set train/sesion (did you mean \"session\"?)"))
  }

  @Test func tracksAreGroupsOfThemselves() throws {
    let dataset = try prepare("tracks.h5") { $0.validation = .fraction(0.5) }
    #expect(dataset.raw.manifest.trainGroups == [0, 0, 1, 1, 2, 2, 3, 3])
    let held = dataset.validation.indices.map { $0 / 2 }
    #expect(held.count == 4)
    #expect(Set(held).count == 2)
  }

  @Test func readsGrayImagesAndNamesInJSON() throws {
    let dataset = try prepare("plain.h5")
    #expect(dataset.imageShape == ImageShape(channels: 1, height: 2, width: 3))
    #expect(dataset.classNames == ["zero", "one", "two"])
    #expect(dataset.raw.manifest.trainGroups == nil)
    #expect(dataset.raw.pixels(at: 3, of: .train) == [0, 3, 6, 9, 12, 15])
    let text = try errorText {
      try prepare("plain.h5") {
        $0.validation = .count(2); $0.validationBy = .group
      }
    }
    #expect(text.contains("hdf5 has no groups"))
  }

  @Test func otherElementTypesAreNamed() throws {
    let text = try errorText { try prepare("float_images.h5") }
    #expect(
      text == "float_images.h5 has 32-bit floating-point numbers at train/images; expected unsigned bytes from 0 to "
        + "255, such as (255 * images).round().astype(\"uint8\") of finite values from 0 to 1")
  }

  @Test func differentNumbersOfLabelsAndImagesAreNamed() throws {
    let text = try errorText { try prepare("few_labels.h5") }
    #expect(text == "few_labels.h5 has 7 train labels; expected 8, one for each image")
  }

  @Test func labelsOutOfRangeAreNamed() throws {
    let text = try errorText { try prepare("negative_label.h5") }
    #expect(text == "negative_label.h5 has label -1 at train image 3; expected labels from 0 to 65535")
  }

  @Test func truncatedAndForeignFilesAreNamed() throws {
    let whole = try Data(contentsOf: URL(fileURLWithPath: fixture("grouped.h5")))
    for (name, data, problem) in [
      ("cut.h5", whole.prefix(whole.count / 2), "is cut off, or is being written just now"),
      ("text.h5", Data("no HDF5".utf8), "is no HDF5 file"),
    ] {
      let path = "\(folder.path)/\(name)"
      try data.write(to: URL(fileURLWithPath: path))
      let text = try errorText { try prepare(path) }
      #expect(text == "\(path) \(problem); expected a complete HDF5 file")
    }
    let missing = try errorText { try prepare(folder.path + "/none.h5") }
    #expect(missing.contains("/none.h5: set \"path\" to an HDF5 file"))
  }

  @Test func readersOnSeveralThreadsTakeTurns() async throws {
    let path = try fixture("grouped.h5")
    let hashes = try await withThrowingTaskGroup(of: ContentHash.self) { group in
      for index in 0..<8 {
        let environment = DataEnvironment(cacheFolder: folder.path + "/cache-\(index)")
        group.addTask {
          try PreparedDataset(DatasetConfiguration(name: "hdf5", path: path), environment: environment).contentHash
        }
      }
      return try await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(hashes.count == 1)
  }
}
