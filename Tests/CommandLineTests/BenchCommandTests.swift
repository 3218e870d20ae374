import LabCore
import Testing

/// `labrun bench`, as a user starts it.
@Suite struct BenchCommandTests {
  private static let small = [
    "bench", "resnet", "--depth", "8", "--width", "8", "--size", "8", "--conv", "static", "--steps", "1", "--warmup",
    "0",
  ]

  private func kinds(_ result: JSONValue) -> Set<String> {
    Set(result["layers"]?.arrayValue?.compactMap { $0["kind"]?.stringValue } ?? [])
  }

  @Test func aStepAndAPredictionAreMeasured() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let step = try JSONValue(parsing: labrun.run(Self.small + ["--batch", "2", "--json"]).output)
    let training = try #require(step["results"]?.arrayValue?.first)
    #expect(training["pass"]?.stringValue == "training")
    #expect(step["backend"]?.stringValue == "onednn")
    #expect((training["median_milliseconds"]?.doubleValue ?? 0) > 0)
    #expect(kinds(training).isSuperset(of: ["convolution forward", "convolution weight gradient", "optimizer"]))
    // The process holds more than the plan: the program itself and its libraries.
    #expect(training["resident_bytes"]?.integerValue ?? 0 > training["planned_bytes"]?.integerValue ?? .max)
    let json = try JSONValue(parsing: labrun.run(Self.small + ["--batch", "1", "--inference", "--json"]).output)
    let inference = try #require(json["results"]?.arrayValue?.first)
    #expect(inference["pass"]?.stringValue == "inference")
    #expect(kinds(inference).contains("convolution forward"))
    #expect(
      kinds(inference).isDisjoint(with: ["convolution weight gradient", "convolution input gradient", "optimizer"]))
    #expect(
      inference["planned_bytes"]?.integerValue ?? .max < training["planned_bytes"]?.integerValue ?? 0)
  }

  @Test func theTextNamesThePassAndBothMemories() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    // Layers that take less than a hundredth of a millisecond have no line.
    let text = try labrun.run(Self.small + ["--batch", "128", "--inference", "--by-layer"])
    #expect(text.status == 0, "\(text.errors)")
    #expect(text.output.hasPrefix("inference, 8×8, batch 128, 1 thread, "))
    #expect(text.output.contains(" planned, ") && text.output.contains(" resident"))
    #expect(text.output.contains("layer1.0.conv1"))
    let half = try labrun.run(Self.small + ["--batch", "16", "--precision", "bf16"])
    #expect(half.output.hasPrefix("8×8, batch 16, 1 thread, bf16, "), "\(half.errors)")
    #expect(half.output.contains("changes of precision"))
    let refused = try labrun.run(Self.small + ["--inference", "--precision", "bf16"])
    #expect(refused.status == 64)
    #expect(refused.errors.contains("--inference computes in single precision"))
    for setting in ["dropout", "=1"] {
      let unset = try labrun.run(Self.small + ["--set", setting])
      #expect(unset.status != 0)
      #expect(unset.errors.contains("--set takes key=value, such as dropout=0.5, but \"\(setting)\" was given"))
    }
    let speed = try labrun.run("data", "speed", "synthetic-signs", "--augment", "affine")
    #expect(speed.errors.contains("--augment takes key=value, such as rotate_degrees=10, but \"affine\" was given"))
    let interpreted = try labrun.run(Self.small + ["--batch", "2", "--backend", "reference"])
    #expect(interpreted.output.hasPrefix("8×8, batch 2, 1 thread, f32, reference\n"), "\(interpreted.errors)")
    let unknown = try labrun.run(Self.small + ["--backend", "onednm"])
    #expect(unknown.status != 0)
    #expect(
      unknown.errors.contains("this program has no backend \"onednm\" (did you mean \"onednn\"?)"), "\(unknown.errors)")
    let wrong = try labrun.run(Self.small + ["--batch", "1"])
    #expect(wrong.status == 64)
    #expect(wrong.errors.contains("--batch at least 2 (1 with --inference)"))
  }

  @Test func theRooflineSaysWhatLimitsTheStep() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let measured = try labrun.run(Self.small + ["--batch", "16", "--roofline", "--json"])
    let result = try #require(JSONValue(parsing: measured.output)["results"]?.arrayValue?.first)
    let roofline = try #require(result["roofline"])
    let kinds = try #require(roofline["kinds"]?.arrayValue)
    let names = kinds.compactMap { $0["kind"]?.stringValue }
    #expect(
      names.last == "the whole step" && Set(names).isSuperset(of: ["convolutions", "normalization", "optimizer"]))
    func number(_ row: JSONValue, _ key: String) -> Double { row[key]?.doubleValue ?? .nan }
    let (rows, whole) = (kinds.dropLast(), try #require(kinds.last))
    #expect(abs(rows.reduce(0) { $0 + number($1, "gigabytes") } - number(whole, "gigabytes")) < 1e-9)
    // The update reads each weight, its gradient and its momentum, and writes weight and momentum again.
    let described = try JSONValue(
      parsing: labrun.run(
        "describe", "resnet", "--conv", "static", "--set", "depth=8", "--set", "width=8", "--input", "3x8x8",
        "--classes", "10", "--json"
      ).output)
    let parameters = try #require(described["total"]?["parameters"]?.integerValue)
    let update = try #require(rows.first { $0["kind"]?.stringValue == "optimizer" })
    #expect(number(update, "gigabytes") >= Double(parameters * 5 * 4) * 1e-9)
    // Weights lie in whole blocks of channels, which are more.
    #expect(number(update, "gigabytes") < Double(parameters * 5 * 4) * 4e-9)
    for row in kinds {
      let seconds = number(row, "milliseconds") * 1e-3
      let share = number(row, "gigabytes") / seconds / number(roofline, "gigabytes_per_second")
      #expect(abs(share - number(row, "bandwidth_share")) < 1e-6 * max(share, 1))
    }
    let text = try labrun.run(Self.small + ["--batch", "16", "--roofline"])
    #expect(text.output.contains("  roofline: ") && text.output.contains("of memory"))
    let interpreted = try labrun.run(Self.small + ["--batch", "2", "--backend", "reference", "--roofline"])
    #expect(interpreted.status == 0 && interpreted.output.contains("does not tell what limits it"))
    let refused = try labrun.run(Self.small + ["--roofline", "--threads", "2"])
    #expect(refused.status == 64 && refused.errors.contains("--roofline is of one thread"))
  }
}
