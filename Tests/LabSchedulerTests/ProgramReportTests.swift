import Foundation
import LabCore
import LabRecords
import LabScheduler
import Testing

/// What programs report, by lines of JSON, by what they print and by files of predictions.
@Suite struct ProgramReportTests {
  private func report(_ line: String) throws -> ProgramReport { try ProgramReport(line: Data(line.utf8)) }

  @Test func linesAreRead() throws {
    #expect(
      try report(#"{"epoch": 3, "test_accuracy": 0.91, "loss": 2}"#) == .epoch(2, ["test_accuracy": 0.91, "loss": 2]))
    #expect(try report(#"{"test_accuracy": 0.5}"#) == .final(["test_accuracy": 0.5]))
    #expect(try report(#"{"message": "hello NaN"}"#) == .message("hello NaN"))
    #expect(try report(#"{"artifact": "w.pt", "kind": "weights"}"#) == .artifact(path: "w.pt", kind: "weights"))
    #expect(try report(#"{"predictions": "p.npz"}"#) == .predictions(path: "p.npz"))
    #expect(
      try report(#"{"progress": {"epoch": 2, "epochs": 9, "step": 3, "steps": 4, "loss": Infinity}}"#)
        == .progress(RunProgress(epoch: 1, epochs: 9, step: 3, stepsPerEpoch: 4, loss: .infinity)))
    #expect(try ProgramReport(line: Data(#"{"epoch": 0, "a": 1}"#.utf8), firstEpoch: 0) == .epoch(0, ["a": 1]))
    #expect(
      try ProgramReport(line: Data(#"{"progress": {"epoch": 8}}"#.utf8), firstEpoch: 0)
        == .progress(RunProgress(epoch: 8, epochs: 9, step: 0, stepsPerEpoch: 1)))
    guard case .epoch(0, let metrics) = try report(#"{"epoch": 1, "a": NaN, "b": -Infinity}"#) else {
      Issue.record("no epoch")
      return
    }
    #expect(metrics["a"]?.isNaN == true && metrics["b"] == -.infinity)
  }

  @Test(arguments: [
    ("", "expected an object of JSON on one line"), ("[1]", "expected an object of JSON on one line"),
    (#"{"epoch": 0, "a": 1}"#, "\"epoch\": expected a whole number from 1, found 0"),
    (#"{"epoch": 1.5, "a": 1}"#, "\"epoch\": expected a whole number from 1"),
    (#"{"epoch": 1}"#, "expected at least one metric"), ("{}", "expected at least one metric"),
    (#"{"Test Acc": 1}"#, "\"Test Acc\": expected a metric's name of small letters, digits and _"),
    (#"{"acc": "high"}"#, "\"acc\": expected a number, found the string \"high\""),
    (#"{"message": 3}"#, "\"message\": expected a string"), (#"{"progress": 3}"#, "\"progress\": expected an object"),
  ])
  func whatIsNoReportIsExplained(line: String, message: String) {
    let error = #expect(throws: ProgramReport.Problem.self) { try report(line) }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test func patternsFindMetrics() throws {
    let plain = try ProgramPattern("test acc: {test_accuracy}")
    #expect(plain.metrics(in: "epoch 3  TEST   acc: 0.913 (best)") == ["test_accuracy": 0.913])
    #expect(plain.metrics(in: "train acc: 0.5") == [:])
    let both = try ProgramPattern("acc {test_accuracy}% loss {test_loss}")
    #expect(both.metrics(in: "acc 91.5% loss 1.5e-2") == ["test_accuracy": 0.915, "test_loss": 0.015])
    #expect(try ProgramPattern("{a}", percentMetrics: ["a"]).metrics(in: "50") == ["a": 0.5])
    #expect(try ProgramPattern("loss={loss}").metrics(in: "loss=nan")["loss"]?.isNaN == true)
    #expect(try ProgramPattern("x [{a}] (b)").metrics(in: "x [-3.5] (b)") == ["a": -3.5])
  }

  @Test func growingFilesGiveEachLineOnce() throws {
    let path = FileManager.default.temporaryDirectory.path + "/growing-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    var file = GrowingFile(path)
    #expect(file.lines().isEmpty)
    try Data().write(to: URL(fileURLWithPath: path))
    let handle = try #require(FileHandle(forWritingAtPath: path))
    var found: [String] = []
    func take(_ isWhole: Bool = false) {
      found += file.lines(isWhole: isWhole).map { "\($0.number) \(String(decoding: $0.line, as: UTF8.self))" }
    }
    for piece in ["one\ntw", "o\n\nfo", "ur"] {
      try handle.write(contentsOf: Data(piece.utf8))
      take()
    }
    #expect(found == ["1 one", "2 two", "3 "])
    take(true)
    take(true)
    #expect(found.last == "4 four" && found.count == 4)
    // What nobody can look at is passed over, and its number counts.
    try handle.write(contentsOf: Data(repeating: UInt8(ascii: "x"), count: 3 << 20) + Data("\nlast\n".utf8))
    take()
    #expect(found.last == "6 last" && found.count == 5)
  }

  /// A file that NumPy 2.4 wrote: `numpy.savez(path, logits=float32 [2, 3], labels=int64 [2])`.
  @Test func predictionsOfNumPyAreRead() throws {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
      "Fixtures/predictions.npz")
    let predictions = try ProgramPredictions(contentsOf: url.path)
    #expect(predictions.predictions.logits == [0.5, 2, -1, 3, 0.25, 1.5])
    #expect(predictions.predictions.labels == [1, 2] && predictions.classNames == ["0", "1", "2"])
    #expect(predictions.metrics["test_accuracy"] == 0.5)
    let whole = try Data(contentsOf: url)
    let path = FileManager.default.temporaryDirectory.path + "/broken-\(UUID().uuidString).npz"
    defer { try? FileManager.default.removeItem(atPath: path) }
    // Cut anywhere, or with any byte changed, it is read or refused, and never more than that.
    for length in stride(from: 0, to: whole.count, by: 7) {
      try whole.prefix(length).write(to: URL(fileURLWithPath: path))
      #expect(throws: (any Error).self) { try ProgramPredictions(contentsOf: path) }
    }
    for place in stride(from: 0, to: whole.count, by: 3) {
      var broken = whole
      broken[broken.startIndex + place] ^= 0xff
      try broken.write(to: URL(fileURLWithPath: path))
      _ = try? ProgramPredictions(contentsOf: path)
    }
    #expect(throws: (any Error).self) { try ProgramPredictions(contentsOf: path + "-none") }
  }
}
