import LabCore
import LabGraph
import LabReport

/// What limits a step: how near each kind of its work comes to the core's multiply-adds and to its way to the memory.
package struct Roofline: Sendable {
  /// One kind of work.
  package struct Row: Sendable {
    package var name: String
    package var milliseconds: Double
    /// Operations of the direct method in units of 1e9, a multiply-add counted as two; nil where nothing worth counting is
    /// multiplied.
    package var gigaflop: Double?
    /// Bytes that move between the memory and the caches, in units of 1e9.
    package var gigabytes: Double
  }

  /// The most operations of a core in GFLOP/s, as measured.
  package var peakGigaflops: Double
  /// The most bytes between a core and the memory in GB/s, as measured.
  package var gigabytesPerSecond: Double
  /// The kinds of work, the longest first, and the whole step last.
  package var rows: [Row] = []

  /// - Parameters:
  ///   - profile: milliseconds.
  ///   - traffic: bytes.
  ///   - convolutionOperations: operations of all convolutions by the direct method.
  init(
    peakGigaflops: Double, gigabytesPerSecond: Double, profile: [ProfileKey: Double], traffic: [ProfileKey: Int],
    convolutionOperations: Double
  ) {
    self.peakGigaflops = peakGigaflops
    self.gigabytesPerSecond = gigabytesPerSecond
    let convolutions: Set<KernelKind> = [
      .convolutionForward, .convolutionInputGradient, .convolutionWeightGradient, .dynamicWeights,
    ]
    func name(_ kind: KernelKind) -> String { convolutions.contains(kind) ? "convolutions" : kind.rawValue }
    var found: [String: Row] = [:]
    for (key, milliseconds) in profile {
      let name = name(key.kind)
      found[name, default: Row(name: name, milliseconds: 0, gigabytes: 0)].milliseconds += milliseconds
    }
    for (key, bytes) in traffic {
      let name = name(key.kind)
      found[name, default: Row(name: name, milliseconds: 0, gigabytes: 0)].gigabytes += Double(bytes) * 1e-9
    }
    found["convolutions"]?.gigaflop = convolutionOperations * 1e-9
    var whole = Row(name: "the whole step", milliseconds: 0, gigaflop: convolutionOperations * 1e-9, gigabytes: 0)
    for row in found.values {
      whole.milliseconds += row.milliseconds
      whole.gigabytes += row.gigabytes
    }
    rows = found.values.sorted { ($1.milliseconds, $0.name) < ($0.milliseconds, $1.name) } + [whole]
  }

  /// The share of the multiply-adds' peak; above 1 where a faster method than the direct one saves some of them.
  package func peakShare(_ row: Row) -> Double? {
    guard let gigaflop = row.gigaflop, row.milliseconds > 0 else { return nil }
    return gigaflop / (row.milliseconds * 1e-3) / peakGigaflops
  }

  /// The share of the memory's bandwidth; above 1 where caches hold what the plan takes for memory's.
  package func bandwidthShare(_ row: Row) -> Double? {
    guard row.milliseconds > 0 else { return nil }
    return row.gigabytes / (row.milliseconds * 1e-3) / gigabytesPerSecond
  }

  // MARK: As text

  package var json: JSONValue {
    [
      "peak_gigaflops": .number(peakGigaflops), "gigabytes_per_second": .number(gigabytesPerSecond),
      "kinds": .array(
        rows.map { row in
          [
            "kind": .string(row.name), "milliseconds": .number(row.milliseconds),
            "gigaflop": row.gigaflop.map(JSONValue.number) ?? .null, "gigabytes": .number(row.gigabytes),
            "peak_share": peakShare(row).map(JSONValue.number) ?? .null,
            "bandwidth_share": bandwidthShare(row).map(JSONValue.number) ?? .null,
          ]
        }),
    ]
  }

  /// A table of a line a kind.
  package var lines: [String] {
    func line(_ title: String, _ cells: [String]) -> String {
      "  " + title.padding(toLength: 30, withPad: " ", startingAt: 0)
        + cells.map { String(repeating: " ", count: max(11 - $0.count, 1)) + $0 }.joined()
    }
    func share(_ value: Double?) -> String {
      value.map { NumberText.fixed($0 * 100, decimals: 0) + " %" } ?? NumberText.missing
    }
    let peak = NumberText.fixed(peakGigaflops, decimals: 0)
    let bandwidth = NumberText.fixed(gigabytesPerSecond, decimals: 1)
    let ridge = NumberText.fixed(peakGigaflops / gigabytesPerSecond, decimals: 1)
    return [
      "",
      "  roofline: \(peak) GFLOP/s, \(bandwidth) GB/s; below \(ridge) operations a byte, memory is the limit",
      line("", ["ms", "GFLOP", "of peak", "GB", "of memory"]),
    ]
      + rows.filter { $0.milliseconds >= 0.005 }.map { row in
        line(
          row.name,
          [
            NumberText.fixed(row.milliseconds, decimals: 2),
            row.gigaflop.map { NumberText.fixed($0, decimals: 2) } ?? NumberText.missing, share(peakShare(row)),
            NumberText.fixed(row.gigabytes, decimals: 3), share(bandwidthShare(row)),
          ])
      }
  }
}
