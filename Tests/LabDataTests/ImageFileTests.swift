import Foundation
import LabCore
import LabData
import Testing

/// Data sets of image files: folders, lists, GTSRB.
@Suite struct ImageFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func write(_ name: String, _ data: Data) throws {
    let path = folder.path + "/" + name
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try data.write(to: URL(fileURLWithPath: path))
  }

  /// A PPM of one colour.
  private func picture(_ value: UInt8, width: Int = 6, height: Int = 4) -> Data {
    Data("P6 \(width) \(height) 255\n".utf8) + Data(repeating: value, count: 3 * width * height)
  }

  private func prepare(
    _ name: String, _ path: String = "", options: [String: JSONValue] = [:], progress: Sentences = Sentences(),
    _ change: (inout DatasetConfiguration) -> Void = { _ in }
  ) throws -> PreparedDataset {
    var configuration = DatasetConfiguration(name: name, path: "\(folder.path)/\(path)", options: options)
    change(&configuration)
    return try PreparedDataset(configuration, environment: folder.environment, progress: progress.add)
  }

  private func errorText(_ body: () throws -> PreparedDataset) -> String {
    let error = #expect(throws: DataError.self) { _ = try body() }
    return (error?.description ?? "").replacingOccurrences(of: folder.path + "/", with: "")
  }

  private func writeFolders() throws {
    for (index, name) in ["train/cat/a_1.ppm", "train/cat/a_2.ppm", "train/dog/deep/b_1.ppm", "test/dog/c_1.ppm"]
      .enumerated()
    {
      try write(name, picture(UInt8(10 * index)))
    }
    try write("train/cat/notes.txt", Data("no image".utf8))
    try write("train/cat/.hidden.ppm", Data("no image".utf8))
  }

  // MARK: A folder for each class

  @Test func foldersAreClassesInAlphabeticalOrder() throws {
    try writeFolders()
    let dataset = try prepare("image-folder")
    #expect(dataset.classNames == ["cat", "dog"])
    #expect(dataset.imageShape == ImageShape(channels: 3, height: 4, width: 6))
    #expect(dataset.train.labels == [0, 0, 1])
    #expect(dataset.test.labels == [1])
    #expect(dataset.raw.pixels(at: 2, of: .train).allSatisfy { $0 == 20 })
    #expect(dataset.raw.pixels(at: 0, of: .test).allSatisfy { $0 == 30 })
    #expect(dataset.raw.manifest.trainGroups == nil)
  }

  @Test func numberedFoldersAreOrderedByNumber() throws {
    for name in ["10", "9", "100"] { try write("train/\(name)/a.ppm", picture(1)) }
    try write("test/9/a.ppm", picture(1))
    #expect(try prepare("image-folder").classNames == ["9", "10", "100"])
  }

  @Test func allFormatsAreDecodedAndResized() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: fixture("images"))
      .filter { !$0.hasSuffix("json") }
    for name in names {
      try write("train/x/\(name)", Data(contentsOf: URL(fileURLWithPath: fixture("images/" + name))))
    }
    try write("test/x/a.ppm", picture(9, width: 30, height: 10))
    let dataset = try prepare("image-folder") {
      $0.imageSize = 8
      $0.resize = .letterbox
    }
    #expect(dataset.train.count == names.count)
    #expect(dataset.imageShape == ImageShape(channels: 3, height: 8, width: 8))
    // Three of eight rows: the rest is black.
    let rows = stride(from: 0, to: 8 * 24, by: 24).map { dataset.raw.pixels(at: 0, of: .test)[$0] }
    #expect(rows == [0, 0, 9, 9, 9, 0, 0, 0])
  }

  @Test func sizesThatDifferNeedAnImageSize() throws {
    try writeFolders()
    try write("train/cat/z.ppm", picture(1, width: 7, height: 4))
    let text = errorText { try prepare("image-folder") }
    #expect(text.hasPrefix("option \"image_size\" is null; expected a size in pixels, since images differ: "))
    #expect(text.contains("train/cat/a_1.ppm is 6×4 and train/cat/z.ppm is 7×4"))
    #expect(try prepare("image-folder") { $0.imageSize = 5 }.train.count == 4)
  }

  @Test func aShareIsSetAsideWhereThereIsNoTestFolder() throws {
    for index in 0..<20 { try write("\(index % 2 == 0 ? "a" : "b")/\(index / 4)_\(index).ppm", picture(UInt8(index))) }
    let text = errorText { try prepare("image-folder") }
    #expect(text.contains("\"test_share\""))
    let dataset = try prepare("image-folder", options: ["test_share": 0.2])
    #expect(dataset.train.count == 16)
    #expect(dataset.test.labels.sorted() == [0, 0, 1, 1])
    let grouped = try prepare("image-folder", options: ["test_share": 0.2, "group_pattern": "([0-9]+)_"])
    // Whole groups of four images.
    let values = Set((0..<grouped.test.count).map { grouped.raw.pixels(at: $0, of: .test)[0] / 4 })
    #expect(grouped.test.count == 4)
    #expect(values.count == 1)
    #expect(Set(grouped.raw.manifest.trainGroups ?? []).count == 4)
    #expect(
      errorText { try prepare("image-folder", options: ["test_share": 0.2, "group_pattern": "[0-9]+_"]) }
        .contains("expected a regular expression with a group in parentheses"))
    #expect(
      errorText { try prepare("image-folder", options: ["test_share": 0.2, "group_pattern": "(z)"]) }
        .contains("expected one that matches every file, such as a/0_0.ppm"))
  }

  @Test func testClassesMustHaveTrainingImages() throws {
    try writeFolders()
    try write("test/dgo/a.ppm", picture(1))
    #expect(errorText { try prepare("image-folder") }.hasPrefix("test has the class \"dgo\" (did you mean \"dog\"?)"))
  }

  // MARK: Damaged files

  @Test func damagedFilesAreNamedOneByOne() throws {
    try writeFolders()
    try write("train/cat/bad.png", Data("not a PNG".utf8))
    try write("test/dog/cut.ppm", picture(1).dropLast())
    let expected = [
      "test/dog/cut.ppm ends after 71 bytes of pixels; expected 72, as its header says",
      "train/cat/bad.png is no image of a known format; expected PNG, JPEG, WebP, TIFF, GIF, PPM, PGM or BMP",
    ]
    let sentences = Sentences()
    let text = errorText {
      try prepare("image-folder", progress: sentences) {
        $0.imageSize = 4
        $0.channels = 3
      }
    }
    // Training images are decoded first, and end the attempt.
    #expect(text.hasPrefix("an image of data set image-folder cannot be used: \(expected[1])"))
    #expect(sentences.all.contains { $0.hasSuffix("unusable: \(folder.path)/\(expected[1])") })
    #expect(text.hasSuffix("or set \"on_corrupt\" to \"skip\" to leave them out"))

    let skipping = Sentences()
    let dataset = try prepare("image-folder", options: ["on_corrupt": "skip"], progress: skipping)
    #expect(dataset.train.labels == [0, 0, 1])
    #expect(dataset.test.labels == [1])
    #expect(dataset.raw.manifest.skippedFiles == ["test/dog/cut.ppm", "train/cat/bad.png"])
    #expect(skipping.all.filter { $0.hasPrefix("left out: ") } == expected.map { "left out: \(folder.path)/\($0)" })
    // The decoded copy remembers what is missing.
    let again = try prepare("image-folder", options: ["on_corrupt": "skip"])
    #expect(again.raw.manifest == dataset.raw.manifest)
  }

  // MARK: Lists

  @Test func listsHaveSplitsGroupsAndQuotedPaths() throws {
    for index in 0..<5 { try write("images/picture, \(index).ppm", picture(UInt8(index))) }
    let rows =
      ["\"images/picture, 0.ppm\";b;train;x", "\"images/picture, 1.ppm\";a;train;y", ""]
      + ["\"images/picture, 2.ppm\";a;test;x", "\"images/picture, 3.ppm\";b;train;x"]
    try write("list.csv", Data(("path;label;split;group\r\n" + rows.joined(separator: "\r\n") + "\r\n").utf8))
    let dataset = try prepare("image-list", "list.csv")
    #expect(dataset.classNames == ["a", "b"])
    #expect(dataset.train.labels == [1, 0, 1])
    #expect(dataset.test.labels == [0])
    #expect(dataset.raw.manifest.trainGroups == [0, 1, 0])
    #expect(dataset.raw.pixels(at: 2, of: .train).allSatisfy { $0 == 3 })
  }

  @Test func faultsOfListsAreNamed() throws {
    try write("a.ppm", picture(1))
    func text(_ table: String, _ options: [String: JSONValue] = [:]) throws -> String {
      try write("list.csv", Data(table.utf8))
      return errorText { try prepare("image-list", "list.csv", options: options) }
    }
    #expect(try text("file,label\na.ppm,1\n").hasPrefix("list.csv has no column \"path\""))
    #expect(try text("path,label\na.ppm\n").hasPrefix("list.csv has 1 fields in line 2; expected 2"))
    #expect(try text("path,label\na.ppm,\n").hasPrefix("list.csv has no path or no label in line 2"))
    #expect(
      try text("path,label,split\na.ppm,1,fold\n").contains(
        "the split \"fold\" in line 2; expected train, validation or test"))
    #expect(try text("path,label\n\"a.ppm,1\n").contains("quotation marks of line 2"))
    #expect(try text("path,label\na.ppm,1\n").contains("\"test_share\""))
    #expect(try text("").hasPrefix("list.csv is empty"))
    #expect(
      try text("\u{feff}path;label\n\n")
        == "list.csv has no line below its header (path, label); expected one for each image")
    try write("list.csv", Data("path,label\n\u{e9}.ppm,1\n".unicodeScalars.map { UInt8($0.value) }))
    #expect(
      errorText { try prepare("image-list", "list.csv") }.hasPrefix(
        "list.csv has letters in line 2 that are not UTF-8; expected UTF-8 or UTF-16"))
    #expect(
      try text("path,label\na.ppm,1\n", ["image_root": "pictures"]).contains(
        "option \"image_root\" is \"pictures\"; expected a folder; there is none at pictures or pictures"))
    #expect(try text("path,label\na.ppm,1\n", ["split_column": "part"]).hasPrefix("list.csv has no column \"part\""))
  }

  @Test func everyMissingFileIsNamedWithItsLine() throws {
    for index in 0..<4 { try write("\(index).ppm", picture(UInt8(index))) }
    try FileManager.default.createDirectory(atPath: folder.path + "/some", withIntermediateDirectories: true)
    let rows = [
      "0.ppm,a,train", "gone1.ppm,a,train", "1.ppm,b,train", "gone2.ppm,b,val", "2.ppm,b,validation", "3.ppm,a,testing",
      "some,a,test",
    ]
    try write("list.csv", Data(("path,label,split\n" + rows.joined(separator: "\n")).utf8))
    #expect(
      errorText { try prepare("image-list", "list.csv") }
        == "3 images of data set image-list cannot be used: gone1.ppm is not there (line 3 of list.csv); expected an image "
        + "file; gone2.ppm is not there (line 5 of list.csv); expected an image file; some is a folder (line 8 of list.csv); "
        + "expected an image file; fetch them again, or set \"on_corrupt\" to \"skip\" to leave them out")
    let sentences = Sentences()
    let dataset = try prepare("image-list", "list.csv", options: ["on_corrupt": "skip"], progress: sentences)
    #expect(sentences.all.count { $0.hasPrefix("left out: ") } == 3)
    #expect(dataset.partCounts == [2, 1, 1])
    #expect(dataset.fileAccount?.description == "7 files: 4 read, 3 missing")
    // Inspection lists them without being asked to leave them out.
    let catalog = try SampleCatalog(
      DatasetConfiguration(name: "image-list", path: folder.path + "/list.csv"), environment: folder.environment)
    let inspection = DatasetInspection(catalog)
    #expect(inspection.unreadable.count == 3)
    #expect(
      inspection.unreadable[0].problem.hasSuffix("gone1.ppm is not there (line 3 of list.csv); expected an image file"))
    #expect(inspection.account?.description == "7 files: 4 read, 3 missing")
  }

  @Test func tablesOfSpreadsheetsAreRead() throws {
    for index in 0..<4 { try write("\(index).ppm", picture(UInt8(index))) }
    try write("in/4.ppm", picture(4))
    let table =
      "path;label;split\r\n0.ppm;café;train\r\n1.ppm; tea;train\r\n2.ppm;tea;train\r\n"
      + "in\\4.ppm;cafe\u{301};train\r\n 3.ppm ;tea;Test\r\n"
    var tables = [Data(table.utf8), Data(("\u{feff}" + table).utf8), Data(("sep=;\r\n" + table).utf8)]
    for (encoding, mark) in [(String.Encoding.utf16LittleEndian, [0xff, 0xfe]), (.utf16BigEndian, [0xfe, 0xff])] {
      let content = try #require(table.data(using: encoding))
      tables += [content, Data(mark.map { UInt8($0) }) + content]
    }
    for content in tables {
      try write("list.csv", content)
      let dataset = try prepare("image-list", "list.csv")
      #expect(dataset.classNames == ["café", "tea"])
      #expect(dataset.train.labels == [0, 1, 1, 0])
      #expect(dataset.test.labels == [1])
      let messages = dataset.findings.filter { $0.key == "dataset.path" }
        .map { $0.message.replacingOccurrences(of: folder.path + "/", with: "") }
      #expect(messages.count == 2)
      #expect(messages.contains { $0.hasPrefix("list.csv spells the class \" tea\" otherwise in lines") })
      #expect(messages.contains { $0.hasPrefix("list.csv spells the class \"caf") })
    }
  }

  @Test func relativePathsAreTakenFromTheSpecAsWell() throws {
    try write("specs/data/train/a/0.ppm", picture(1))
    try write("specs/data/test/a/0.ppm", picture(2))
    try write("list.csv", Data("path,label,split\na/0.ppm,a,train\na/0.ppm,a,test\n".utf8))
    var environment = folder.environment
    let configuration = DatasetConfiguration(name: "image-folder", path: "data")
    let text = #expect(throws: DataError.self) {
      _ = try PreparedDataset(configuration, environment: environment)
    }
    let here = FileManager.default.currentDirectoryPath
    #expect(text?.description.hasPrefix("the files of image-folder are not in \(here)/data: ") == true)
    // A spec in the working directory adds no place.
    environment.specFolder = ""
    let same = #expect(throws: DataError.self) { _ = try PreparedDataset(configuration, environment: environment) }
    #expect(same == text)
    environment.specFolder = folder.path + "/specs"
    #expect(try PreparedDataset(configuration, environment: environment).train.count == 1)
    #expect(environment.storable("data") == folder.path + "/specs/data")
    #expect(environment.storable("nothing") == "nothing")
    environment.dataFolder = folder.path + "/more"
    let error = #expect(throws: DataError.self) {
      _ = try PreparedDataset(DatasetConfiguration(name: "image-folder", path: "date"), environment: environment)
    }
    #expect(
      error?.description.hasPrefix(
        "the files of image-folder are not in \(here)/date or \(folder.path)/specs/date or \(folder.path)/more/date: ")
        == true)
    let list = DatasetConfiguration(
      name: "image-list", path: folder.path + "/list.csv", options: ["image_root": "data/train"])
    #expect(try PreparedDataset(list, environment: environment).train.count == 1)
  }

  // MARK: GTSRB

  private func writeSigns(test: Bool = true) throws {
    let header = "Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId\r\n"
    for label in 0..<43 {
      let name = String(format: "%05d", label)
      var table = header
      for track in 0..<2 {
        for frame in 0..<2 {
          let file = String(format: "%05d_%05d.ppm", track, frame)
          // White with a black middle of 2×1 pixels, which is the region.
          var image = picture(255, width: 6, height: 5)
          let start = image.count - 90 + (2 * 6 + 2) * 3
          image.replaceSubrange(start..<start + 6, with: Data(repeating: UInt8(label), count: 6))
          try write("GTSRB/Final_Training/Images/\(name)/\(file)", image)
          table += "\(file);6;5;2;2;3;2;\(label)\r\n"
        }
      }
      try write("GTSRB/Final_Training/Images/\(name)/GT-\(name).csv", Data(table.utf8))
    }
    try write("GTSRB/Final_Test/Images/00000.ppm", picture(7))
    if test { try write("GT-final_test.csv", Data((header + "00000.ppm;6;4;1;1;4;2;17\r\n").utf8)) }
  }

  @Test func officialTrafficSignsAreReadByTrack() throws {
    try writeSigns()
    let dataset = try prepare("gtsrb") {
      $0.validation = .fraction(0.5)
      $0.imageSize = 4
    }
    #expect(dataset.classNames.count == 43)
    #expect(dataset.classNames[14] == "Stop")
    #expect(dataset.test.labels == [17])
    #expect(dataset.train.count + dataset.validation.count == 172)
    let groups = try #require(dataset.raw.manifest.trainGroups)
    #expect(groups.prefix(6) == [0, 0, 1, 1, 2, 2])
    let trained = Set(dataset.train.indices.map { groups[Int($0)] })
    #expect(trained.isDisjoint(with: dataset.validation.indices.map { groups[Int($0)] }))
    #expect(dataset.classCounts == Array(repeating: 2, count: 43))
    #expect(try prepare("gtsrb").imageShape == ImageShape(channels: 3, height: 32, width: 32))
  }

  @Test func signsCanBeCutToTheirRegion() throws {
    try writeSigns()
    let dataset = try prepare("gtsrb", options: ["crop_to_roi": true]) { $0.imageSize = 2 }
    #expect(dataset.raw.pixels(at: 4 * 12, of: .train).allSatisfy { $0 == 12 })
    #expect(dataset.raw.pixels(at: 0, of: .test).allSatisfy { $0 == 7 })
  }

  /// The same signs as Kaggle hands them on: PNG, tables with commas and paths, classes in another order.
  private func writeKaggleSigns() throws {
    let header = "Width,Height,Roi.X1,Roi.Y1,Roi.X2,Roi.Y2,ClassId,Path\n"
    var rows: [String] = []
    for label in 0..<43 {
      let name = String(format: "%05d", label)
      for track in 0..<2 {
        for frame in 0..<2 {
          let source = String(format: "GTSRB/Final_Training/Images/\(name)/%05d_%05d.ppm", track, frame)
          let file = String(format: "Train/\(label)/\(name)_%05d_%05d.png", track, frame)
          try write("kaggle/" + file, ImageDecoder.encodePNG(ImageDecoder.decode(path: "\(folder.path)/\(source)")))
          rows.append("6,5,2,2,3,2,\(label),\(file)\n")
        }
      }
    }
    try write("kaggle/Train.csv", Data((header + rows.reversed().joined()).utf8))
    let test = try ImageDecoder.decode(path: "\(folder.path)/GTSRB/Final_Test/Images/00000.ppm")
    try write("kaggle/Test/00000.png", ImageDecoder.encodePNG(test))
    try write("kaggle/Test.csv", Data((header + "6,4,1,1,4,2,17,Test/00000.png\n").utf8))
  }

  @Test func kagglesTrafficSignsAreTheOfficialOnes() throws {
    try writeSigns()
    try writeKaggleSigns()
    for options: [String: JSONValue] in [[:], ["crop_to_roi": true]] {
      let (official, kaggle) = try (prepare("gtsrb", options: options), prepare("gtsrb", "kaggle", options: options))
      #expect(kaggle.contentHash == official.contentHash)
      #expect(kaggle.raw.manifest.trainGroups == official.raw.manifest.trainGroups)
    }
    #expect(try prepare("gtsrb").fileAccount?.description == "216 files: 173 read, 43 not images")
    try write("kaggle/Train/7/more.png", ImageDecoder.encodePNG(ImageDecoder.decode(picture(3))))
    let dataset = try prepare("gtsrb", "kaggle")
    #expect(dataset.fileAccount?.description == "174 files: 173 read, 1 image in no table")
    #expect(
      dataset.findings.filter { $0.key == "dataset.path" }.map(\.message)
        == ["an image is left out, since no table names it: Train/7/more.png"])
  }

  @Test func missingTablesAndClassesAreNamed() throws {
    try writeSigns(test: false)
    #expect(errorText { try prepare("gtsrb") }.contains("GT-final_test.csv is not beside it"))
    try write("GT-final_test.csv", Data("Filename;ClassId\n00000.ppm;43\n".utf8))
    #expect(errorText { try prepare("gtsrb") }.contains("has the class 43 in line 2; expected one from 0 to 42"))
    let text = errorText { try prepare("gtsrb", "none") }
    #expect(text.contains("the unpacked GTSRB_Final_Training_Images.zip"))
    #expect(text.contains("or Kaggle's archive (Train/0 to 42, Test, Train.csv, Test.csv)"))
    try write("part/Train/0/0.png", picture(1))
    try write("part/Test.csv", Data("ClassId,Path\n".utf8))
    #expect(
      errorText { try prepare("gtsrb", "part") }.hasSuffix(
        "part/Train/0 is there, but Test and Train.csv not beside Train"))
  }
}

/// Sentences of progress, from any thread.
final class Sentences: @unchecked Sendable {
  private let lock = NSLock()
  private var sentences: [String] = []

  func add(_ sentence: String) { lock.withLock { sentences.append(sentence) } }

  var all: [String] { lock.withLock { sentences } }
}
