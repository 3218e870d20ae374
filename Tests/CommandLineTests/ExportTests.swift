import Foundation
import LabCore
import LabStore
import LabTesting
import Testing

/// Models that leave: `labrun export`, and what ONNX Runtime makes of its files.
@Suite struct ExportTests {
  static let python = PythonPackages.interpreter(importing: "onnx, onnxruntime")

  /// Prints a model's outputs as JSON: of raw images in PPM files, or of numbers.
  private static let script = """
    from json import dumps
    from sys import argv
    from numpy import frombuffer, uint8
    from onnx.checker import check_model
    from onnxruntime import InferenceSession
    path, *files = argv[1:]
    check_model(path, full_check=True)
    session = InferenceSession(path)
    def image(file):
        head, pixels = open(file, "rb").read().split(b"\\n", 1)
        width, height = head.split()[1:3]
        return frombuffer(pixels, uint8).reshape(1, int(height), int(width), 3)
    given = session.get_inputs()[0]
    def taken(file):
        pixels = image(file)
        return pixels if given.shape[3] == 3 else pixels.transpose(0, 3, 1, 2)
    print(dumps({
        "metadata": session.get_modelmeta().custom_metadata_map,
        "input": [given.name, given.type, given.shape],
        "output": session.get_outputs()[0].name,
        "results": [session.run(None, {given.name: taken(file)})[0][0].tolist() for file in files],
    }))
    """

  private static func run(_ model: String, _ files: [String], in labrun: Labrun) throws -> JSONValue {
    let python = try #require(python)
    try labrun.write(script, to: "run.py")
    func path(_ name: String) -> String { labrun.folder.appendingPathComponent(name).path }
    let result = try PythonPackages.run(python, [path("run.py"), path(model)] + files.map(path))
    #expect(result.status == 0, "\(result.errors)")
    return try JSONValue(parsing: result.output)
  }

  /// A folder with one finished sweep of two variants, of which the first trained run is given.
  private static func trained(resize: String = "squash", storedSize: Int? = nil) throws -> (
    labrun: Labrun, runs: [String]
  ) {
    let labrun = try Labrun()
    var spec = try JSONValue(parsing: Labrun.spec())
    spec["dataset"]?["resize"] = .string(resize)
    if let storedSize {
      spec["dataset"]?["image_size"] = 16
      spec["dataset"]?["stored_size"] = .integer(storedSize)
      spec["training"]?["augmentation"] = ["random_resized_crop": [:]]
    }
    try labrun.write(spec.prettyText(), to: "Experiments/tiny.json")
    let sweep = try labrun.run("sweep", "tiny")
    #expect(sweep.status == 0, "\(sweep.errors)")
    let runs = try FileManager.default.contentsOfDirectory(
      atPath: labrun.folder.appendingPathComponent("Results/runs").path)
    return (labrun, runs.sorted())
  }

  @Test func aRunAndItsWeightsAreExported() throws {
    let (labrun, runs) = try Self.trained()
    defer { labrun.remove() }
    for run in runs {
      let result = try labrun.run("export", run, "model.onnx")
      #expect(result.status == 0 && result.output.isEmpty, "\(result.errors)")
      #expect(
        result.errors.contains("model.onnx: run \(run), images [batch, 3, 16, 16] in, 43 logits out;"),
        "\(result.errors)")
      let other = try labrun.run("export", "Results/runs/\(run)/weights-final.h5", "other.onnx", "--raw-images", "nchw")
      #expect(other.status == 0)
      #expect(other.errors.contains("bytes [batch, 3, height, width] in, 43 probabilities out;"), "\(other.errors)")
    }
    // The same model gives the same bytes.
    let file = labrun.folder.appendingPathComponent("model.onnx")
    let once = try Data(contentsOf: file)
    _ = try labrun.run("export", runs[1], "model.onnx")
    #expect(try Data(contentsOf: file) == once)
  }

  @Test func whatCannotBeExportedIsSaid() throws {
    let (labrun, runs) = try Self.trained()
    defer { labrun.remove() }
    let name = try labrun.run("export", runs[0], "model.pb")
    #expect(name.status == 64)
    #expect(name.errors.contains("a file that ends in .onnx, but \"model.pb\" was given"), "\(name.errors)")
    #expect(try labrun.run("export", "ffffffff", "model.onnx").status == 66)
    #expect(try labrun.run("export", runs[0], "none/model.onnx").status == 66)
    #expect(try labrun.run("export", runs[0], "model.onnx", "--raw-images", "hwc").status == 64)
    #expect(!FileManager.default.fileExists(atPath: labrun.folder.appendingPathComponent("model.onnx").path))
  }

  @Test(
    .enabled(if: python != nil, Comment(rawValue: PythonPackages.missing("onnx and onnxruntime"))),
    arguments: [("squash", nil), ("letterbox", nil), ("crop", nil), ("crop", 19)] as [(String, Int?)])
  func rawImagesOfAnySizeGiveThePredictionsOfLabrun(_ resize: String, storedSize: Int?) throws {
    let (labrun, runs) = try Self.trained(resize: resize, storedSize: storedSize)
    defer { labrun.remove() }
    // Larger, smaller, of other proportions either way, and of the model's own size.
    let stream = RandomStream(seed: 1, name: "pictures")
    let files = [(40, 20), (7, 9), (16, 16), (33, 64), (100, 31), (7, 11)].enumerated().map { index, size in
      (name: "\(index).ppm", size: size, first: UInt64(index) << 32)
    }
    for file in files {
      let count = 3 * file.size.0 * file.size.1
      let bytes = (0..<count).map { UInt8(stream.integer(below: 256, file.first + UInt64($0))) }
      try (Data("P6 \(file.size.0) \(file.size.1) 255\n".utf8) + Data(bytes))
        .write(to: labrun.folder.appendingPathComponent(file.name))
    }
    let names = files.map(\.name)
    for (run, layout) in zip(runs, ["nhwc", "nchw"]) {
      let predicted = try labrun.run(["predict", run] + names + ["--logits", "logits.h5"])
      #expect(predicted.status == 0, "\(predicted.errors)")
      let logits = try ResultFile.read(labrun.folder.path + "/logits.h5", format: "labrun-logits")
      #expect(try labrun.run("export", run, "raw.onnx", "--raw-images", layout).status == 0)
      let found = try Self.run("raw.onnx", names, in: labrun)
      #expect(found["input"]?.arrayValue?[1] == "tensor(uint8)" && found["output"] == "probabilities")
      let results = try #require(found["results"]).decode([[Double]].self)
      let rows = try #require(logits.tensor("logits")?.floats)
      for (index, result) in results.enumerated() {
        let row = rows[index * 43..<(index + 1) * 43].map { exp(Double($0)) }
        let expected = row.map { $0 / row.reduce(0, +) }
        let difference = zip(result, expected).map { abs($0 - $1) }.max() ?? 1
        #expect(difference < 1e-3 * (expected.max() ?? 0), "\(names[index]), \(resize), \(layout): \(difference)")
      }
      let metadata = try #require(found["metadata"])
      let classes = try JSONValue(parsing: try #require(metadata["class_names"]?.stringValue)).decode([String].self)
      #expect(classes.count == 43 && classes.contains("stop"))
      #expect(metadata["run"]?.stringValue?.hasPrefix(run) == true && metadata["seed"] == "0")
      #expect(metadata["raw_images"]?.stringValue == layout)
      let shown = try JSONValue(parsing: labrun.run("show", run, "--json").output)
      #expect(metadata["weights_hash"]?.stringValue?.count == 64 && shown != .null)
    }
  }
}
