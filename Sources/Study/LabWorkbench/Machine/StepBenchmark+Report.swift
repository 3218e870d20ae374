import Foundation
import LabCore
import LabGraph
import LabReport

extension StepBenchmark.Result {
  package var json: JSONValue {
    var json: JSONValue = [
      "name": .string(name), "model": configuration, "conv": configuration["conv"] ?? .null,
      "pass": .string(options.isInference ? "inference" : "training"), "size": .integer(options.size),
      "batch": .integer(options.batch), "threads": .integer(options.threads),
      "algorithms": .string(options.algorithms.rawValue), "precision": .string(options.precision.rawValue),
      "recompute": .string(options.recomputation.rawValue),
      "median_milliseconds": .number(median),
      "min_milliseconds": .number(milliseconds.min() ?? 0), "max_milliseconds": .number(milliseconds.max() ?? 0),
      "median_processor_milliseconds": .number(processorMedian),
      "breakdown": .object(
        Dictionary(uniqueKeysWithValues: profile.byKind.map { ($0.key.rawValue, JSONValue.number($0.value)) })),
      "layers": .array(
        profile.sorted { ($0.key.path, $0.key.kind.rawValue) < ($1.key.path, $1.key.kind.rawValue) }.map {
          ["layer": .string($0.key.path), "kind": .string($0.key.kind.rawValue), "milliseconds": .number($0.value)]
        }),
      "convolution_methods": .object(choices.mapValues { .string($0) }),
      "peak_gigaflops": peakGigaflops.map(JSONValue.number) ?? .null,
      "convolution_peak_share": convolutionShare.map(JSONValue.number) ?? .null,
      "planned_bytes": .integer(plannedBytes), "resident_bytes": residentBytes.map(JSONValue.integer) ?? .null,
    ]
    if let roofline { json["roofline"] = roofline.json }
    return json
  }

  /// The measured times as lines.
  ///
  /// - Parameter byLayer: whether each layer has a line as well.
  package func text(byLayer: Bool) -> String {
    let rate = NumberText.rate(Double(options.batch) / median * 1e3)
    var lines = [
      "",
      "\(name): median \(NumberText.fixed(median, decimals: 2)) ms (min "
        + "\(NumberText.fixed(milliseconds.min() ?? 0, decimals: 2)), max "
        + "\(NumberText.fixed(milliseconds.max() ?? 0, decimals: 2)), processor time "
        + "\(NumberText.fixed(processorMedian, decimals: 2))), \(rate) images/s, \(peakText)\(NumberText.bytes(plannedBytes)) planned"
        + (residentBytes.map { ", \(NumberText.bytes($0)) resident" } ?? ""),
    ]
    for (kind, milliseconds) in profile.byKind.sorted(by: { $0.value > $1.value }) where milliseconds >= 0.005 {
      let name = kind.rawValue.padding(toLength: 30, withPad: " ", startingAt: 0)
      lines.append("  \(name) \(NumberText.fixed(milliseconds, decimals: 2)) ms")
    }
    if let roofline { lines += roofline.lines }
    if byLayer { lines += layerLines }
    return lines.joined(separator: "\n") + "\n"
  }

  private var peakText: String {
    guard let peakGigaflops, let convolutionShare else { return "" }
    return "convolutions at \(NumberText.fixed(convolutionShare * 100, decimals: 0)) % of the core's "
      + "\(NumberText.fixed(peakGigaflops, decimals: 0)) GFLOP/s, "
  }

  /// A line a layer: its passes, and everything else that is done for it.
  private var layerLines: [String] {
    let passes: [KernelKind] = [.convolutionForward, .convolutionInputGradient, .convolutionWeightGradient]
    let names = ["forward", "input grad", "weight grad", "other", "all"]
    let layers = Dictionary(grouping: profile, by: \.key.path).mapValues { entries in
      let times = passes.map { pass in entries.first { $0.key.kind == pass }?.value ?? 0 }
      let all = entries.reduce(0) { $0 + $1.value }
      return times + [all - times.reduce(0, +), all]
    }
    func line(_ title: String, _ cells: [String]) -> String {
      "  " + title.padding(toLength: 30, withPad: " ", startingAt: 0)
        + cells.map { String(repeating: " ", count: max(12 - $0.count, 1)) + $0 }.joined()
    }
    return ["", line("layer (ms)", names)]
      + layers.filter { $0.value[4] >= 0.01 }.sorted { $0.key.localizedStandardCompare($1.key) == .orderedAscending }
      .map { layer, times in
        line(layer.isEmpty ? "(whole network)" : layer, times.map { NumberText.fixed($0, decimals: 3) })
      }
  }
}
