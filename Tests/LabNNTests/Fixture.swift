import Foundation
import LabCore
import Testing

/// Reads the fixtures of this target.
enum Fixture {
  static func json(_ name: String) throws -> JSONValue {
    let url = try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: "json"))
    return try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: url))
  }
}

extension JSONValue {
  /// The numbers of a flat list.
  var doubles: [Double] { (arrayValue ?? []).compactMap(\.doubleValue) }

  /// The numbers of a flat list in single precision.
  var floats: [Float] { doubles.map { Float($0) } }
}
