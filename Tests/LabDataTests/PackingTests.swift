import Foundation
import LabCore
import LabData
import Testing

/// Inspecting data sets and making new ones from them.
@Suite struct PackingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func write(_ name: String, _ data: Data) throws {
    let path = "\(folder.path)/source/\(name)"
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try data.write(to: URL(fileURLWithPath: path))
  }

  /// A PPM whose pixels say which image it is and where they are.
  private func picture(_ value: Int, width: Int = 10, height: Int = 12) -> Data {
    Data("P6 \(width) \(height) 255\n".utf8)
      + Data((0..<3 * width * height).map { UInt8(truncatingIfNeeded: value * 7 + $0 / 3 % width) })
  }

  /// 12 images of class a and 4 of class b in groups of two, and 2 test images of each.
  private func writeSource() throws {
    for index in 0..<12 { try write("train/a/\(index / 2)_\(index).ppm", picture(index)) }
    for index in 0..<4 { try write("train/b/\(index / 2)_\(index).ppm", picture(100 + index)) }
    for index in 0..<2 {
      try write("test/a/\(index).ppm", picture(50 + index))
      try write("test/b/\(index).ppm", picture(150 + index))
    }
  }

  private func catalog(_ options: [String: JSONValue] = [:]) throws -> SampleCatalog {
    try SampleCatalog(
      DatasetConfiguration(name: "image-folder", path: folder.path + "/source", options: options),
      environment: folder.environment)
  }

  private func makePlan(
    _ options: [String: JSONValue] = [:], _ change: (inout PackingOptions) -> Void = { _ in }
  ) throws -> PackingPlan {
    var packing = PackingOptions()
    change(&packing)
    return try PackingPlan(catalog(options), options: packing)
  }

  private func prepared(_ name: String, _ path: String) throws -> PreparedDataset {
    try PreparedDataset(
      DatasetConfiguration(name: name, path: "\(folder.path)/\(path)"), environment: folder.environment)
  }

  // MARK: Inspection

  @Test func inspectionCountsAndFindsWhatIsOdd() throws {
    try writeSource()
    try write("train/a/copy.ppm", picture(50))
    try write("train/b/other.ppm", picture(3))
    try write("train/b/cut.ppm", picture(1).dropLast(5))
    try write("train/b/tiny.ppm", picture(9, width: 3, height: 9))
    try write("train/b/long.ppm", picture(9, width: 90, height: 9))
    let inspection = DatasetInspection(try catalog())
    let names = inspection.catalog.samples.map(\.name)
    #expect(inspection.classCounts == [.train: [13, 8], .test: [2, 2]])
    let common = try #require(inspection.sizes.first)
    #expect([common.width, common.height, common.count] as [Int] == [10, 12, 22] as [Int])
    #expect(inspection.groupCount == nil)
    let duplicates = inspection.duplicates.map { Set($0.samples.map { names[$0] }) }
    let expected: [Set<String>] = [["train/a/copy.ppm", "test/a/0.ppm"], ["train/a/1_3.ppm", "train/b/other.ppm"]]
    #expect(Set(duplicates) == Set(expected))
    #expect(inspection.duplicates.filter(\.crossesParts).count == 1)
    #expect(inspection.duplicates.filter(\.differsInClass).count == 1)
    #expect(inspection.unreadable.map { names[$0.sample] } == ["train/b/cut.ppm"])
    #expect(inspection.suspicions.map { names[$0.sample] }.sorted() == ["train/b/long.ppm", "train/b/tiny.ppm"])
  }

  @Test func inspectionMeasuresPixelsLikePreparation() throws {
    try writeSource()
    let inspection = DatasetInspection(try catalog())
    let statistics = try #require(inspection.statistics)
    let reference = try prepared("image-folder", "source").statistics
    for channel in 0..<3 {
      #expect(abs(statistics.mean[channel] - reference.mean[channel]) < 1e-12)
      #expect(abs(statistics.standardDeviation[channel] - reference.standardDeviation[channel]) < 1e-12)
    }
    // Of data that are no files, images are inspected as they are stored.
    let stored = try SampleCatalog(
      DatasetConfiguration(name: "hdf5", path: try fixture("grouped.h5")), environment: folder.environment)
    let other = DatasetInspection(stored)
    #expect(other.groupCount == 4)
    #expect(other.classCounts == [.train: [4, 4], .test: [2, 2]])
  }

  // MARK: Packing

  @Test func packedImagesAreThoseOfTheSource() throws {
    try writeSource()
    let source = try prepared("image-folder", "source")
    let plan = try makePlan(["group_pattern": "(.*)_"])
    try Packer(plan, destination: folder.path + "/packed.h5").write()
    let packed = try prepared("hdf5", "packed.h5")
    #expect(packed.classNames == ["a", "b"])
    #expect(packed.train.labels == source.train.labels)
    #expect(packed.test.labels == source.test.labels)
    for index in 0..<16 {
      #expect(packed.raw.pixels(at: index, of: .train) == source.raw.pixels(at: index, of: .train))
    }
    for index in 0..<4 { #expect(packed.raw.pixels(at: index, of: .test) == source.raw.pixels(at: index, of: .test)) }
    #expect(packed.raw.manifest.trainGroups == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7])
    let manifest = try JSONValue(
      parsing: String(contentsOfFile: folder.path + "/packed.h5.manifest.json", encoding: .utf8))
    #expect(manifest["splits"]?["train"]?.arrayValue?.count == 16)
    #expect(manifest["splits"]?["test"]?.arrayValue?.first?["source"]?.stringValue == "test/a/0.ppm")
  }

  @Test func aNewSplitKeepsGroupsTogetherAndIsUsedAsItIs() throws {
    for index in 0..<40 { try write("\(index % 2 == 0 ? "a" : "b")/\(index / 4)_\(index).ppm", picture(index)) }
    let options: [String: JSONValue] = ["group_pattern": "([0-9]+)_", "test_share": 0.5]
    let plan = try makePlan(options) {
      $0.shares = try? PackingOptions.Shares(train: 0.6, validation: 0.2, test: 0.2)
      $0.imageSize = 8
    }
    func groups(_ split: SplitName) -> Set<String> {
      Set((plan.items[split] ?? []).compactMap { plan.catalog.samples[$0.sample].group })
    }
    let counts: [Int] = SplitName.allCases.map { plan.items[$0]?.count ?? 0 }
    #expect(counts == [24, 8, 8])
    for (first, second) in [(SplitName.train, SplitName.validation), (.train, .test), (.validation, .test)] {
      #expect(groups(first).isDisjoint(with: groups(second)))
    }
    try Packer(plan, destination: folder.path + "/split.h5").write()
    let packed = try prepared("hdf5", "split.h5")
    let sizes: [Int] = [packed.train.count, packed.validation.count, packed.test.count]
    #expect(sizes == counts)
    #expect(packed.imageShape == ImageShape(channels: 3, height: 8, width: 8))
    // Another split can be asked for, and none at all.
    var configuration = packed.configuration
    configuration.validation = .count(0)
    #expect(try PreparedDataset(configuration, environment: folder.environment).train.count == 32)
    configuration.validation = .fraction(0.5)
    #expect(try PreparedDataset(configuration, environment: folder.environment).validation.count == 16)
  }

  @Test func filtersSayWhatTheyLeaveOut() throws {
    try writeSource()
    try write("train/b/tiny.ppm", picture(9, width: 3, height: 9))
    try write("train/b/long.ppm", picture(9, width: 90, height: 9))
    try write("train/b/cut.ppm", picture(1).dropLast(5))
    try write("train/a/copy.ppm", picture(50))
    let error = #expect(throws: DataError.self) { try makePlan() }
    #expect(error?.description.contains("leave them out with --skip-corrupt") == true)
    let plan = try makePlan {
      $0.skipsUnreadable = true
      $0.minimumSide = 4
      $0.maximumAspect = 5
      $0.dropsDuplicates = true
    }
    let dropped = Dictionary(
      uniqueKeysWithValues: plan.dropped.map { (plan.catalog.samples[$0.sample].name, $0.reason) })
    #expect(Set(dropped.keys) == ["train/b/tiny.ppm", "train/b/long.ppm", "train/b/cut.ppm", "train/a/copy.ppm"])
    #expect(dropped["train/a/copy.ppm"] == "the same pixels as test/a/0.ppm")
    #expect(dropped["train/b/tiny.ppm"] == "3×9 pixels: a side is shorter than 4")
    #expect(plan.classCounts(.train) == [12, 4])
    #expect(plan.classCounts(.test) == [2, 2])
  }

  @Test func rareClassesAreVariedAndFrequentOnesThinnedOut() throws {
    try writeSource()
    #expect(try makePlan { $0.balance = .downsample }.classCounts(.train) == [4, 4])
    let augmented = try makePlan { $0.balance = .augment }
    #expect(augmented.classCounts(.train) == [12, 12])
    #expect(augmented.classCounts(.test) == [2, 2])
    #expect(augmented.dropped.isEmpty)
    // Every image of the class is varied before one is varied again.
    let variations = Dictionary(grouping: (augmented.items[.train] ?? []).filter { $0.variation != .original }) {
      $0.sample
    }
    #expect(variations.count == 4)
    #expect(variations.values.allSatisfy { $0.count == 2 && Set($0.map(\.variation)).count == 2 })
    try Packer(augmented, destination: folder.path + "/augmented").write()
    let packed = try prepared("image-folder", "augmented")
    #expect(packed.classCounts == [12, 12])
    let pictures = Set((12..<24).map { packed.raw.pixels(at: $0, of: .train) })
    #expect(pictures.count == 12)
    // Written twice, the files are the same to the byte.
    try Packer(augmented, destination: folder.path + "/again").write()
    #expect(try prepared("image-folder", "again").raw.contentHash == packed.raw.contentHash)
  }

  @Test func mirroredImagesAreAdded() throws {
    try writeSource()
    let plan = try makePlan { $0.flippedClasses = ["b"] }
    #expect(plan.classCounts(.train) == [12, 8])
    try Packer(plan, destination: folder.path + "/mirrored.h5").write()
    let packed = try prepared("hdf5", "mirrored.h5")
    let (image, mirror) = (packed.raw.pixels(at: 12, of: .train), packed.raw.pixels(at: 13, of: .train))
    for row in 0..<12 {
      for column in 0..<10 { #expect(mirror[(row * 10 + column) * 3] == image[(row * 10 + 9 - column) * 3]) }
    }
    let error = #expect(throws: DataError.self) { try makePlan { $0.flippedClasses = ["c"] } }
    #expect(error?.description.hasPrefix("option \"--flip-class\" is \"c\"") == true)
  }

  @Test func whatExistsIsNeverTouched() throws {
    try writeSource()
    let plan = try makePlan()
    let before = try FileManager.default.subpathsOfDirectory(atPath: folder.path + "/source").sorted()
    for place in ["source", "source/inside.h5", "source/train/new"] {
      #expect(throws: DataError.self) { try Packer(plan, destination: "\(folder.path)/\(place)") }
    }
    try write("odd.txt", Data())
    try write("train/a/odd.ppm", picture(1, width: 4, height: 4))
    let sizes = try makePlan()
    #expect(throws: DataError.self) { try Packer(sizes, destination: folder.path + "/sizes.h5") }
    #expect(throws: Never.self) { try Packer(sizes, destination: folder.path + "/sizes").write() }
    let after = try FileManager.default.subpathsOfDirectory(atPath: folder.path + "/source").sorted()
    #expect(Set(after).subtracting(before) == ["odd.txt", "train/a/odd.ppm"])
    #expect(throws: DataError.self) { try PackingOptions.Shares(train: 0.5, validation: 0.1, test: 0.1) }
  }
}
