import Foundation
import LabRecords
import LabServe
import LabTesting
import Testing

/// The window in a real browser: Chromium, driven by Playwright, where a machine has both.
@Suite struct BrowserTests {
  static let python = PythonPackages.interpreter(importing: "playwright.sync_api")
  static let browser = [
    ProcessInfo.processInfo.environment["LABRUN_TEST_BROWSER"], "/usr/bin/chromium", "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
  ]
  .compactMap { $0 }.first { FileManager.default.isExecutableFile(atPath: $0) }

  static let isMissing = python == nil || browser == nil
  static var reason: Comment {
    python == nil
      ? "\(PythonPackages.missing("playwright"))"
      : "there is no Chromium; LABRUN_TEST_BROWSER names one, Debian has the package chromium"
  }

  @Test(.disabled(if: isMissing, reason), .timeLimit(.minutes(3)))
  func aSweepIsWatchedToItsEnd() throws {
    let results = try SampleResults()
    defer { results.remove() }
    let names = Array(SampleResults.hostile[1...2])
    _ = try results.complete(SampleResults.sweep(name: "hostile", levels: names, seeds: 3))
    // Of two variants: built for debugging, comparisons of many take seconds.
    let sweep = SampleResults.sweep(name: "ablation", levels: ["static", "odconv-4x"], seeds: 3)
    let id = try results.complete(sweep) { variant, _ in variant == 1 }
    let last = sweep.variants[1].runs
    try results.train(id, last[0], variant: 1, epochs: 2, outcome: .failed(reason: "the loss is not finite"))
    try withServer(of: results) { server in
      let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
        "Fixtures/browse.py")
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = [try #require(Self.python), script.path, try #require(Self.browser), server.address]
      let output = Pipe()
      process.standardOutput = output
      process.standardError = output
      try process.run()
      // The script says when it looks, and the sweep is trained before its eyes.
      var heard = ""
      func hear(_ word: String) {
        while !heard.contains(word + "\n") {
          let data = output.fileHandleForReading.availableData
          guard !data.isEmpty else { return }
          heard += String(decoding: data, as: UTF8.self)
        }
      }
      hear("ready")
      let leases = try last.dropFirst().map { try results.train(id, $0, variant: 1, epochs: 1) }
      hear("running")
      for (run, lease) in zip(last.dropFirst(), leases) { try results.record(1, of: run, variant: 1, lease) }
      hear("going on")
      for (run, lease) in zip(last.dropFirst(), leases) {
        for epoch in 2..<run.plannedEpochs { try results.record(epoch, of: run, variant: 1, lease) }
        try results.store.finish(lease, SampleResults.final(variant: 1, run: run))
      }
      heard += String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationStatus == 0 && heard.contains("all is well"), "\(heard)")
    }
  }
}
