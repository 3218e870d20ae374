import Foundation
import LabCore
import LabStore
import Testing

/// Weights that say nothing of themselves: what options say of them makes them predict like any others.
@Suite struct PlainWeightsTests {
  /// A run, its weights as PyTorch's libraries store some, with a prefix, and its classes, a name a line.
  private static func labrun() throws -> (labrun: Labrun, run: String, numbers: [String]) {
    let labrun = try Labrun()
    try labrun.write(
      Labrun.spec(epochs: 1).replacingOccurrences(of: "[\"static\", \"odconv-1x\"]", with: "[\"static\"]"),
      to: "Experiments/tiny.json")
    let sweep = try labrun.run("sweep", "tiny")
    #expect(sweep.status == 0, "\(sweep.errors)")
    let runs = try FileManager.default.contentsOfDirectory(
      atPath: labrun.folder.appendingPathComponent("Results/runs").path)
    let run = try #require(runs.first)
    let content = try WeightsFile.readGroup(labrun.folder.path + "/Results/runs/\(run)/weights-final.h5")
    func attribute(_ name: String) throws -> JSONValue {
      guard case .string(let text)? = content.attributes[name] else { return .null }
      return try JSONValue(parsing: text)
    }
    let classes = try attribute("class_names").decode([String].self)
    try labrun.write(classes.joined(separator: "\n") + "\n", to: "classes.txt")
    let weights = content.tensors.filter { $0.floats != nil }.map {
      NamedTensor("module." + $0.name, $0.shape, $0.values)
    }
    try Data(safetensors(weights)).write(to: labrun.folder.appendingPathComponent("plain.safetensors"))
    let preprocessing = try attribute("preprocessing")
    let numbers = try ["mean", "standard_deviation"].map { key in
      try #require(preprocessing[key]).decode([Double].self).map { "\($0)" }.joined(separator: ",")
    }
    for (index, size) in [(16, 16), (40, 20)].enumerated() {
      try (Data("P6 \(size.0) \(size.1) 255\n".utf8) + Data((0..<3 * size.0 * size.1).map { UInt8($0 * 7 % 251) }))
        .write(to: labrun.folder.appendingPathComponent("\(index).ppm"))
    }
    return (labrun, run, numbers)
  }

  private static func safetensors(_ tensors: [NamedTensor]) -> Data {
    var header: [String: JSONValue] = [:]
    var content = Data()
    for tensor in tensors {
      let bytes = (tensor.floats ?? []).withUnsafeBytes { Data($0) }
      header[tensor.name] = [
        "dtype": "F32", "shape": .array(tensor.shape.dimensions.map(JSONValue.integer)),
        "data_offsets": [.integer(content.count), .integer(content.count + bytes.count)],
      ]
      content += bytes
    }
    let text = Data(JSONValue.object(header).canonicalText.utf8)
    return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) } + text + content
  }

  @Test func theyPredictEvaluateAndAreExportedAsTheRunIs() throws {
    let (labrun, run, numbers) = try Self.labrun()
    defer { labrun.remove() }
    let said = [
      "--model", "resnet", "--model-set", "depth=8", "--model-set", "width=16",
      "--classes", "classes.txt", "--mean", numbers[0], "--std", numbers[1], "--input", "3x16x16", "--fit", "squash",
    ]
    func logits(_ arguments: [String]) throws -> [Float] {
      let result = try labrun.run(arguments + ["--logits", "logits.h5"])
      #expect(result.status == 0, "\(result.errors)")
      return try #require(
        ResultFile.read(labrun.folder.path + "/logits.h5", format: "labrun-logits").tensor("logits")?.floats)
    }
    let own = try logits(["predict", run, "0.ppm", "1.ppm"])
    let plain = try logits(["predict", "plain.safetensors", "0.ppm", "1.ppm"] + said)
    #expect(own.count == plain.count)
    let scale = own.map(abs).max() ?? 0
    #expect(scale > 0 && zip(own, plain).allSatisfy { abs($0 - $1) < 1e-5 * scale })
    let evaluated = try labrun.run(["evaluate", "plain.safetensors", "--dataset", "synthetic-signs", "--json"] + said)
    #expect(evaluated.status == 0, "\(evaluated.errors)")
    #expect(try JSONValue(parsing: evaluated.output)["metrics"]?["accuracy"]?.doubleValue != nil)
    let exported = try labrun.run(["export", "plain.safetensors", "plain.onnx"] + said)
    #expect(
      exported.status == 0 && exported.errors.contains("plain.onnx: plain.safetensors, images [batch, 3, 16, 16] in"))
  }

  @Test func whatIsMissingOrTooMuchIsSaid() throws {
    let (labrun, run, _) = try Self.labrun()
    defer { labrun.remove() }
    func refused(_ status: Int32, _ arguments: String..., expecting text: String) throws {
      let result = try labrun.run(["predict"] + arguments)
      #expect(result.status == status && result.errors.contains(text), "\(arguments): \(result.errors)")
    }
    let file = "plain.safetensors"
    try refused(65, file, "0.ppm", expecting: "as the weights of runs do; --model says so")
    try refused(64, file, "0.ppm", "--mean", "none", expecting: "--mean says something of weights from elsewhere")
    try refused(64, file, "0.ppm", "--model", "resnet", expecting: "--model takes --classes")
    try refused(64, file, "0.ppm", "--model", "resnet", "--classes", "classes.txt", expecting: "takes --mean and --std")
    let all = ["--classes", "classes.txt", "--std", "imagenet", "--model"]
    func with(_ more: String...) throws -> Labrun.Result { try labrun.run(["predict", file, "0.ppm"] + all + more) }
    #expect(try with("resnet", "--mean", "none").errors.contains("are \"none\" together"))
    #expect(
      try with("resnet", "--mean", "0.5;0.5").errors.contains("--mean takes imagenet, none, or a number for each"))
    #expect(try with("resnet", "--mean", "0.5").errors.contains("images have 3 channels, but 1 means and 3 deviations"))
    #expect(try with("resnett", "--mean", "imagenet").errors.contains("did you mean"))
    #expect(
      try with("resnet", "--mean", "imagenet", "--input", "3x0x1").errors.contains("--input takes channels, height"))
    let misfit = try with("resnet", "--mean", "imagenet", "--model-set", "depth=20")
    #expect(misfit.status == 65 && misfit.errors.contains("the weights do not fit the model: "), "\(misfit.errors)")
    let card = try labrun.run(
      ["predict", "Results/runs/\(run)/weights-final.h5", "0.ppm"] + all + ["resnet", "--mean", "imagenet"])
    #expect(card.status == 64 && card.errors.contains("says itself which model its weights are of"), "\(card.errors)")
    let other = try labrun.run(["predict", run, "0.ppm"] + all + ["resnet", "--mean", "imagenet"])
    #expect(other.status == 66 && other.errors.contains("--model is for a file of weights from elsewhere"))
    try labrun.write("a\n\nb\n", to: "classes.txt")
    #expect(try with("resnet", "--mean", "imagenet").errors.contains("classes.txt has an empty line"))
  }
}
