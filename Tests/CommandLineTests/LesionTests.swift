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

  private static func forgetLesions(of run: String, _ labrun: Labrun) throws {
    let folder = labrun.folder.appendingPathComponent("Results/runs/\(run)")
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where name.hasPrefix("lesions-") {
      try FileManager.default.removeItem(at: folder.appendingPathComponent(name))
    }
  }

  /// Lesions are kept beside the run, and reports and figures show them.
  @Test func lesionsAreStoredAndReported() throws {
    let (labrun, runs, _) = try Self.trained()
    defer { labrun.remove() }
    let none = try labrun.run("plot", "lesions", "tiny")
    #expect(none.status != 0 && none.errors.contains("`labrun lesion tiny --variant LABEL` evaluates and stores them"))

    let first = try labrun.run("lesion", runs[0], "--parts", "kernel-attention", "--json")
    #expect(first.status == 0, "\(first.errors)")
    let more = try labrun.run(
      "lesion", runs[0], "--parts", "kernel-attention", "--each-part", "--replace", "mean",
      "--replace", "one", "--json")
    #expect(more.errors.contains("7 lesions in ") && more.errors.contains(", and 7 from the record"), "\(more.errors)")
    let (known, all) = try (rows(JSONValue(parsing: first.output)), rows(JSONValue(parsing: more.output)))
    for row in known {
      let same = all.first { $0["layer"] == row["layer"] && $0["replacement"] == row["replacement"] }
      #expect(same?["accuracy"] == row["accuracy"])
    }

    let report = try labrun.run("report", "tiny", "--format", "markdown", "--output", "-")
    #expect(report.status == 0, "\(report.errors)")
    #expect(report.output.contains("## Lesions"), "\(report.output)")
    #expect(report.output.contains("### odconv-2x, 86 test images"))
    #expect(report.output.contains("1 of 2 completed runs has lesions on record."))
    let plot = try labrun.run("plot", "lesions", "tiny", "--format", "json")
    let values = try JSONValue(parsing: plot.output)["data"]?["values"]?.arrayValue
    #expect(values?.count == 14, "\(plot.output)\(plot.errors)")
    #expect(values?.first?["lesion"] == "kernel-attention, all 6 layers, mean")
    let own = try labrun.run("plot", "lesions", "tiny", "--variant", "odconv-2x", "--format", "json")
    #expect(own.status == 0 && own.output == plot.output, "\(own.errors)")
    let other = try labrun.run("plot", "lesions", "tiny", "--variant", "baseline")
    #expect(other.status != 0 && other.errors.contains("no run of baseline has lesions on record"), "\(other.errors)")

    let folder = labrun.folder.appendingPathComponent("Results/runs/\(runs[0])")
    let name = try #require(
      FileManager.default.contentsOfDirectory(atPath: folder.path).first {
        $0.hasPrefix("lesions-") && $0.hasSuffix(".h5")
      })
    let file = folder.appendingPathComponent(name)
    var bytes = try Data(contentsOf: file)
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: file)
    let damaged = try labrun.run("report", "tiny", "--format", "markdown", "--output", "-")
    #expect(damaged.status == 0 && damaged.output.contains(name), "\(damaged.output)")
    let doctor = try labrun.run("doctor", "--check", "--json")
    #expect(doctor.output.contains(name), "\(doctor.output)")
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
    let again = try labrun.run("lesion", runs[0], "--json")
    #expect(try JSONValue(parsing: again.output) == json)
    #expect(again.errors.contains("11 lesions from the record; nothing was evaluated"), "\(again.errors)")
    try Self.forgetLesions(of: runs[0], labrun)
    let single = try labrun.run("lesion", runs[0], "--json", "--threads", "1")
    #expect(try JSONValue(parsing: single.output) == json)
    #expect(single.errors.contains("11 lesions in "), "\(single.errors)")

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
