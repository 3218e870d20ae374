import Foundation
import LabCore
import Testing

/// Parts of trained models are replaced, as a user asks for it.
@Suite struct LesionTests {
  /// A folder with a finished sweep, and the runs of its dynamic variant.
  private static func trained() throws -> (labrun: Labrun, runs: [String], other: String) {
    let labrun = try Labrun()
    var spec = try JSONValue(parsing: Labrun.spec(seeds: "[0, 1]"))
    spec["factors"] = ["conv": ["static", "odconv-2x"]]
    try labrun.write(spec.prettyText(), to: "Experiments/tiny.json")
    let sweep = try labrun.run("sweep", "tiny")
    #expect(sweep.status == 0, "\(sweep.errors)")
    let folders = try FileManager.default.contentsOfDirectory(
      atPath: labrun.folder.appendingPathComponent("Results/runs").path
    ).sorted()
    func isDynamic(_ run: String) throws -> Bool {
      let shown = try JSONValue(parsing: labrun.run("show", run, "--json").output)
      return shown["configuration"]?["model"]?["conv"]?["name"] == "odconv"
    }
    let dynamic = try folders.filter(isDynamic)
    #expect(dynamic.count == 2)
    return (labrun, dynamic, try #require(folders.first { !dynamic.contains($0) }))
  }

  private func rows(_ json: JSONValue, table: Int = 0) -> [JSONValue] {
    (json["sections"]?.arrayValue ?? []).compactMap { $0["table"]?["rows"]?.arrayValue }[table]
  }

  @Test func partsAreReplacedAndTabled() throws {
    let (labrun, runs, other) = try Self.trained()
    defer { labrun.remove() }
    let list = try labrun.run("lesion", runs[0], "--list")
    #expect(list.status == 0, "\(list.errors)")
    #expect(list.output.contains("│ spatial-attention │ layer1.0.conv1 "))
    #expect(list.output.contains("Blocks whose result has another shape than their input cannot be left out."))
    #expect(try labrun.run("lesion", runs[0], "--list", "--together").status == 64)

    let evaluated = try JSONValue(parsing: labrun.run("evaluate", runs[0], "--json").output)
    let result = try labrun.run("lesion", runs[0], "--json", "--threads", "2")
    #expect(result.status == 0, "\(result.errors)")
    let json = try JSONValue(parsing: result.output)
    let found = rows(json)
    // None, all, four kinds, and six layers.
    #expect(found.count == 12)
    #expect(found[0]["accuracy"] == evaluated["metrics"]?["accuracy"])
    #expect(found[0]["macro_f1"] == evaluated["metrics"]?["macro_f1"])
    #expect(found[1]["part"] == "all attentions" && found[1]["layer"] == "all 6 layers")
    #expect(found[1]["replacement"] == "mean")
    #expect(found[11]["layer"] == "layer3.0.conv2")
    #expect(json["lesions"]?.integerValue == 11 && json["images"]?.integerValue == 86)
    #expect(json["sample_images"]?.integerValue == 86)
    #expect(json["data_hash"] == evaluated["data_hash"])
    #expect(json["runs"]?.arrayValue?.count == 1)
    #expect(try JSONValue(parsing: labrun.run("lesion", runs[0], "--json", "--threads", "1").output) == json)

    let text = try labrun.run("lesion", runs[0], "--each-part", "--replace", "one", "--replace", "random", "--classes")
    #expect(text.status == 0, "\(text.errors)")
    #expect(text.output.contains("Lesions of run \(runs[0]) on synthetic-signs, test"))
    #expect(text.output.contains("hold for all 58 at once"))
    #expect(text.output.contains("By one, weights are 1, or equal shares where they sum to 1."))
    #expect(text.output.contains("an image has the attention of one of 86 training images"))
    #expect(text.output.contains("Recall by class"))
    #expect(text.errors.contains("58 lesions in "))

    let blocks = try labrun.run("lesion", runs[0], "--parts", "blocks", "--format", "csv")
    #expect(blocks.status == 0, "\(blocks.errors)")
    let lines = blocks.output.split(separator: "\n")
    #expect(lines.count == 3 && lines[2].hasPrefix("block,layer1.0,identity,"))

    let weights = try labrun.run(
      "lesion", runs[0], "--parts", "filters", "--parts", "kernels", "--layers", "layer1.0", "--limit", "20", "--json")
    let slices = rows(try JSONValue(parsing: weights.output))
    #expect(slices.count == 1 + 2 * 16 + 2 * 2, "\(weights.errors)")
    #expect(slices.contains { $0["part"] == "kernel 1" && $0["layer"] == "layer1.0.conv2" })

    let all = try labrun.run(
      "lesion", runs[0], "--parts", "attentions", "--parts", "blocks", "--together", "--format", "markdown")
    #expect(all.output.contains("| 24 attentions, 1 block |"), "\(all.output)\(all.errors)")
    #expect(
      all.output.contains("Left out, since the block's result has another shape than its input: layer2.0, layer3.0."))

    // Several runs are seeds, and so are those of a variant.
    let seeds = try labrun.run("lesion", runs[0], runs[1], "--json")
    #expect(try JSONValue(parsing: seeds.output)["models"]?.integerValue == 2, "\(seeds.errors)")
    let variant = try labrun.run("lesion", "tiny", "--variant", "odconv-2x")
    #expect(variant.status == 0, "\(variant.errors)")
    #expect(variant.output.contains("Lesions of odconv-2x of tiny, 2 runs on synthetic-signs, test"))
    #expect(
      variant.output.replacing("\n", with: " ").contains("2 models are too few for intervals of the mean"),
      "\(variant.output)")

    for (arguments, status, sentence) in [
      ([other], 64, "the model has no attentions; it has blocks, channels, filters: name them with --parts"),
      ([runs[0], other], 64, "are other networks, and lesions are compared over seeds of one"),
      ([runs[0], runs[0]], 64, "was given twice"),
      ([runs[0], "--parts", "filter"], 64, "(did you mean \"filters\"?)"),
      ([runs[0], "--replace", "zero"], 64, "attentions cannot be replaced by zero, but by mean, one, random"),
      (
        [runs[0], "--parts", "attentions", "--parts", "blocks", "--replace", "mean"], 64,
        "blocks can be replaced by identity only, and --replace has mean"
      ),
      ([runs[0], "--layers", "layer9.*"], 64, "no layer with attentions is called \"layer9.*\""),
      ([runs[0], "--replace", "one", "--sample", "5"], 64, "--sample is of attentions"),
      ([runs[0], "--draw-seed", "5"], 64, "--draw-seed is of attentions that are replaced by random"),
      ([runs[0], "--parts", "blocks", "--each-part"], 64, "--each-part is of attentions"),
      ([runs[0], "--parts", "blocks", "--layers", "layer2.0"], 64, "has another shape than its input (layer2.0)"),
      (["tiny", "--variant", "odconv-3x"], 64, "(did you mean \"odconv-2x\"?)"),
      ([runs[0], "--confidence", "2"], 64, "--confidence lies between 0 and 1"),
    ] as [([String], Int32, String)] {
      let refused = try labrun.run(["lesion"] + arguments)
      #expect(refused.status == status, "\(arguments): \(refused.errors)")
      #expect(refused.errors.contains(sentence), "\(arguments): \(refused.errors)")
    }
  }
}
