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
