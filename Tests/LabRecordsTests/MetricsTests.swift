import Foundation
import LabCore
import LabRecords
import Testing

@Suite struct MetricsTests {
  @Test func namesHaveASplitAndABase() {
    for (key, split, base) in [
      ("test_accuracy", "test", "accuracy"), ("validation_macro_f1", "validation", "macro_f1"),
      ("train_loss", "train", "loss"), ("train_seconds", nil, "train_seconds"), ("learning_rate", nil, "learning_rate"),
      ("test_my_own", "test", "my_own"), ("my_own", nil, "my_own"), ("test_", nil, "test_"), ("", nil, ""),
    ] as [(String, String?, String)] {
      #expect(MetricName(key).split == split && MetricName(key).base == base, "\(key)")
      #expect(MetricName(key).key == key)
    }
    #expect(MetricName.test("accuracy") == "test_accuracy" && MetricName("f1", of: "validation") == "validation_f1")
  }

  @Test func numbersKeepTheirOrderAndAreEqualInAnyOrder() {
    var metrics: Metrics = ["b": 1, "a": 2]
    metrics["c"] = 3
    metrics["b"] = 4
    #expect(metrics.names == ["b", "a", "c"] && metrics.map(\.value) == [4, 2, 3])
    #expect(metrics.sortedByName.map(\.name) == ["a", "b", "c"])
    #expect(metrics == ["c": 3, "a": 2, "b": 4])
    #expect(metrics != ["c": 3, "a": 2] && metrics != ["c": 3, "a": 2, "x": 4])
    metrics["a"] = nil
    metrics["never"] = nil
    #expect(metrics.names == ["b", "c"] && metrics["a"] == nil && metrics.count == 2)
    #expect(metrics + ["c": 5, "d": 6] == ["b": 4, "c": 5, "d": 6])
    #expect(metrics.named(of: "test") == ["test_b": 4, "test_c": 3])
    let splits: Metrics = ["test_accuracy": 1, "validation_accuracy": 2, "train_seconds": 3]
    #expect(splits.only(split: "test") == ["test_accuracy": 1] && splits.only(split: "train").isEmpty)
  }

  @Test func numbersThatAreNotFiniteSurviveJSON() throws {
    let metrics: Metrics = [
      "test_loss": .infinity, "train_loss": .nan, "x": -.infinity, "y": 1e-300, "odd \"name\"": 0,
    ]
    let decoded = try JSONDecoder().decode(Metrics.self, from: JSONEncoder().encode(metrics))
    #expect(decoded == metrics && decoded.hashValue == metrics.hashValue)
    #expect(decoded["train_loss"]?.isNaN == true)
    #expect(metrics != metrics + ["train_loss": 0] && metrics + ["x": .nan] != metrics)
    #expect(metrics.json["test_loss"] == .null && metrics.json["y"] == .number(1e-300))
    #expect(throws: (any Error).self) { try JSONDecoder().decode(Metrics.self, from: Data(#"{"a": "b"}"#.utf8)) }
  }
}
