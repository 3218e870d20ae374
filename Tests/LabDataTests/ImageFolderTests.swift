import Foundation
import LabCore
import LabData
import Testing

/// Which files and folders of a data set are used, and what is said about the others.
@Suite struct ImageFolderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private var data: String { folder.path + "/data" }

  private func write(_ name: String, _ content: Data) throws {
    let path = "\(data)/\(name)"
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try content.write(to: URL(fileURLWithPath: path))
  }

  /// A PPM of one colour, different for different names.
  private func picture(_ name: String) -> Data {
    let value = name.utf8.reduce(UInt8(7)) { $0 &* 31 &+ $1 }
    return Data("P6 3 2 255\n".utf8) + Data(repeating: value, count: 18)
  }

  private func write(pictures names: String...) throws {
    for name in names { try write(name, picture(name)) }
  }

  private func link(_ name: String, to target: String) throws {
    let path = "\(data)/\(name)"
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
  }

  private func prepare(_ options: [String: JSONValue] = [:]) throws -> PreparedDataset {
    try PreparedDataset(
      DatasetConfiguration(name: "image-folder", path: data, options: options), environment: folder.environment)
  }

  private func errorText(_ options: [String: JSONValue] = [:]) -> String {
    let error = #expect(throws: DataError.self) { _ = try prepare(options) }
    return (error?.description ?? "").replacingOccurrences(of: data, with: "DATA")
  }

  private func catalog(_ options: [String: JSONValue] = [:]) throws -> SampleCatalog {
    try SampleCatalog(
      DatasetConfiguration(name: "image-folder", path: data, options: options), environment: folder.environment)
  }

  private func names(_ split: SplitName, _ options: [String: JSONValue] = [:]) throws -> [String] {
    try catalog(options).samples.filter { $0.split == split }.map(\.name)
  }

  /// What is said about files and folders, apart from what is said about the images.
  private func findings(_ dataset: PreparedDataset) -> [Finding] {
    dataset.findings.filter { $0.key == "dataset.path" }
  }

  // MARK: Links

  @Test func linksToFoldersAndFilesAreFollowed() throws {
    try FileManager.default.createDirectory(atPath: folder.path + "/elsewhere/cats", withIntermediateDirectories: true)
    for index in 0..<3 {
      try picture("\(index)").write(to: URL(fileURLWithPath: "\(folder.path)/elsewhere/cats/\(index).ppm"))
    }
    try write(pictures: "train/dog/0.ppm", "test/dog/1.ppm")
    try link("train/cat", to: folder.path + "/elsewhere/cats")
    // A relative link to one file, under another name.
    try link("test/cat/one", to: "../../../elsewhere/cats/1.ppm")
    let dataset = try prepare()
    #expect(dataset.classNames == ["cat", "dog"])
    #expect(dataset.train.labels == [0, 0, 0, 1])
    #expect(dataset.test.labels == [0, 1])
    #expect(dataset.raw.pixels(at: 0, of: .test) == dataset.raw.pixels(at: 1, of: .train))
    #expect(dataset.fileAccount?.description == "6 files: 6 read")
    #expect(findings(dataset).isEmpty)
  }

  @Test func loopsAndFansOfLinksEnd() throws {
    try write(pictures: "train/a/0.ppm", "train/b/0.ppm", "test/a/1.ppm")
    try link("train/a/up", to: "..")
    try link("train/a/self", to: ".")
    // Each of these folders leads to all others, which without a memory would be walked for ever.
    for index in 0..<12 {
      try write(pictures: "train/b/f\(index)/0.ppm")
      for other in 0..<12 { try link("train/b/f\(index)/to\(other)", to: "../f\(other)") }
    }
    let account = try #require(try prepare().fileAccount)
    #expect(account.counts[.repeated] ?? 0 > 12)
    // Each of the folders' pictures is there once, and b's again through the first link upwards.
    #expect(try names(.train).filter { $0.hasPrefix("train/b/") }.count == 13)
  }

  @Test func brokenLinksAreDamagedFiles() throws {
    try write(pictures: "train/a/0.ppm", "train/b/0.ppm", "test/a/1.ppm")
    try link("train/a/gone.png", to: "nowhere.png")
    try link("train/a/notes.txt", to: "nowhere.txt")
    #expect(
      errorText().hasPrefix(
        "an image of data set image-folder cannot be used: DATA/train/a/gone.png is a link to nowhere.png, which is not "
          + "there; expected an image file"))
    let skipped = try prepare(["on_corrupt": "skip"])
    #expect(skipped.train.labels == [0, 1])
    #expect(skipped.fileAccount?.description == "5 files: 3 read, 2 missing")
    // The decoded copy tells the same.
    #expect(try prepare(["on_corrupt": "skip"]).fileAccount == skipped.fileAccount)
    try link("train/c", to: "/nowhere/c")
    #expect(errorText(["on_corrupt": "skip"]).hasPrefix("cannot use DATA/train/c: it is a link to /nowhere/c"))
  }

  // MARK: Content

  @Test func contentDecidesWhatAnImageIs() throws {
    let formats = ["lossless.webp": "webp", "rgb.tif": "tif", "palette.gif": "gif"]
    for (file, ending) in formats {
      let content = try Data(contentsOf: URL(fileURLWithPath: fixture("formats/" + file)))
      try write("train/a/by-ending.\(ending)", content)
      try write("train/a/no-ending-\(ending)", content)
      try write("train/b/other-ending.\(ending).part", content)
    }
    let photograph = try Data(contentsOf: URL(fileURLWithPath: fixture("images/rgb.jpg")))
    try write("train/a/photograph.JFIF", photograph)
    try write("train/a/photograph.txt", photograph)
    try write(pictures: "test/b/0.ppm")
    try write("train/a/notes.txt", Data("BMW, P5 and GIFs are words".utf8))
    try write("train/a/empty", Data())
    try write("train/a/list", Data("P5 is the first word".utf8))
    try write("train/b/phone.heic", Data("\0\0\0\u{18}ftypheic".utf8))
    try write("train/b/scan", Data("\0\0\0\u{18}ftypavif".utf8))
    try write("train/b/camera.dng", Data(contentsOf: URL(fileURLWithPath: fixture("formats/rgb.tif"))))
    let options: [String: JSONValue] = ["test_folder": "test"]
    let inspected = try catalog(options)
    #expect(inspected.samples.count == 12)
    #expect(inspected.account?.description == "18 files: 12 read, 3 images of other kinds, 3 not images")
    let finding = try #require(inspected.findings.first)
    #expect(finding.severity == .warning)
    #expect(finding.key == "dataset.path")
    #expect(
      finding.message
        == "3 images are left out, being of a kind that is not read: train/b/camera.dng, train/b/phone.heic, train/b/scan"
    )
    #expect(inspected.findings.count == 1)
    #expect(DatasetInspection(inspected).unreadable.isEmpty)
  }

  @Test func pipesAreNotWaitedFor() throws {
    try write(pictures: "train/a/0.ppm", "train/b/0.ppm", "test/a/1.ppm")
    #expect(mkfifo("\(data)/train/a/pipe.png", 0o600) == 0)
    #expect(try prepare().fileAccount?.description == "4 files: 3 read, 1 not an image")
    #expect(throws: DataError.self) { try ImageDecoder.decode(path: "\(data)/train/a/pipe.png") }
  }

  // MARK: Parts

  @Test(arguments: [
    ["train", "validation", "test"], ["Training", "Valid", "Testing"], ["TRAIN", "VAL", "TEST"],
    ["training_set", "val_set", "test_set"], ["seg_train", "seg_dev", "seg_test"],
    ["train-images", "validation-images", "test-images"], ["train2017", "val2017", "test2017"],
    ["Train Data", "Validation Data", "Test Data"], ["training", "validation", "evaluation"],
  ])
  func partsAreFoundUnderTheirUsualNames(folders: [String]) throws {
    for (index, part) in folders.enumerated() {
      for name in ["cat", "dog"] {
        for number in 0...index { try write(pictures: "\(part)/\(name)/\(number).ppm") }
      }
    }
    let dataset = try prepare()
    #expect(dataset.classNames == ["cat", "dog"])
    #expect(dataset.train.labels == [0, 1])
    #expect(dataset.validation.labels == [0, 0, 1, 1])
    #expect(dataset.test.labels == [0, 0, 0, 1, 1, 1])
    #expect(findings(dataset).isEmpty)
    #expect(dataset.raw.pixels(at: 2, of: .train).elementsEqual(picture("\(folders[1])/cat/0.ppm").suffix(18)))
    // Inspection says so too.
    let counts = try DatasetInspection(catalog()).classCounts
    #expect(counts == [.train: [1, 1], .validation: [2, 2], .test: [3, 3]])
  }

  @Test func oneFolderAroundIsGoneThrough() throws {
    try write(
      pictures: "archive/images/Training/cat/0.ppm", "archive/images/Training/dog/0.ppm",
      "archive/images/Testing/cat/0.ppm", "archive/images/Testing/dog/0.ppm")
    try write("archive/README.md", Data("read me".utf8))
    try write("__MACOSX/archive/._images", Data([0]))
    let dataset = try prepare()
    #expect(dataset.classNames == ["cat", "dog"])
    #expect(try names(.test) == ["archive/images/Testing/cat/0.ppm", "archive/images/Testing/dog/0.ppm"])
    #expect(dataset.fileAccount?.description == "6 files: 4 read, 1 not an image, 1 hidden")
  }

  @Test func aWrapperMayHaveTheNameOfAPart() throws {
    try write(
      pictures: "training_data/train/cat/0.ppm", "training_data/train/dog/0.ppm", "training_data/test/dog/0.ppm")
    #expect(try prepare().classNames == ["cat", "dog"])
  }

  @Test func partsThatRepeatTheirNameAreGoneThrough() throws {
    try write(
      pictures: "seg_train/seg_train/sea/0.ppm", "seg_train/seg_train/street/0.ppm", "seg_test/seg_test/sea/0.ppm",
      "seg_test/seg_test/street/0.ppm", "seg_pred/0.ppm")
    let dataset = try prepare()
    #expect(dataset.classNames == ["sea", "street"])
    #expect(dataset.fileAccount?.description == "5 files: 4 read, 1 image outside the classes' folders")
    #expect(findings(dataset).map(\.message) == ["an image is left out, being in no class's folder: seg_pred/0.ppm"])
  }

  @Test func aClassBesideThatIsNamedLikeAPartStaysAClass() throws {
    // Vehicles: "train" holds images, not classes.
    for name in ["bus", "car", "train"] {
      for index in 0..<4 { try write(pictures: "\(name)/\(index).ppm") }
    }
    let dataset = try prepare(["test_share": 0.25])
    #expect(dataset.classNames == ["bus", "car", "train"])
    #expect(findings(dataset).map(\.message).contains { $0.contains("the folder train is taken for a class") })
    #expect(try findings(prepare(["test_share": 0.25, "train_folder": "."])).isEmpty)
  }

  @Test func severalFoldersForOnePartAreAnError() throws {
    try write(pictures: "train/a/0.ppm", "val/a/0.ppm", "valid/a/0.ppm", "test/a/0.ppm")
    #expect(
      errorText()
        == "option \"validation_folder\" is null; expected one of the folders \"val\" and \"valid\" of DATA, each of which "
        + "may hold the validation images; name one, and merge, move or remove the others")
    let dataset = try prepare(["validation_folder": "valid"])
    #expect(dataset.validation.count == 1)
    #expect(findings(dataset).map(\.message) == ["an image is left out, being in no class's folder: val/a/0.ppm"])
    #expect(errorText(["validation_folder": "vali"]).contains("(did you mean \"valid\"?)"))
  }

  @Test func partsNeverBecomeClasses() throws {
    // No training folder.
    try write(pictures: "Testing/a/0.ppm", "Validation/a/0.ppm")
    #expect(
      errorText(["test_share": 0.5]).hasPrefix("DATA has \"Testing\" and \"Validation\" and no folder of training"))
    // No classes.
    try FileManager.default.removeItem(atPath: data)
    try write(pictures: "Train/0.ppm", "Test/0.ppm")
    #expect(
      errorText(["test_share": 0.5]).hasPrefix(
        "DATA has images in \"Test\" and \"Train\", but no folder for each class"))
    // Parts within classes.
    try FileManager.default.removeItem(atPath: data)
    try write(pictures: "cat/train/0.ppm", "cat/test/0.ppm", "dog/train/0.ppm", "dog/test/0.ppm")
    #expect(errorText(["test_share": 0.5]).hasPrefix("DATA/cat has the parts \"test\" and \"train\" within"))
  }

  @Test func validationAloneLeavesTestImagesToBeNamed() throws {
    for index in 0..<4 { try write(pictures: "train/a/\(index).ppm", "train/b/\(index).ppm", "val/b/\(index).ppm") }
    #expect(
      errorText().contains(
        "missing in DATA (the folder val is taken for validation; \"test_folder\": \"val\" would test with it)"))
    let shared = try prepare(["test_share": 0.25])
    #expect(shared.partCounts == [6, 4, 2])
    let tested = try prepare(["test_folder": "val"])
    #expect(tested.partCounts == [8, 0, 4])
    // A folder around does not hide the one that is named.
    try FileManager.default.moveItem(atPath: data, toPath: folder.path + "/moved")
    try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
    try FileManager.default.moveItem(atPath: folder.path + "/moved", toPath: data + "/archive")
    #expect(try prepare(["test_folder": "val"]).test.count == 4)
    #expect(errorText(["test_folder": "archive"]).hasPrefix("DATA has \"archive\" and no folder of training images"))
  }

  @Test func whatIsPreparedIsReadBackWhole() throws {
    for index in 0..<8 { try write(pictures: "a/\(index).ppm", "b/\(index).ppm") }
    try write(pictures: "c/0.ppm", "c/1.ppm")
    var packing = PackingOptions()
    packing.shares = try PackingOptions.Shares(train: 0.5, validation: 0.25, test: 0.25)
    let source = try SampleCatalog(
      DatasetConfiguration(name: "image-folder", path: data, options: ["test_share": 0.5]),
      environment: folder.environment, ignoresParts: true)
    let result = folder.path + "/packed"
    let packer = try Packer(PackingPlan(source, options: packing), destination: result)
    try packer.write()
    let packed = try PreparedDataset(
      DatasetConfiguration(name: "image-folder", path: result), environment: folder.environment)
    #expect(packed.classNames == ["a", "b", "c"])
    #expect(packed.train.count + packed.validation.count + packed.test.count == 18)
    for split in SplitName.allCases {
      #expect(packed.split(split).count == packer.plan.items[split]?.count, "\(split)")
    }
    #expect(findings(packed).isEmpty)
    // Packed once more without new shares, validation images stay apart.
    let again = try SampleCatalog(
      DatasetConfiguration(name: "image-folder", path: result), environment: folder.environment)
    let plan = try PackingPlan(again, options: PackingOptions())
    #expect(plan.items.mapValues(\.count) == packer.plan.items.mapValues(\.count))
  }

  // MARK: Classes

  @Test func namesThatLookAlikeAreOneClass() throws {
    let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}")
    try write(pictures: "train/\(composed)/0.ppm", "train/\(decomposed)/1.ppm", "train/tea/0.ppm", "train/tea /1.ppm")
    // A test folder that another system wrote.
    try write(pictures: "test/\(decomposed)/0.ppm", "test/tea/0.ppm")
    let dataset = try prepare()
    #expect(dataset.classNames == [composed, "tea"])
    #expect(dataset.train.labels == [0, 0, 1, 1])
    #expect(dataset.test.labels == [0, 1])
    #expect(findings(dataset).count == 2)
    #expect(findings(dataset).allSatisfy { $0.message.hasPrefix("2 folders are taken for the one class") })
    #expect(findings(dataset)[0].message.contains("\"cafe\\u{301}\""))
    #expect(findings(dataset)[1].message.contains("\"tea \", \"tea\""))
  }

  @Test func hiddenAndEmptyFoldersAreNoClasses() throws {
    try write(pictures: "train/a/0.ppm", "train/b/0.ppm", "test/a/0.ppm", "test/b/0.ppm")
    try write("train/__MACOSX/a/._0.png", Data([1]))
    try write("train/a/.DS_Store", Data([1]))
    try write("train/a/Thumbs.db", Data([1]))
    try write(pictures: "train/b/.ipynb_checkpoints/0.ppm", "test/.hidden/0.ppm")
    for name in ["train/none", "test/b2"] {
      try FileManager.default.createDirectory(atPath: "\(data)/\(name)", withIntermediateDirectories: true)
    }
    let dataset = try prepare()
    #expect(dataset.classNames == ["a", "b"])
    let account = try #require(dataset.fileAccount)
    #expect(account.description == "9 files: 4 read, 5 hidden; 2 empty folders")
    #expect(account.emptyFolders == ["test/b2", "train/none"])
    #expect(account.systemFolders == ["train/__MACOSX"])
    #expect(
      findings(dataset).map(\.message) == [
        "the folders test/b2, train/none have no image and are no classes",
        "the folder train/__MACOSX is no class and left out without being read: systems keep such folders for themselves",
      ])
  }

  @Test func imagesBesideTheClassesAreNamed() throws {
    try write(pictures: "a/0.ppm", "a/1.ppm", "b/0.ppm", "b/1.ppm", "loose.ppm")
    let dataset = try prepare(["test_share": 0.5])
    #expect(dataset.train.count + dataset.test.count == 4)
    #expect(findings(dataset).map(\.message) == ["an image is left out, being in no class's folder: loose.ppm"])
  }

  @Test func identitiesOfUnchangedFoldersStay() throws {
    // The content's hash of a folder with training and test images, as earlier versions gave it.
    try write("train/cat/0.ppm", Data("P6 3 2 255\n".utf8) + Data(0..<18))
    try write("train/dog/deep/0.ppm", Data("P6 3 2 255\n".utf8) + Data(18..<36))
    try write("test/dog/0.ppm", Data("P6 3 2 255\n".utf8) + Data(36..<54))
    #expect(try prepare().raw.contentHash.hexadecimal.hasPrefix("205601cc1710753d"))
  }
}
