import Foundation
import LabCore
import LabData
import LabFuzzing
import Testing

/// Damaged files of data sets: an error or images, never a crash or a hang.
@Suite(.timeLimit(.minutes(30))) struct FileFuzzTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func samples(_ names: [String]) throws -> [Data] {
    try names.map { try Data(contentsOf: URL(fileURLWithPath: fixture($0))) }
  }

  /// The images of a format among the fixtures.
  private func images(_ endings: [String]) throws -> [Data] {
    let names = try ["images", "formats"].flatMap { folder in
      try FileManager.default.contentsOfDirectory(atPath: fixture(folder)).sorted().map { "\(folder)/\($0)" }
    }
    return try samples(names.filter { endings.contains(($0 as NSString).pathExtension) })
  }

  @Test(arguments: [
    ("png", ["png"], ["IHDR", "PLTE", "IDAT", "IEND", "tRNS"]),
    ("jpeg", ["jpg", "jpeg"], ["\u{ff}\u{d8}", "Adobe", "Exif"]),
    ("bmp", ["bmp"], ["BM"]), ("pnm", ["ppm", "pgm", "pnm"], ["P6", "P2", "#", " ", "\n", "65535", "99999999999"]),
    ("gif", ["gif"], ["GIF89a", "!", ",", ";", "NETSCAPE2.0"]),
    ("webp", ["webp"], ["RIFF", "WEBP", "VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF"]),
    ("tiff", ["tif"], ["II*\u{0}", "MM\u{0}*"]),
  ])
  func damagedImages(target: String, endings: [String], fragments: [String]) throws {
    let problems = try Fuzzer(target, samples: images(endings), fragments: fragments).problems(count: 600) { data in
      let image = try ImageDecoder.decode(data)
      #expect(image.pixels.count == image.shape.elementCount)
      _ = try ImageDecoder.shape(of: data)
    }
    #expect(problems == [])
  }

  @Test func damagedTables() throws {
    let table = "path,label,split\na.png,cat,train\n\"b,c\".png,\"d\"\"g\",test\n"
    let problems = try Fuzzer(
      "csv", samples: [Data(table.utf8), Data(table.replacingOccurrences(of: ",", with: ";").utf8)],
      fragments: ["\"", ",", ";", "\t", "\r\n", "\n", "\u{feff}", "sep=;\n", "\u{0}", "é"]
    ).problems(count: 1000) { data in
      let path = folder.path + "/fuzz.csv"
      try data.write(to: URL(fileURLWithPath: path))
      let table = try CSVFile(path: path)
      #expect(table.records.allSatisfy { $0.fields.count == table.columns.count })
    }
    #expect(problems == [])
  }

  @Test(arguments: ["train-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte"])
  func damagedIDXFiles(name: String) throws {
    let copy = try folder.copyOfIDXFixture()
    let target = name.hasSuffix(".gz") ? "gz" : "idx"
    let problems = try Fuzzer(target, samples: samples(["idx/" + name])).problems(count: 300) { data in
      try data.write(to: URL(fileURLWithPath: copy + "/" + name))
      let environment = DataEnvironment(cacheFolder: folder.path + "/cache-" + target)
      defer { try? FileManager.default.removeItem(atPath: environment.cacheFolder) }
      _ = try PreparedDataset(DatasetConfiguration(name: "idx", path: copy), environment: environment)
    }
    #expect(problems == [])
  }

  @Test func damagedCachesAreMadeAnew() throws {
    let configuration = DatasetConfiguration(name: "idx", path: try fixture("idx"))
    let whole = try PreparedDataset(configuration, environment: folder.environment)
    let cache = folder.path + "/cache/datasets"
    let file = try #require(
      FileManager.default.contentsOfDirectory(atPath: cache).first { $0.hasSuffix(".labdata") })
    let sample = try Data(contentsOf: URL(fileURLWithPath: cache + "/" + file))
    let problems = try Fuzzer("cache", samples: [sample], fragments: ["\"trainCount\":", "-1", "99999999", "{", "}"])
      .problems(count: 300) {
        try $0.write(to: URL(fileURLWithPath: cache + "/" + file))
        let read = try PreparedDataset(configuration, environment: folder.environment)
        #expect(read.contentHash == whole.contentHash)
      }
    #expect(problems == [])
  }

  @Test func damagedHDF5IsReadInAProcessOfItsOwn() throws {
    #expect(HelperProgram.use(), "the program is built with the tests")
    let problems = try Fuzzer(
      "hdf5-images", samples: samples(["grouped.h5", "plain.h5", "tracks.h5"]),
      fragments: ["TREE", "HEAP", "SNOD", "OHDR", "GCOL"]
    ).problems(count: 30) { data in
      let path = folder.path + "/fuzz.h5"
      try data.write(to: URL(fileURLWithPath: path))
      let environment = DataEnvironment(cacheFolder: folder.path + "/cache-hdf5")
      defer { try? FileManager.default.removeItem(atPath: environment.cacheFolder) }
      _ = try ImageCollection(hdf5: path, classNames: ["a", "b", "c"])
      _ = try PreparedDataset(DatasetConfiguration(name: "hdf5", path: path), environment: environment)
    }
    #expect(problems == [])
  }
}
