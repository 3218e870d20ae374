import Foundation
import LabCore
import Testing

@Suite struct JSONValueTests {
  @Test func canonicalTextSortsKeysAndHasNoSpace() {
    let value: JSONValue = ["b": [1, 2.5, nil], "a": ["z": true, "y": "text"]]
    #expect(value.canonicalText == #"{"a":{"y":"text","z":true},"b":[1,2.5,null]}"#)
  }

  @Test func equalNumbersHaveOneText() {
    #expect(JSONValue.number(3).canonicalText == JSONValue.integer(3).canonicalText)
    #expect(JSONValue.number(-0.0).canonicalText == "0")
    #expect(JSONValue.number(0.1).canonicalText == "0.1")
    #expect(JSONValue.number(1e-7).canonicalText == "1e-07")
    #expect(JSONValue.number(1e300).canonicalText == "1e+300")
    #expect(JSONValue.number(1).contentHash == JSONValue.integer(1).contentHash)
  }

  @Test func canonicalTextIsReadBackUnchanged() throws {
    let value: JSONValue = [
      "text": "quote \" backslash \\ line\n tab\t bell\u{7} ü 🚦", "number": 1.25e-3, "integer": -7, "flag": false,
      "nothing": nil, "list": [[], [1], ["a": []]],
    ]
    #expect(try JSONValue(parsing: value.canonicalText) == value)
    #expect(try JSONValue(parsing: value.prettyText()) == value)
  }

  @Test func parsingKeepsIntegersAndNumbersApart() throws {
    let value = try JSONValue(parsing: #"{"a": 3, "b": 3.5, "c": true, "d": null, "e": "3"}"#)
    #expect(value["a"] == .integer(3))
    #expect(value["b"] == .number(3.5))
    #expect(value["c"] == .boolean(true))
    #expect(value["d"] == .null)
    #expect(value["e"] == .string("3"))
    #expect(value["f"] == nil)
  }

  @Test func parsingRefusesBrokenText() {
    #expect(throws: (any Error).self) { try JSONValue(parsing: #"{"a": }"#) }
  }

  @Test func keyPathsReadAndCreateObjects() {
    var value: JSONValue = ["model": ["conv": "static"]]
    #expect(value[path: "model.conv"]?.stringValue == "static")
    #expect(value[path: "model.depth"] == nil)
    value[path: "training.loss.gamma"] = 2
    #expect(value.canonicalText == #"{"model":{"conv":"static"},"training":{"loss":{"gamma":2}}}"#)
    // A name that stands for an object gives way to one.
    value[path: "model.conv.kernels"] = 4
    #expect(value[path: "model.conv.kernels"]?.integerValue == 4)
    value[path: "training"] = nil
    #expect(value["training"] == nil)
  }

  @Test func decodesTypes() throws {
    struct Options: Codable, Equatable {
      var kernels: Int
      var rate: Double
    }
    let value: JSONValue = ["kernels": 4, "rate": 0.5]
    #expect(try value.decode(Options.self) == Options(kernels: 4, rate: 0.5))
  }
}
