import Foundation
import LabStore
import LabTesting
import Testing

/// The window by the rules of axe-core: what keeps somebody from using a page, on a light and a dark ground and on a phone.
@Suite struct AccessibilityTests {
  private static let python = PythonPackages.interpreter(importing: "playwright.sync_api, axe_playwright_python")
  private static let browser = [
    ProcessInfo.processInfo.environment["LABRUN_TEST_BROWSER"], "/usr/bin/chromium", "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
  ]
  .compactMap { $0 }.first { FileManager.default.isExecutableFile(atPath: $0) }

  private static var reason: Comment {
    python == nil
      ? "\(PythonPackages.missing("playwright and axe-playwright-python"))"
      : "there is no Chromium; LABRUN_TEST_BROWSER names one, Debian has the package chromium"
  }

  @Test(.disabled(if: python == nil || browser == nil, reason), .timeLimit(.minutes(10)))
  func everybodyCanUseEveryPage() throws {
    let labrun = try Labrun.withPhotos()
    defer { labrun.remove() }
    let started = try labrun.start(["serve", "--port", "0"])
    defer { started.process.terminate() }
    var line = ""
    while !line.contains("\n") {
      let data = started.output.fileHandleForReading.availableData
      guard !data.isEmpty else { break }
      line += String(decoding: data, as: UTF8.self)
    }
    let base = String(try #require(line.firstMatch(of: /is shown at (http:\S+)\/ \(/)?.output.1))
    let store = try StudyStore(reading: labrun.folder.appendingPathComponent("Results").path)
    let run = try #require(store.sweep(1).runs.first).identity.short
    let list = try String(contentsOf: #require(URL(string: "\(base)/data")), encoding: .utf8)
    let id = try #require(list.matches(of: /href="\/data\/([0-9a-f]+)"/).last?.output.1)
    let image = labrun.folder.appendingPathComponent("photos/test/turn/0.pgm").path
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/axe.py")
    let paths = [
      "/", "/sweeps/small", "/sweeps/large?by=loss", "/sweeps/small?layout=components&smooth=0.5", "/runs/\(run)",
      "/compare?sweep=small&variant=baseline&variant=focal", "/runs/\(run)/images", "/sweeps/small/images", "/data",
      "/data/\(id)", "/data/\(id)/images?class=turn", "/predict", "/runs/\(run)/predict image=\(image)", "/api",
      "/nothing",
    ]
    let said = try PythonPackages.run(
      try #require(Self.python), [script.path, try #require(Self.browser), base] + paths)
    #expect(said.status == 0 && said.output.hasSuffix("all is well\n"), "\(said.output)\(said.errors)")
  }
}
