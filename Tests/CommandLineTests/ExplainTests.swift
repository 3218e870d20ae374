import Foundation
import LabCore
import LabStore
import Testing

/// Explanations of what trained models say of images, as a user asks for them.
@Suite struct ExplainTests {
  // MARK: PyTorch

  /// What PyTorch finds in the fixtures' image.
  private struct Reference: Decodable {
    struct Map: Decodable {
      var layer: String
      var `class`: String
      var maximum: Double
      var map: [[Double]]
    }
    struct Attention: Decodable {
      var layer: String
      var attention: String
      var weights: [Double]
    }
    var name: String
    var probabilities: [Double]
    var maps: [Map]
    var attentions: [Attention]
  }

  private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Fixtures/gradcam")

  /// The fixtures' networks as options describe them.
  private static func options(_ name: String, input: String = "3x16x16") -> [String] {
    let fixed = [
      "--model", "resnet", "--model-set", "depth=8", "--model-set", "width=4", "--classes", "classes.txt", "--mean",
      "0.5,0.4,0.3", "--std", "0.2,0.25,0.3", "--input", input, "--fit", "squash",
    ]
    return fixed + (name == "odconv" ? ["--model-set", "conv=odconv-2x"] : [])
  }

  private static func withFixtures() throws -> Labrun {
    let labrun = try Labrun()
    for name in try FileManager.default.contentsOfDirectory(atPath: fixtures.path) {
      try FileManager.default.copyItem(
        at: fixtures.appendingPathComponent(name), to: labrun.folder.appendingPathComponent(name))
    }
    return labrun
  }

  @Test func mapsAndAttentionsAreThoseOfPyTorch() throws {
    let labrun = try Self.withFixtures()
    defer { labrun.remove() }
    let text = try Data(contentsOf: Self.fixtures.appendingPathComponent("reference.json"))
    let cases = try JSONDecoder().decode([Reference].self, from: text)
    #expect(cases.map(\.name) == ["resnet", "odconv"])
    var zeroMaps = 0
    for reference in cases {
      #expect(Set(reference.maps.map(\.layer)).count >= 2 && Set(reference.maps.map(\.class)).count == 3)
      for (index, expected) in reference.maps.enumerated() {
        let folder = "out/\(reference.name)-\(index)"
        let result = try labrun.run(
          ["explain", reference.name + ".pth", "image.png", "--out", folder, "--json", "--layer", expected.layer]
            + ["--class", expected.class] + Self.options(reference.name))
        #expect(result.status == 0, "\(result.errors)")
        let json = try JSONValue(parsing: result.output)
        let file = try String(
          contentsOf: labrun.folder.appendingPathComponent(folder + "/explanations.json"), encoding: .utf8)
        #expect(file == result.output)
        let image = try #require(json["images"]?.arrayValue?.first)
        #expect(json["layer"]?["name"]?.stringValue == expected.layer)
        #expect(image["explained"]?.stringValue == expected.class)
        let found = try #require(image["map"]).decode([[Double]].self)
        #expect(found.map(\.count) == expected.map.map(\.count))
        let farthest = zip(found.joined(), expected.map.joined()).map { abs($0 - $1) }.max() ?? 1
        #expect(farthest < 1e-4, "\(reference.name), \(expected.layer), \(expected.class): \(farthest)")
        let maximum = try #require(image["map_maximum"]?.doubleValue)
        #expect(abs(maximum - expected.maximum) <= 1e-4 * max(expected.maximum, 1e-3))
        #expect(image["map_is_zero"]?.booleanValue == (expected.maximum == 0))
        if expected.maximum == 0 { zeroMaps += 1 }
        let probabilities = try #require(image["probabilities"]).decode([Double].self)
        #expect(zip(probabilities, reference.probabilities).allSatisfy { abs($0 - $1) < 1e-5 })
        try expect(#require(image["attentions"]?.arrayValue), reference.attentions)
      }
    }
    #expect(zeroMaps == 1)
  }

  private func expect(_ found: [JSONValue], _ expected: [Reference.Attention]) throws {
    #expect(found.count == expected.count)
    for (one, other) in zip(found, expected) {
      #expect(one["layer"]?.stringValue == other.layer && one["attention"]?.stringValue == other.attention)
      #expect(one["count"]?.integerValue == other.weights.count)
      if other.attention == "kernel-attention" {
        let weights = try #require(one["weights"]).decode([Double].self)
        #expect(weights.count == 2 && zip(weights, other.weights).allSatisfy { abs($0 - $1) < 1e-5 })
      } else {
        #expect(one["weights"] == .null)
      }
      let numbers = ["minimum", "mean", "maximum"].map { one[$0]?.doubleValue ?? .nan }
      let sums = [
        other.weights.min() ?? 0, other.weights.reduce(0, +) / Double(other.weights.count), other.weights.max() ?? 0,
      ]
      #expect(zip(numbers, sums).allSatisfy { abs($0 - $1) < 1e-5 }, "\(other.layer), \(other.attention)")
      #expect(one["most_different"] == .null)
    }
  }

  /// A map that is zero everywhere is said so, a number names a class where no class is called so, and pictures of small
  /// images are large.
  @Test func picturesAndTablesOfWeightsFromElsewhere() throws {
    let labrun = try Self.withFixtures()
    defer { labrun.remove() }
    let options = Self.options("resnet")
    let dark = try labrun.run(
      ["explain", "resnet.pth", "image.png", "--out", "dark", "--class", "left"] + options)
    #expect(dark.status == 0, "\(dark.errors)")
    #expect(dark.output.contains("What resnet.pth looks at"), "\(dark.output)")
    #expect(
      dark.output.contains(
        "Grad-CAM over layer3.0.conv2 (16 channels of 4×4 pixels), the last convolution with more than one pixel"),
      "\(dark.output)")
    #expect(dark.output.contains("stop 46.9 %") && dark.output.contains("left 0.0 %"), "\(dark.output)")
    #expect(
      dark.output.contains(
        "The map of image.png is zero everywhere: nothing in the output of layer3.0.conv2 speaks for left."),
      "\(dark.output)")
    #expect(dark.output.contains("│ nowhere"), "\(dark.output)")
    #expect(!dark.output.contains("Attentions"), "\(dark.output)")
    #expect(dark.errors.contains("3 files in dark"), "\(dark.errors)")
    #expect(try Self.size(labrun, "dark/image-overlay.png") == [256, 256])
    #expect(try Self.size(labrun, "dark/image-side-by-side.png") == [520, 256])

    func explained(_ name: String) throws -> String? {
      let result = try labrun.run(
        ["explain", "resnet.pth", "image.png", "--out", "class-\(name)", "--class", name, "--json"] + options)
      #expect(result.status == 0, "\(result.errors)")
      return try JSONValue(parsing: result.output)["images"]?.arrayValue?.first?["explained"]?.stringValue
    }
    #expect(try explained("3") == "right" && explained("2") == "2")

    let list = try labrun.run(["explain", "resnet.pth", "--layer", "list"] + options)
    #expect(list.status == 0, "\(list.errors)")
    #expect(list.output.contains("│ layer3.0.conv2") && list.output.contains("the default"), "\(list.output)")
    #expect(list.output.contains("│ layer3.0.downsample.0"))
    let rows = try JSONValue(
      parsing: labrun.run(["explain", "resnet.pth", "--layer", "list", "--json"] + options).output)["rows"]?.arrayValue
    #expect(rows?.count == 9 && rows?.count { $0["is_default"] == true } == 1)
  }

  /// Width and height that a PNG says it has.
  private static func size(_ labrun: Labrun, _ path: String) throws -> [Int] {
    let data = try Data(contentsOf: labrun.folder.appendingPathComponent(path))
    #expect(data.starts(with: [0x89, 0x50, 0x4e, 0x47]))
    return [16, 20].map { first in data[first..<first + 4].reduce(0) { $0 << 8 | Int($1) } }
  }

  // MARK: Runs

  private func picture(_ value: UInt8, width: Int, height: Int) -> Data {
    Data("P6 \(width) \(height) 255\n".utf8) + Data((0..<3 * width * height).map { value &+ UInt8($0 * 7 % 90) })
  }

  private func write(_ data: Data, _ name: String, in labrun: Labrun) throws {
    let file = labrun.folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: file)
  }

  /// A folder with a finished run of a dynamic network, and images.
  private func trained() throws -> (labrun: Labrun, run: String) {
    let labrun = try Labrun()
    var spec = try JSONValue(parsing: Labrun.spec(epochs: 1))
    spec["factors"] = ["conv": ["odconv-2x"]]
    spec["baseline"] = ["conv": "odconv-2x"]
    try labrun.write(spec.prettyText(), to: "Experiments/tiny.json")
    let sweep = try labrun.run("sweep", "tiny")
    #expect(sweep.status == 0, "\(sweep.errors)")
    try write(picture(10, width: 40, height: 20), "photos/stop/wide.ppm", in: labrun)
    try write(picture(90, width: 7, height: 9), "photos/stop/small.ppm", in: labrun)
    try write(picture(50, width: 16, height: 16), "other/wide.ppm", in: labrun)
    let runs = try FileManager.default.contentsOfDirectory(
      atPath: labrun.folder.appendingPathComponent("Results/runs").path)
    return (labrun, try #require(runs.first))
  }

  @Test func imagesOfARunAreExplained() throws {
    let (labrun, run) = try trained()
    defer { labrun.remove() }
    let images = ["photos", "other/wide.ppm"]
    let result = try labrun.run(["explain", run, "--out", "overlays/first", "--json"] + images)
    #expect(result.status == 0, "\(result.errors)")
    let files = try FileManager.default.contentsOfDirectory(
      atPath: labrun.folder.appendingPathComponent("overlays/first").path)
    #expect(
      files.sorted() == [
        "explanations.json", "small-overlay.png", "small-side-by-side.png", "wide-2-overlay.png",
        "wide-2-side-by-side.png", "wide-overlay.png", "wide-side-by-side.png",
      ])
    let json = try JSONValue(parsing: result.output)
    let found = try #require(json["images"]?.arrayValue)
    #expect(
      found.compactMap { $0["image"]?.stringValue } == ["photos/stop/small.ppm", "photos/stop/wide.ppm", images[1]])
    #expect(found.map { $0["class"] } == ["stop", "stop", .null])
    #expect(found.map { $0["overlay"] } == ["small-overlay.png", "wide-overlay.png", "wide-2-overlay.png"])
    #expect(found.allSatisfy { $0["predicted"] == $0["explained"] })
    #expect(json["run"]?.stringValue?.hasPrefix(run) == true)

    // Probabilities are those of a prediction, to the bit.
    let predicted = try labrun.run(["predict", run, "--json", "--top", "43"] + images)
    let rows = try #require(JSONValue(parsing: predicted.output)["rows"]?.arrayValue)
    let classes = try #require(json["class_names"]).decode([String].self)
    for (row, image) in zip(rows, found) {
      let probabilities = try #require(image["probabilities"]?.arrayValue)
      #expect(image["predicted"] == row["class_1"])
      for rank in 1...classes.count {
        let label = try #require(row["class_\(rank)"]?.stringValue.flatMap(classes.firstIndex))
        #expect(probabilities[label] == row["probability_\(rank)"])
      }
    }

    // Four attentions in each of six layers; of kernels all weights, which sum to 1.
    let attentions = try #require(found[0]["attentions"]?.arrayValue)
    #expect(attentions.count == 24)
    let kernels = try attentions.filter { $0["attention"] == "kernel-attention" }.map {
      try #require($0["weights"]).decode([Double].self)
    }
    #expect(kernels.count == 6 && kernels.allSatisfy { $0.count == 2 && abs($0.reduce(0, +) - 1) < 1e-5 })
    for attention in attentions {
      let different = try #require(attention["most_different"])
      let mean = try #require(different["mean_of_images"]?.doubleValue)
      let own = found.compactMap { image in
        image["attentions"]?.arrayValue?.first {
          $0["layer"] == attention["layer"] && $0["attention"] == attention["attention"]
        }
      }
      #expect(own.count == 3)
      guard attention["attention"] == "kernel-attention", let index = different["index"]?.integerValue else { continue }
      let weights = try own.map { try #require($0["weights"]).decode([Double].self) }
      #expect(abs(weights.reduce(0) { $0 + $1[index] } / 3 - mean) < 1e-9)
      #expect(different["weight"]?.doubleValue == weights[0][index])
    }

    // As people read it; nothing is written over unless that is asked for.
    let again = try labrun.run(["explain", run, "--out", "overlays/first"] + images)
    #expect(again.status == 64)
    #expect(
      again.errors.contains("small-overlay.png exists already, and so do 6 other files of this command; name another")
        && again.errors.contains("--force"), "\(again.errors)")
    let text = try labrun.run(
      ["explain", run, "--out", "overlays/first", "--force", "--layer", "layer1.0.conv2"] + images)
    #expect(text.status == 0, "\(text.errors)")
    #expect(text.output.contains("What run \(run) looks at"), "\(text.output)")
    #expect(text.output.contains("Grad-CAM over layer1.0.conv2 (16 channels of 16×16 pixels)\n"), "\(text.output)")
    #expect(text.output.contains("Attentions of dynamic convolutions"))
    #expect(text.output.contains("│ layer3.0.conv2 │ kernel-attention"), "\(text.output)")
    #expect(text.output.contains("│ wide-2-overlay.png"), "\(text.output)")
    #expect(text.errors.contains("7 files in overlays/first"), "\(text.errors)")
  }

  @Test func whatCannotBeExplainedIsSaid() throws {
    let (labrun, run) = try trained()
    defer { labrun.remove() }
    for name in try FileManager.default.contentsOfDirectory(atPath: Self.fixtures.path) {
      try FileManager.default.copyItem(
        at: Self.fixtures.appendingPathComponent(name), to: labrun.folder.appendingPathComponent(name))
    }
    func refused(_ status: Int32, _ arguments: [String], _ sentences: String...) throws {
      let result = try labrun.run(["explain"] + arguments)
      #expect(result.status == status, "\(arguments): \(result.status), \(result.errors)")
      for sentence in sentences {
        #expect(result.errors.contains(sentence), "\(arguments): \(result.errors)")
      }
      #expect(!FileManager.default.fileExists(atPath: labrun.folder.appendingPathComponent("out").path))
    }
    try refused(
      64, [run, "photos", "--out", "out", "--layer", "layer3.0.conv3"],
      "run \(run) has no convolution \"layer3.0.conv3\" (did you mean \"layer3.0.conv",
      "those with more than one pixel are conv1, layer1.0.conv1, layer1.0.conv2, ")
    try refused(
      64,
      ["resnet.pth", "image.png", "--out", "out", "--layer", "layer3.0.conv2"]
        + Self.options("resnet", input: "3x4x4"),
      "the output of layer3.0.conv2 is one pixel, so that there is no map of it", "with more than one are conv1, layer1"
    )
    try refused(
      64, [run, "photos", "--out", "out", "--class", "stopp"],
      "the model has no class \"stopp\" (did you mean \"stop\"?)",
      "43 classes, numbered from 0 to 42: ")
    try refused(64, [run, "photos", "--out", "out", "--class", "43"], "the model has no class \"43\"")
    try refused(64, [run, "photos"], "--out names the folder")
    try refused(64, [run, "--out", "out"], "name at least one image")
    try refused(64, [run, "--layer", "list", "--class", "stop"], "so --class does nothing")
    try refused(65, [run, "photos/absent.png", "--out", "out"], "it is not there")
    try refused(66, ["beef", "photos", "--out", "out"], "beef")

    // An image that cannot be read is named, and the others are explained.
    try labrun.write("no image", to: "photos/stop/broken.png")
    let some = try labrun.run("explain", run, "photos", "--out", "some")
    #expect(some.status == 65)
    #expect(some.errors.contains("photos/stop/broken.png"), "\(some.errors)")
    #expect(some.errors.contains("5 files in some") && some.errors.contains("1 of 3 images could not be read"))
    let json = try JSONValue(
      parsing: String(contentsOf: labrun.folder.appendingPathComponent("some/explanations.json"), encoding: .utf8))
    #expect(json["images"]?.arrayValue?.first?["problem"]?.stringValue?.contains("broken.png") == true)
    #expect(json["images"]?.arrayValue?.count == 3)

    try FileManager.default.removeItem(
      at: labrun.folder.appendingPathComponent("Results/runs/\(run)/weights-final.h5"))
    try refused(66, [run, "photos", "--out", "out"], "run \(run) is completed and has no final weights")
  }

  @Test func programsOfOthersAreNotExplained() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write("echo \"test acc: 90\"\n", to: "Experiments/train.sh")
    try labrun.write(
      """
      { "name": "mine",
        "program": { "command": ["sh", "train.sh", "{lr}"], "sources": ["train.sh"],
          "metrics": { "test_accuracy": { "better": "higher", "unit": "%" } }, "pattern": "acc: {test_accuracy}" },
        "parameters": { "lr": 0.1 }, "factors": { "lr": [0.1, 0.2] }, "baseline": { "lr": 0.1 }, "seeds": 1 }
      """, to: "Experiments/mine.json")
    #expect(try labrun.run("sweep", "mine").status == 0)
    let run = try #require(StudyStore(reading: labrun.folder.path + "/Results").sweep(1).runs.first).identity.short
    try write(picture(1, width: 8, height: 8), "image.ppm", in: labrun)
    for command in [["explain", run, "image.ppm", "--out", "out"], ["predict", run, "image.ppm"]] {
      let result = try labrun.run(command)
      #expect(result.status == 66)
      #expect(
        result.errors.contains(
          "run \(run) was trained by somebody's program, whose model labrun does not know: only networks of labrun's own"
        ),
        "\(result.errors)")
    }
    #expect(!FileManager.default.fileExists(atPath: labrun.folder.appendingPathComponent("out").path))
  }
}
