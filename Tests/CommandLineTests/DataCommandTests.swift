import Foundation
import LabCore
import Testing

/// `labrun data`, as a user starts it.
@Suite struct DataCommandTests {
  private func folder(with files: [(name: String, width: Int)]) throws -> Labrun {
    let labrun = try Labrun()
    for (index, (name, width)) in files.enumerated() {
      let file = labrun.folder.appendingPathComponent(name)
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      let pixels = Data((0..<width * 9 * 3).map { UInt8(truncatingIfNeeded: index * 40 + $0) })
      try (Data("P6 \(width) 9 255\n".utf8) + pixels).write(to: file)
    }
    return labrun
  }

  private static let files = [
    ("photos/cat/1.ppm", 9), ("photos/cat/2.ppm", 10), ("photos/cat/3.ppm", 9), ("photos/cat/4.ppm", 60),
    ("photos/dog/1.ppm", 9), ("photos/dog/2.ppm", 8), ("photos/dog/3.ppm", 9), ("photos/dog/4.ppm", 9),
  ]

  @Test func inspectDescribesAFolder() throws {
    let labrun = try folder(with: Self.files)
    defer { labrun.remove() }
    let photos = labrun.folder.appendingPathComponent("photos")
    try FileManager.default.copyItem(
      at: photos.appendingPathComponent("cat/1.ppm"), to: photos.appendingPathComponent("dog/copy.ppm"))
    try Data("broken".utf8).write(to: photos.appendingPathComponent("dog/broken.png"))
    let result = try labrun.run("data", "inspect", "photos", "--svg", "photos.svg")
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("10 training images, 0 test images, 2 classes"))
    #expect(result.output.contains("cat/1.ppm (cat) = dog/copy.ppm (dog)"))
    #expect(result.output.contains("photos/dog/broken.png is no image of a known format"))
    #expect(result.output.contains("cat/4.ppm: 60×9 pixels: one side is more than 4 times the other"))
    #expect(result.output.contains("█"))
    let svg = try String(contentsOf: labrun.folder.appendingPathComponent("photos.svg"), encoding: .utf8)
    #expect(svg.hasPrefix("<svg ") && svg.hasSuffix("</svg>\n"))
    #expect(svg.contains("<title>60×9: 1</title>"))
    let json = try JSONValue(parsing: labrun.run("data", "inspect", "photos", "--json").output)
    #expect(json["duplicates"]?.arrayValue?.count == 1)
    #expect(json["classes"]?.arrayValue?.first?["train"]?.integerValue == 4)
    #expect(try labrun.run("data", "inspect", "phottos").status == 65)
  }

  @Test func everyFileIsAccountedFor() throws {
    let labrun = try folder(
      with: Self.files.map { ($0.0, 9) } + [("photos/loose.ppm", 9), ("photos/cat/5.ppm", 9)])
    defer { labrun.remove() }
    let photos = labrun.folder.appendingPathComponent("photos")
    try Data("notes".utf8).write(to: photos.appendingPathComponent("cat/notes.txt"))
    try Data("\0\0\0\u{18}ftypheic".utf8).write(to: photos.appendingPathComponent("cat/phone.heic"))
    try Data("broken".utf8).write(to: photos.appendingPathComponent("dog/broken.png"))
    try FileManager.default.createDirectory(
      at: photos.appendingPathComponent("__MACOSX/cat"), withIntermediateDirectories: true)
    let account =
      "13 files: 9 read, 1 damaged, 1 image of another kind, 1 image outside the classes' folders, 1 not an image"
    let inspected = try labrun.run("data", "inspect", "photos")
    #expect(inspected.output.contains("\n\(account)\n"))
    #expect(inspected.output.contains("warning: an image is left out, being in no class's folder: loose.ppm"))
    let files = try JSONValue(parsing: labrun.run("data", "inspect", "photos", "--json").output)["files"]
    #expect(files?["total"]?.integerValue == 13)
    #expect(files?["read"]?.integerValue == 9)
    #expect(files?["left_out"]?["damaged"]?["examples"]?.arrayValue == ["dog/broken.png"])

    // The spec lies elsewhere; its path starts from its own folder.
    try FileManager.default.moveItem(at: photos, to: labrun.folder.appendingPathComponent("Experiments/photos"))
    try labrun.write(
      """
      {
        "name": "photos",
        "dataset": { "name": "image-folder", "path": "photos", "test_share": 0.3, "on_corrupt": "skip" },
        "model": { "depth": 8, "width": 8 }, "training": { "epochs": 1, "batch_size": 3 },
        "factors": { "conv": ["static"] }, "baseline": { "conv": "static" }, "seeds": [0]
      }
      """, to: "Experiments/photos.json")
    let dry = try labrun.run("sweep", "photos", "--dry-run")
    #expect(dry.status == 0, "\(dry.errors)")
    #expect(dry.output.replacing("\n", with: " ").contains("image-folder: \(account)"))
    #expect(
      dry.errors.contains(
        "warning: dataset.path: an image is left out, being of a kind that is not read: cat/phone.heic"))
    #expect(dry.errors.contains("warning: dataset.path: the folder __MACOSX is no class"))
    #expect(try labrun.run("sweep", "photos", "--dry-run", "--strict").status == 65)
    let sweep = try labrun.run("sweep", "photos")
    #expect(sweep.status == 0, "\(sweep.errors)")
    #expect(sweep.errors.contains("note: image-folder: \(account)\n"))
    // The run finds its data without the spec.
    let run = try #require(
      FileManager.default.contentsOfDirectory(atPath: labrun.folder.appendingPathComponent("Results/runs").path).first)
    #expect(try labrun.run("evaluate", run).status == 0)
    try FileManager.default.removeItem(at: labrun.folder.appendingPathComponent("Experiments/photos"))
    let missing = try labrun.run("sweep", "photos", "--dry-run")
    #expect(missing.status == 65)
    // The folder has several spellings where the system's folder of temporary files is a link.
    #expect(missing.errors.contains("/Experiments/photos: set \"path\" to a folder with a folder for each class"))
    #expect(missing.errors.contains("\(labrun.folder.lastPathComponent)/photos or "))
  }

  @Test func speedMeasuresEveryNamedVariation() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let common = ["data", "speed", "synthetic-signs", "--set", "train_count=200", "--set", "test_count=50"]
    let json = try JSONValue(parsing: labrun.run(common + ["--seconds", "0.01", "--json"]).output)
    let results = try #require(json["results"]?.arrayValue)
    #expect(results.compactMap { $0["augmentation"]?.stringValue } == ["affine", "crop-flip", "none"])
    #expect(results.allSatisfy { ($0["imagesPerSecond"]?.doubleValue ?? 0) > 0 })
    let wrong = try labrun.run(common + ["--augment", "rotate_degree=5"])
    #expect(wrong.status == 65)
    #expect(wrong.errors.contains(#"augmentation has no option "rotate_degree" (did you mean "rotate_degrees"?)"#))
  }

  @Test func speedMeasuresDecoding() throws {
    let labrun = try folder(with: Self.files)
    defer { labrun.remove() }
    let common = ["data", "speed", "photos", "--decode", "--seconds", "0.01"]
    let json = try JSONValue(parsing: labrun.run(common + ["--set", "image_size=4", "--json"]).output)
    let results = try #require(json["results"]?.arrayValue)
    #expect(results.compactMap { $0["jpeg_decoding"]?.stringValue } == ["full", "reduced"])
    #expect(results.allSatisfy { ($0["imagesPerSecond"]?.doubleValue ?? 0) > 0 })
    #expect(try labrun.run(common).errors.contains("--decode needs a folder of image files and the size"))
    #expect(try labrun.run(common + ["--augment", "rotate_degrees=5"]).status == 64)
  }

  @Test func preparedDataCanBeTrainedOn() throws {
    let labrun = try folder(with: Self.files)
    defer { labrun.remove() }
    let arguments = [
      "data", "prepare", "photos", "photos.h5", "--split", "0.5,0.25,0.25", "--image-size", "8", "--resize",
      "letterbox",
    ]
    let dry = try labrun.run(arguments + ["--dry-run"])
    #expect(dry.status == 0, "\(dry.errors)")
    #expect(dry.errors.contains("nothing was written"))
    #expect(!FileManager.default.fileExists(atPath: labrun.folder.appendingPathComponent("photos.h5").path))
    let done = try labrun.run(arguments)
    #expect(done.status == 0, "\(done.errors)")
    #expect(done.output == dry.output)
    #expect(try labrun.run(arguments).errors.contains("it exists already"))

    try labrun.write(
      """
      {
        "name": "photos", "dataset": { "name": "hdf5", "path": "photos.h5" },
        "model": { "depth": 8, "width": 8 }, "training": { "epochs": 1, "batch_size": 2 },
        "factors": { "conv": ["static"] }, "baseline": { "conv": "static" }, "seeds": [0]
      }
      """, to: "Experiments/photos.json")
    let sweep = try labrun.run("sweep", "photos")
    #expect(sweep.status == 0, "\(sweep.errors)")
    let run = try #require(
      FileManager.default.contentsOfDirectory(atPath: labrun.folder.appendingPathComponent("Results/runs").path).first)
    let evaluated = try JSONValue(parsing: labrun.run("evaluate", run, "--split", "validation", "--json").output)
    #expect(evaluated["images"]?.integerValue == 2)
  }

  @Test func wrongOptionsAreSaid() throws {
    let labrun = try folder(with: Self.files)
    defer { labrun.remove() }
    let split = try labrun.run("data", "prepare", "photos", "x.h5", "--split", "0.5,0.5")
    #expect(split.status == 64)
    #expect(split.errors.contains("--split takes three shares"))
    let sizes = try labrun.run("data", "prepare", "photos", "x.h5", "--split", "0.5,0.25,0.25")
    #expect(sizes.status == 65)
    #expect(sizes.errors.contains("images of different sizes cannot be packed"))
    let parts = try labrun.run("data", "prepare", "photos", "x.h5", "--image-size", "8")
    #expect(parts.errors.contains("\"test_share\""))
    #expect(try labrun.run("data", "prepare", "photos", "x.h5", "--per-class", "3").status == 64)
    let common = ["data", "prepare", "photos"]
    let shares = ["--split", "0.5,0.25,0.25"]
    let flip = try labrun.run(common + ["x"] + shares + ["--flip-class", "cats"])
    #expect(
      flip.errors.contains("option \"--flip-class\" is \"cats\" (did you mean \"cat\"?); expected names of classes"))
    #expect(sizes.errors.contains("option \"--image-size\" is not given"), "\(sizes.errors)")
    // Nothing that a user did not name is named or left behind.
    let before = try FileManager.default.contentsOfDirectory(atPath: labrun.folder.path).sorted()
    try labrun.write("", to: "file")
    for (place, problem) in [
      ("nowhere/out.h5", "there is no folder nowhere; create it"), ("file/out.h5", "file is no folder"),
      ("file/out", "file is no folder"), ("out.png", "a folder is not called \"out.png\""),
      ("new/out.csv", "a folder is not called \"out.csv\""), ("out.npz", "name a file that ends in .h5"),
    ] {
      let result = try labrun.run(common + [place] + shares + ["--image-size", "8"])
      #expect(result.status == 65, "\(result.errors)")
      #expect(
        result.errors.contains("labrun: cannot use \(place): ") && result.errors.contains(problem), "\(result.errors)")
      #expect(!result.errors.contains("tmp"))
    }
    try FileManager.default.removeItem(at: labrun.folder.appendingPathComponent("file"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: labrun.folder.path).sorted() == before)
    #expect(try labrun.run(common + ["new/out.png/"] + shares).status == 0)
  }

  /// One image, another file, and nothing at all in place of a data set.
  @Test func whatIsNoDataSetIsNamed() throws {
    let labrun = try folder(with: [("photos/cat/1.ppm", 9)])
    defer { labrun.remove() }
    try labrun.write("no image", to: "broken.png")
    try labrun.write("text", to: "notes.txt")
    for command in [["data", "inspect"], ["data", "speed"]] {
      let image = try labrun.run(command + ["photos/cat/1.ppm"])
      #expect(image.status == 65)
      #expect(
        image.errors.contains("photos/cat/1.ppm is one image (9×9 pixels, 3 channels) and no data set"),
        "\(image.errors)")
      #expect(image.errors.contains("give the folder above its class's, photos, or classify it"), "\(image.errors)")
      #expect(image.errors.contains("`labrun predict MODEL photos/cat/1.ppm`"))
      #expect(try labrun.run(command + ["broken.png"]).errors.contains("is one image (by its name; it cannot be read)"))
      #expect(
        try labrun.run(command + ["notes.txt"]).errors.contains("notes.txt is no data set, which is a folder with"))
      let missing = try labrun.run(command + ["no/where"])
      #expect(missing.status == 66 && missing.errors.contains("there is no file or folder /"), "\(missing.errors)")
      #expect(try labrun.run(command + ["gtsbr"]).errors.contains("did you mean \"gtsrb\"?"))
    }
  }

  /// A limit on the size of files stands for a full disk; the library that writes HDF5 must not crash on its way out.
  @Test(arguments: ["packed.h5", "packed"], ["trap '' XFSZ", "trap - XFSZ"])
  func prepareOnAFullDiskSaysSoAndLeavesNothing(destination: String, trap: String) throws {
    // Images that no compression makes small.
    let labrun = try folder(with: (0..<12).map { ("photos/\($0 % 2 == 0 ? "cat" : "dog")/\($0).ppm", 700) })
    defer { labrun.remove() }
    var random = SystemRandomNumberGenerator()
    for index in 0..<12 {
      let noise = Data((0..<700 * 9 * 3).map { _ in UInt8.random(in: 0...255, using: &random) })
      try (Data("P6 700 9 255\n".utf8) + noise).write(
        to: labrun.folder.appendingPathComponent("photos/\(index % 2 == 0 ? "cat" : "dog")/\(index).ppm"))
    }
    let result = try labrun.run(
      "data", "prepare", "photos", destination, "--split", "0.5,0.25,0.25", after: "\(trap); ulimit -c 0; ulimit -f 16")
    #expect(result.status == 74, "\(result.errors)")
    #expect(result.errors.contains("File too large"), "\(result.errors)")
    let left = try FileManager.default.contentsOfDirectory(atPath: labrun.folder.path)
    #expect(!left.contains { $0.hasPrefix("packed") }, "\(left)")
    #expect(try labrun.run("data", "prepare", "photos", destination, "--split", "0.5,0.25,0.25").status == 0)
  }

  /// What the machine refuses while images are decoded says nothing of the images.
  @Test func tooManyOpenFilesDoNotLeaveImagesOut() throws {
    let labrun = try folder(with: Self.files)
    defer { labrun.remove() }
    try labrun.write(
      """
      {
        "name": "photos", "dataset": { "name": "image-folder", "path": "photos", "image_size": 8, "test_share": 0.5,
          "on_corrupt": "skip" },
        "model": { "architecture": "plain", "depth": 4, "width": 4 }, "training": { "epochs": 1, "batch_size": 4 }
      }
      """, to: "Experiments/photos.json")
    for limit in 3...16 {
      let cache = ["LABRUN_CACHE": labrun.folder.appendingPathComponent("cache-\(limit)").path]
      let result = try labrun.run("sweep", "photos", "--dry-run", variables: cache, after: "ulimit -n \(limit)")
      #expect(!result.errors.contains("left out"), "\(result.errors)")
      if result.status != 0, !result.errors.contains("error while loading shared libraries") {
        #expect(result.status == 74, "\(result.errors)")
        #expect(result.errors.contains("Too many open files"), "\(result.errors)")
      }
    }
  }

  /// Raw files of an HDF5 data set, whose names start from the working folder.
  @Test func rawFilesOfHDF5AreLookedAt() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../LabDataTests/Fixtures/linked")
    func place(_ name: String) -> URL { labrun.folder.appendingPathComponent(name) }
    for name in ["external.h5", "first.raw", "second.raw"] {
      try FileManager.default.copyItem(at: fixtures.appendingPathComponent(name), to: place(name))
    }
    func mean() throws -> Double? {
      let json = try JSONValue(parsing: labrun.run("data", "inspect", "external.h5", "--json").output)
      return json["mean"]?.arrayValue?.first?.doubleValue
    }
    let before = try #require(try mean())
    try Data(repeating: 255, count: 64).write(to: place("second.raw"))
    #expect(try #require(try mean()) > before)

    try Data(repeating: 255, count: 40).write(to: place("second.raw"))
    let short = try labrun.run("data", "inspect", "external.h5")
    #expect(short.status == 65)
    #expect(
      short.errors.contains("keeps 64 bytes of train/images in second.raw from byte 0, which has only 40 bytes"))
    try FileManager.default.removeItem(at: place("first.raw"))
    let missing = try labrun.run("data", "inspect", "external.h5")
    #expect(missing.status == 65)
    #expect(missing.errors.contains("keeps train/images in first.raw, which is not there"))
  }
}
