import Foundation
import LabCore

/// A fixture that `Fixtures/make_fixtures.py` wrote.
func fixture(_ name: String) throws -> JSONValue {
  let url = Bundle.module.bundleURL.appendingPathComponent("Fixtures/\(name).json")
  return try JSONValue(parsing: String(contentsOf: url, encoding: .utf8))
}

extension JSONValue {
  /// The numbers of an array.
  var numbers: [Double] { arrayValue?.compactMap(\.doubleValue) ?? [] }

  /// The rows of an array of arrays of numbers.
  var rows: [[Double]] { arrayValue?.map(\.numbers) ?? [] }

  /// The number of a key; not a number where it is missing, so that no expectation holds.
  func number(_ key: String) -> Double { self[key]?.doubleValue ?? .nan }
}

/// Whether two numbers agree up to a relative error.
func isClose(_ actual: Double?, _ expected: Double, _ relativeError: Double = 1e-12) -> Bool {
  guard let actual else { return false }
  return abs(actual - expected) <= relativeError * abs(expected)
}
