import Foundation
import LabCore
import LabStats

extension JSONValue {
  /// The whole numbers of an array.
  var integers: [Int] { numbers.map { Int($0) } }
}

/// Normal samples by coordinates, so that simulations are the same everywhere.
struct Simulation {
  let stream: RandomStream

  init(_ name: String) { stream = RandomStream(seed: 16, name: name) }

  /// Standard normal samples of one repetition.
  func normals(_ count: Int, repetition: Int, _ part: Int = 0) -> [Double] {
    (0..<count).map { stream.normal(UInt64(repetition), UInt64(part) << 32 | UInt64($0)) }
  }

  /// The share of repetitions for which a condition holds.
  static func share(of count: Int, _ holds: @Sendable (Int) -> Bool) -> Double {
    let results = Parallel.results(of: Array(0..<count), chunkSize: 16) { holds($0) }
    return Double(results.lazy.filter { (try? $0.get()) == true }.count) / Double(count)
  }
}

/// Matched predictions from a fixture's runs.
func matchedPredictions(_ runs: JSONValue, classCount: Int) -> MatchedPredictions? {
  func predictions(_ key: String) -> [UInt64: ImagePredictions] {
    let rows = runs[key]?.rows ?? []
    return Dictionary(
      uniqueKeysWithValues: rows.enumerated().map { seed, classes in
        (UInt64(seed), ImagePredictions(classes: classes.map { Int32($0) }, confidences: classes.map { _ in 0.5 }))
      })
  }
  return MatchedPredictions(
    labels: (runs["labels"]?.integers ?? []).map { Int32($0) }, classCount: classCount,
    treatment: predictions("treatment"), reference: predictions("reference"))
}
