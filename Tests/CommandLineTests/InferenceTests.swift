import Foundation
import LabCore
import LabRecords
import LabStore
import Testing

/// Trained models in use: prediction and evaluation, as a user starts them.
@Suite struct InferenceTests {
  /// A folder with one finished sweep of two variants.
  private static func trained(algorithms: String = "auto") throws -> (labrun: Labrun, runs: [String]) {
    let labrun = try Labrun()
    var spec = try JSONValue(parsing: Labrun.spec())
    spec["training"]?["algorithms"] = .string(algorithms)
    try labrun.write(spec.prettyText(), to: "Experiments/tiny.json")
    let sweep = try labrun.run("sweep", "tiny")
    #expect(sweep.status == 0, "\(sweep.errors)")
    let runs = try FileManager.default.contentsOfDirectory(
      atPath: labrun.folder.appendingPathComponent("Results/runs").path)
    return (labrun, runs.sorted())
  }

  private func picture(_ value: UInt8, width: Int, height: Int) -> Data {
    Data("P6 \(width) \(height) 255\n".utf8) + Data((0..<3 * width * height).map { value &+ UInt8($0 % 50) })
  }

  private func write(_ data: Data, _ name: String, in labrun: Labrun) throws {
    let file = labrun.folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: file)
  }

  @Test(arguments: ["auto", "direct", "calibrated"])
  func evaluationOfARunGivesItsTestMetricsAgain(_ algorithms: String) throws {
    let (labrun, runs) = try Self.trained(algorithms: algorithms)
    defer { labrun.remove() }
    #expect(runs.count == 2)
    for run in runs {
      let shown = try JSONValue(parsing: labrun.run("show", run, "--json").output)
      let result = try labrun.run("evaluate", run, "--json", "--threads", "3")
      #expect(result.status == 0, "\(result.errors)")
      let evaluated = try JSONValue(parsing: result.output)
      #expect(evaluated["images"]?.integerValue == 86)
      // What was measured of the memory stands beside what was planned.
      #expect((shown["metrics"]?["planned_memory_bytes"]?.doubleValue ?? 0) > 0)
      #if os(Linux)
        #expect((shown["metrics"]?["peak_memory_bytes"]?.doubleValue ?? 0) > 1e6)
      #endif
      // Both print all that the catalog knows of predictions.
      let names = MetricCatalog.registry.entries.filter { $0.occasion != nil }.map(\.name)
      #expect(Set(names) == Set(evaluated["metrics"]?.objectValue?.keys.map { $0 } ?? []))
      for name in names {
        #expect(evaluated["metrics"]?[name] != nil, "\(name)")
        #expect(evaluated["metrics"]?[name] == shown["metrics"]?["test_" + name], "\(name)")
      }
      let some = try labrun.run("evaluate", run, "--json", "--metric", "top7_accuracy", "--metric", "test_auroc")
      let chosen = try #require(JSONValue(parsing: some.output)["metrics"]?.objectValue)
      #expect(Set(chosen.keys) == ["top7_accuracy", "auroc"] && chosen["auroc"] == evaluated["metrics"]?["auroc"])
      let unknown = try labrun.run("evaluate", run, "--metric", "acuracy")
      #expect(unknown.status == 64)
      #expect(unknown.errors.contains("there is no metric \"acuracy\"") && unknown.errors.contains("accuracy"))
      // The loss of this spec is the cross-entropy, which evaluation reports as log loss.
      let loss = try #require(evaluated["metrics"]?["log_loss"]?.doubleValue)
      let stored = try #require(shown["metrics"]?["test_loss"]?.doubleValue)
      #expect(abs(loss - stored) < 1e-5)
      // Logits are those that the run stored, to the bit.
      let folder = labrun.folder.path + "/Results/runs/" + run
      let content = try ResultFile.read(folder + "/evaluation-synthetic-signs-test.h5", format: "labrun-logits")
      let predictions = try WeightsFile.read(folder + "/predictions.h5")
      #expect(content.tensor("logits")?.values == predictions.first { $0.name == "logits" }?.values)
      #expect(content.tensor("losses")?.shape == [86])
    }
  }

  @Test func otherDataAndSplitsAreEvaluatedAsTheModelSeesThem() throws {
    let (labrun, runs) = try Self.trained()
    defer { labrun.remove() }
    let train = try labrun.run("evaluate", runs[0], "--split", "train", "--output", "train.csv")
    #expect(train.status == 0, "\(train.errors)")
    #expect(train.output.contains("on synthetic-signs, train"))
    let table = try String(contentsOf: labrun.folder.appendingPathComponent("train.csv"), encoding: .utf8)
    #expect(table.split(whereSeparator: \.isNewline).count == 87)

    // A folder with two of the model's classes, in images of another size.
    for name in ["stop", "give way"] {
      for index in 0..<3 {
        try write(picture(UInt8(40 * index), width: 20, height: 30), "photos/\(name)/\(index).ppm", in: labrun)
      }
    }
    let other = try labrun.run(
      "evaluate", runs[0], "--dataset", "image-folder", "--path", "photos", "--set", "test_share=0.7", "--json")
    #expect(other.status == 0, "\(other.errors)")
    #expect(try JSONValue(parsing: other.output)["images"]?.integerValue == 4)

    try write(picture(1, width: 5, height: 5), "photos/stopp/0.ppm", in: labrun)
    let unknown = try labrun.run(
      "evaluate", runs[0], "--dataset", "image-folder", "--path", "photos", "--set", "test_share=0.9")
    #expect(unknown.status == 65)
    #expect(unknown.errors.contains("the model has no class \"stopp\" (did you mean \"stop\"?)"))
    let option = try labrun.run("evaluate", runs[0], "--dataset", "image-folder", "--path", "photos", "--set", "x=1")
    #expect(option.status == 65)
    #expect(option.errors.contains("has no option \"x\""))
  }

  @Test func imagesOfAnySizeArePredicted() throws {
    let (labrun, runs) = try Self.trained()
    defer { labrun.remove() }
    try write(picture(10, width: 40, height: 20), "wide.ppm", in: labrun)
    try write(picture(90, width: 7, height: 9), "stop/small.ppm", in: labrun)
    let text = try labrun.run("predict", runs[0], "wide.ppm", "stop", "--top", "3")
    #expect(text.status == 0, "\(text.errors)")
    #expect(text.output.contains("wide.ppm"))
    #expect(text.output.contains("stop/small.ppm"))
    #expect(text.output.contains("accuracy %"))
    #expect(text.errors.contains("2 images in "))

    // The weights alone know everything that prediction takes, and say the same.
    let weights = "Results/runs/\(runs[0])/weights-final.h5"
    let run = try labrun.run("predict", runs[0], "wide.ppm", "stop", "--format", "csv", "--logits", "logits.h5")
    let file = try labrun.run("predict", weights, "wide.ppm", "stop", "--format", "csv", "--batch-size", "1")
    #expect(run.status == 0, "\(run.errors)")
    let rows = run.output.split(whereSeparator: \.isNewline)
    #expect(rows[0].hasPrefix("image,class,class_1,probability_1,class_2,probability_2"))
    #expect(rows.count == 3)
    let words = { (text: String) in text.split { $0 == "," || $0.isNewline }.filter { Double($0) == nil } }
    #expect(words(run.output) == words(file.output))
    let logits = try ResultFile.read(labrun.folder.path + "/logits.h5", format: "labrun-logits")
    #expect(logits.tensor("logits")?.shape == [2, 43])
    #expect(logits.tensor("labels")?.integers?.first == -1)

    let json = try labrun.run("predict", runs[0], "stop", "--json")
    let value = try JSONValue(parsing: json.output)
    #expect(value["rows"]?.arrayValue?.count == 1)
  }

  @Test func trainedWeightsStartAnotherRun() throws {
    let (labrun, runs) = try Self.trained()
    defer { labrun.remove() }
    // Of the two runs, one has the weights of static convolutions.
    func spec(_ run: String, _ more: String) -> String {
      Labrun.spec(name: "tuned", epochs: 1).replacingOccurrences(
        of: "\"epochs\": 1", with: "\"epochs\": 1, \"initial_weights\": \"Results/runs/\(run)/weights-final.h5\"\(more)"
      )
      .replacingOccurrences(of: "[\"static\", \"odconv-1x\"]", with: "[\"static\"]")
    }
    var fits: [String] = []
    for run in runs {
      try labrun.write(spec(run, ""), to: "Experiments/tuned.json")
      let strict = try labrun.run("sweep", "tuned", "--dry-run")
      if strict.status == 0 { fits.append(run) } else { #expect(strict.errors.contains("not fit the model")) }
    }
    #expect(fits.count == 1)
    let fitting = try #require(fits.first)
    let tuning =
      ", \"initial_exclude\": [\"tag:head\"], \"frozen_statistics\": [\"*\"], "
      + "\"parameter_groups\": [{ \"pattern\": \"tag:head\", \"learning_rate_factor\": 2 }]"
    let other = try #require(runs.first { $0 != fitting })
    for (run, more) in [(fitting, tuning), (other, ", \"initial_match\": \"partial\"")] {
      try labrun.write(spec(run, more), to: "Experiments/tuned.json")
      let tuned = try labrun.run("sweep", "tuned")
      #expect(tuned.status == 0, "\(tuned.errors)")
    }

    // Runs are told apart by the weights that they start from, not by the name of a file.
    let folder = labrun.folder.appendingPathComponent("Results/runs")
    let start = labrun.folder.appendingPathComponent("start.h5")
    try FileManager.default.copyItem(at: folder.appendingPathComponent("\(fitting)/weights-final.h5"), to: start)
    let known = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    let renamed = spec(fitting, tuning).replacingOccurrences(
      of: "Results/runs/\(fitting)/weights-final.h5", with: "start.h5")
    try labrun.write(renamed, to: "Experiments/tuned.json")
    #expect(try labrun.run("sweep", "tuned").status == 0)
    #expect(try labrun.run("sweep", "tuned", "--dry-run").output.contains("1 run: 1 complete already"))
    let new = try #require(
      FileManager.default.contentsOfDirectory(atPath: folder.path).first { !known.contains($0) })
    try FileManager.default.removeItem(at: start)
    try FileManager.default.copyItem(at: folder.appendingPathComponent("\(new)/weights-final.h5"), to: start)
    let changed = try labrun.run("sweep", "tuned", "--dry-run")
    #expect(changed.output.contains("1 run: 1 to run"), "\(changed.output)")
  }

  /// Weights as PyTorch stores those of a wrapped model: the message says what to set, and with that they are the same.
  @Test func prefixesOfWeightsComeOff() throws {
    let (labrun, runs) = try Self.trained()
    defer { labrun.remove() }
    func spec(_ file: String, _ more: String) -> String {
      Labrun.spec(name: "tuned", epochs: 1).replacingOccurrences(
        of: "\"epochs\": 1", with: "\"epochs\": 1, \"initial_weights\": \"\(file)\"\(more)"
      )
      .replacingOccurrences(of: "[\"static\", \"odconv-1x\"]", with: "[\"static\"]")
    }
    func sweep(_ file: String, _ more: String = "", _ options: String...) throws -> Labrun.Result {
      try labrun.write(spec(file, more), to: "Experiments/tuned.json")
      return try labrun.run(["sweep", "tuned"] + options)
    }
    let files = runs.map { "Results/runs/\($0)/weights-final.h5" }
    let fitting = try #require(try files.first { try sweep($0, "", "--dry-run").status == 0 })
    let start = labrun.folder.appendingPathComponent("start.safetensors")
    func write(prefix: String) throws {
      let tensors = try WeightsFile.read(labrun.folder.appendingPathComponent(fitting).path)
      try safetensors(tensors.map { (prefix + $0.name, $0.shape.dimensions, $0.floats ?? []) }).write(to: start)
    }
    try write(prefix: "")
    let plain = try sweep(start.path)
    #expect(plain.status == 0, "\(plain.errors)")
    for prefix in ["module.", "model._orig_mod."] {
      try write(prefix: prefix)
      let refused = try sweep(start.path)
      #expect(refused.status == 65)
      #expect(refused.errors.contains("\"initial_prefix\": \"\(prefix)\" takes off"), "\(refused.errors)")
      // The run is that of the weights which it comes to.
      let taken = try sweep(start.path, ", \"initial_prefix\": \"\(prefix)\"", "--dry-run")
      #expect(taken.output.contains("1 run: 1 complete already"), "\(taken.output)\(taken.errors)")
    }
    let anew = try sweep(start.path, ", \"initial_prefix\": \"model._orig_mod\"", "--fresh")
    #expect(anew.status == 0, "\(anew.errors)")
    let wrong = try sweep(start.path, ", \"initial_prefix\": \"modle.\"")
    #expect(wrong.status == 65)
    #expect(
      wrong.errors.contains("training.initial_prefix: no weight of the file begins with \"modle.\""), "\(wrong.errors)")
    try labrun.write(
      Labrun.spec(epochs: 1).replacingOccurrences(
        of: "\"epochs\": 1", with: "\"epochs\": 1, \"initial_prefix\": \"module.\""),
      to: "Experiments/tuned.json")
    let without = try labrun.run("sweep", "tuned")
    #expect(without.status == 65)
    #expect(without.errors.contains("training.initial_prefix: belongs to initial_weights"), "\(without.errors)")
  }

  /// A file of weights in the format of safetensors.
  private func safetensors(_ tensors: [(name: String, shape: [Int], values: [Float])]) -> Data {
    var header: [String: JSONValue] = [:]
    var content = Data()
    for (name, shape, values) in tensors {
      let bytes = values.reduce(into: Data()) { data, value in
        withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
      }
      header[name] = [
        "dtype": "F32", "shape": .array(shape.map(JSONValue.integer)),
        "data_offsets": [.integer(content.count), .integer(content.count + bytes.count)],
      ]
      content += bytes
    }
    let text = Data(JSONValue.object(header).canonicalText.utf8)
    return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) } + text + content
  }

  /// The names of files beside what was found about them, in the order of the logits.
  @Test func evaluationNamesTheImagesFiles() throws {
    let (labrun, runs) = try Self.trained()
    defer { labrun.remove() }
    for (name, value) in [("stop", 40), ("give way", 90)] {
      for index in 0..<3 {
        try write(
          picture(UInt8(value * index), width: 16, height: 16), "photos/test/\(name)/bild ä\(index).ppm", in: labrun)
        try write(picture(UInt8(value + index), width: 16, height: 16), "photos/train/\(name)/\(index).ppm", in: labrun)
      }
    }
    let common = ["evaluate", runs[0], "--dataset", "image-folder", "--path", "photos"]
    #expect(try labrun.run(common + ["--output", "found.h5"]).status == 0)
    let found = try ResultFile.read(labrun.folder.path + "/found.h5", format: "labrun-logits")
    let names = try #require(found.texts["names"])
    #expect(Set(names) == Set(["stop", "give way"].flatMap { name in (0..<3).map { "test/\(name)/bild ä\($0).ppm" } }))
    #expect(found.tensor("logits")?.shape == [6, 43])
    // Each name stands in the row of its image, as a prediction of the same files shows.
    let paths = names.map { "photos/" + $0 }
    #expect(try labrun.run(["predict", runs[0]] + paths + ["--logits", "each.h5"]).status == 0)
    let each = try ResultFile.read(labrun.folder.path + "/each.h5", format: "labrun-logits")
    #expect(each.texts["names"] == paths)
    #expect(each.tensor("logits")?.values == found.tensor("logits")?.values)
    #expect(Set(try #require(found.tensor("logits")?.floats)).count > 43)
    // The table has them too, and training images theirs; generated images have numbers.
    #expect(try labrun.run(common + ["--output", "found.csv"]).status == 0)
    let table = try String(contentsOf: labrun.folder.appendingPathComponent("found.csv"), encoding: .utf8)
    #expect(names.allSatisfy { table.contains("\n\($0),") || table.contains("\n\"\($0)\",") }, "\(table.prefix(300))")
    #expect(try labrun.run(common + ["--split", "train", "--output", "train.h5"]).status == 0)
    let train = try ResultFile.read(labrun.folder.path + "/train.h5", format: "labrun-logits")
    #expect(train.texts["names"]?.contains("train/give way/2.ppm") == true)
    #expect(try labrun.run("evaluate", runs[0], "--output", "own.h5").status == 0)
    let own = try ResultFile.read(labrun.folder.path + "/own.h5", format: "labrun-logits")
    #expect(own.texts["names"]?.first == "test[0]" && own.texts["names"]?.count == 86)
  }

  @Test func missingWeightsAndDataAreNamedTogether() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let spec = Labrun.spec().replacingOccurrences(
      of: "\"epochs\": 2", with: "\"epochs\": 2, \"initial_weights\": \"~/none.h5\""
    )
    .replacingOccurrences(
      of: "\"name\": \"synthetic-signs\", \"train_count\": 86, \"test_count\": 86, \"image_size\": 16",
      with: "\"name\": \"hdf5\", \"path\": \"absent.h5\"")
    try labrun.write(spec, to: "Experiments/tiny.json")
    let result = try labrun.run("sweep", "tiny")
    #expect(result.status == 65)
    #expect(result.errors.contains("none.h5") && result.errors.contains("absent.h5"), "\(result.errors)")
    #expect(result.errors.contains("2 errors; nothing was trained"), "\(result.errors)")
  }

  @Test func unreadableImagesAreNamedAndTheOthersPredicted() throws {
    let (labrun, runs) = try Self.trained()
    defer { labrun.remove() }
    try write(picture(10, width: 4, height: 4), "a/good.ppm", in: labrun)
    try write(picture(10, width: 4, height: 4).dropLast(), "a/cut.ppm", in: labrun)
    let result = try labrun.run("predict", runs[0], "a", "--format", "csv")
    #expect(result.status == 65)
    #expect(result.errors.contains("a/cut.ppm ends after 47 bytes of pixels; expected 48, as its header says"))
    #expect(result.errors.contains("1 of 2 images could not be read"))
    #expect(result.output.split(whereSeparator: \.isNewline).count == 3)
    #expect(try labrun.run("predict", runs[0], "none.png").status == 65)
    #expect(try labrun.run("predict", runs[0]).status == 64)
    #expect(try labrun.run("predict", "ffffffff", "a").status == 66)
    let foreign = try labrun.run("predict", "a/good.ppm", "a")
    #expect(foreign.status != 0 && !foreign.errors.isEmpty)
  }
}
