import Foundation
import LabCore
import LabTesting
import Testing

/// Models that are asked over `labrun serve`, compared with `labrun predict`.
@Suite struct ServePredictTests {
  /// A folder with two finished runs, one of a dynamic network, and images.
  private func trained() throws -> (labrun: Labrun, runs: [String]) {
    let labrun = try Labrun()
    try labrun.write(Labrun.spec(epochs: 1), to: "Experiments/tiny.json")
    let sweep = try labrun.run("sweep", "tiny")
    #expect(sweep.status == 0, "\(sweep.errors)")
    for (name, value, width, height) in [("wide.ppm", 10, 40, 20), ("small.ppm", 90, 7, 9)] {
      let data =
        Data("P6 \(width) \(height) 255\n".utf8)
        + Data((0..<3 * width * height).map { UInt8(truncatingIfNeeded: value + $0 * 7 % 90) })
      try data.write(to: labrun.folder.appendingPathComponent(name))
    }
    try Data("not an image".utf8).write(to: labrun.folder.appendingPathComponent("text.png"))
    let runs = try FileManager.default.contentsOfDirectory(
      atPath: labrun.folder.appendingPathComponent("Results/runs").path)
    return (labrun, runs.sorted())
  }

  private struct Server {
    let process: Process
    let address: String

    func end() {
      process.terminate()
      process.waitUntilExit()
    }
  }

  private func start(_ labrun: Labrun, _ arguments: [String]) throws -> Server {
    // In the place of a browser.
    let programs = labrun.folder.appendingPathComponent("bin")
    try FileManager.default.createDirectory(at: programs, withIntermediateDirectories: true)
    for name in ["xdg-open", "open"] {
      let file = programs.appendingPathComponent(name)
      try Data("#!/bin/sh\nprintf %s \"$1\" > \"$(dirname \"$0\")/opened\"\n".utf8).write(to: file)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
    }
    let started = try labrun.start(arguments, variables: ["PATH": "\(programs.path):/usr/bin:/bin"])
    var line = ""
    while !line.contains("\n") {
      let data = started.output.fileHandleForReading.availableData
      guard !data.isEmpty else { break }
      line += String(decoding: data, as: UTF8.self)
    }
    let address = try #require(line.firstMatch(of: /is shown at (http:\S+) \(Ctrl-C ends it\)\n/)?.output.1, "\(line)")
    return Server(process: started.process, address: String(address))
  }

  /// What curl gets: status and body.
  private func curl(_ labrun: Labrun, _ arguments: [String]) throws -> (status: Int, body: Data, location: String?) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.currentDirectoryURL = labrun.folder
    process.arguments = ["curl", "-s", "-i", "--max-time", "120"] + arguments
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    var data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    while true {
      let end = try #require(data.range(of: Data("\r\n\r\n".utf8)), "curl printed no response")
      let head = String(decoding: data[..<end.lowerBound], as: UTF8.self)
      data = Data(data[end.upperBound...])
      let status = try #require(head.split(separator: " ").dropFirst().first.flatMap { Int($0.prefix(3)) })
      guard status != 100 else { continue }
      return (status, data, head.firstMatch(of: /Location: (\S+)/).map { String($0.output.1) })
    }
  }

  private static let hasCurl = FileManager.default.isExecutableFile(atPath: "/usr/bin/curl")

  @Test(.enabled(if: hasCurl, "there is no curl"))
  func programsGetWhatPredictPrints() throws {
    let (labrun, runs) = try trained()
    defer { labrun.remove() }
    let server = try start(labrun, ["serve", "--port", "0"])
    defer { server.end() }
    for run in runs {
      let address = "\(server.address)api/v1/runs/\(run)/predictions"
      let both = try curl(labrun, ["-F", "image=@wide.ppm", "-F", "image=@small.ppm", address])
      #expect(both.status == 200)
      let printed = try labrun.run("predict", run, "wide.ppm", "small.ppm", "--json")
      // To the last digit: the texts are the same.
      #expect(String(decoding: both.body, as: UTF8.self) == printed.output)
      let one = try curl(
        labrun, ["-H", "Content-Type: image/x-portable-pixmap", "--data-binary", "@small.ppm", address + "?top=43"])
      let all = try labrun.run("predict", run, "small.ppm", "--json", "--top", "43")
      let said = String(decoding: one.body, as: UTF8.self).replacing("\"image 1\"", with: "\"small.ppm\"")
      #expect(one.status == 200 && said == all.output)
      // One that is no image is named beside those that are.
      let some = try curl(labrun, ["-F", "image=@wide.ppm", "-F", "image=@text.png", address])
      let json = try JSONValue(parsing: String(decoding: some.body, as: UTF8.self))
      #expect(json["rows"]?.arrayValue?.count == 1 && json["problems"]?.arrayValue?.count == 1)
      #expect(json["problems"]?.arrayValue?.first?["image"]?.stringValue == "text.png")
    }
    let address = "\(server.address)api/v1/runs/\(runs[0])/predictions"
    // 20 000 × 20 000 pixels in a few bytes, and more images than are taken.
    try Data("P6 20000 20000 255\n".utf8).write(to: labrun.folder.appendingPathComponent("bomb.ppm"))
    // One whose head is whole.
    try Data("P6 40 20 255\nabc".utf8).write(to: labrun.folder.appendingPathComponent("torn.ppm"))
    for (arguments, status, words) in [
      (["-F", "image=@torn.ppm"], 422, "torn.ppm"),
      (["-F", "image=@text.png"], 415, "text.png is no image of a known format"),
      (["-F", "image=@bomb.ppm"], 422, "bomb.ppm"), (["-F", "picture=@wide.ppm"], 422, "\"picture\""),
      (["-F", "run=x"], 422, "takes image only"), (["-d", "x=1"], 415, "curl -F image=@FILE"),
      (["-X", "POST", "-H", "Content-Type: image/png"], 422, "no image was sent"),
      (
        Array(repeating: ["-F", "image=@small.ppm"], count: 33).flatMap { $0 }, 413,
        "33 images were sent, and at most 32"
      ),
      (["-H", "Transfer-Encoding: chunked", "-F", "image=@wide.ppm"], 411, "Content-Length"),
      (["-F", "image=@wide.ppm", "-H", "Origin: http://evil.example"], 403, "somebody else's"),
    ] {
      // The shortest request that has a length, where none is sent by itself.
      let lengths = arguments.contains("-X") ? ["-H", "Content-Length: 0"] : []
      let answer = try curl(labrun, arguments + lengths + [address])
      let json = try JSONValue(parsing: String(decoding: answer.body, as: UTF8.self))
      #expect(answer.status == status && json["status"] == .integer(status), "\(arguments): \(answer.status)")
      #expect(json["error"]?.stringValue?.contains(words) == true, "\(arguments): \(json)")
    }
    #expect(
      try curl(labrun, ["-F", "image=@wide.ppm", "\(server.address)api/v1/runs/fff/predictions"]).status == 404)
    #expect(try curl(labrun, ["-F", "image=@wide.ppm", address + "?top=0"]).status == 400)
  }

  @Test(.enabled(if: hasCurl, "there is no curl"))
  func pagesSayTheSameAndImagesAreCollected() throws {
    let (labrun, runs) = try trained()
    defer { labrun.remove() }
    let server = try start(labrun, ["serve", "--port", "0"])
    defer { server.end() }
    let base = String(server.address.dropLast())
    let sent = try curl(
      labrun,
      ["-F", "image=@wide.ppm", "-F", "image=@small.ppm", "-F", "image=@text.png"]
        + runs.flatMap { ["-F", "run=\($0)"] }
        + [base + "/predict"])
    #expect(sent.status == 303)
    let location = try #require(sent.location)
    let page = String(decoding: try curl(labrun, [base + location]).body, as: UTF8.self)
    #expect(page.contains("text.png is no image of a known format"))
    for run in runs {
      let printed = try JSONValue(parsing: labrun.run("predict", run, "wide.ppm", "small.ppm", "--json").output)
      for row in try #require(printed["rows"]?.arrayValue) {
        let (name, share) = (row["class_1"]?.stringValue ?? "", row["probability_1"]?.doubleValue ?? .nan)
        #expect(page.contains("<th scope=\"row\">\(name)</th><td class=\"number\"><data value=\"\(share)\">"), "\(row)")
      }
    }
    // The pictures are those of `labrun explain`, to the last bit.
    let pictures = page.matches(of: /src="(\/answers\/[^"]+\.png)"/).map { String($0.output.1) }
    #expect(pictures.count == 8)
    let explained = try labrun.run("explain", runs[0], "wide.ppm", "--out", "overlays")
    #expect(explained.status == 0, "\(explained.errors)")
    let overlay = try curl(labrun, [base + location + "/pictures/0-0-overlay.png"])
    #expect(
      try overlay.body == Data(contentsOf: labrun.folder.appendingPathComponent("overlays/wide-overlay.png")))
    for picture in ["9-0-seen.png", "0-9-seen.png", "0-0-other.png", "..-0-seen.png", "0-0-seen.png-1"] {
      #expect(try curl(labrun, [base + location + "/pictures/" + picture]).status == 404, "\(picture)")
    }
    #expect(page.contains("attentions of its dynamic convolutions"))

    // The archive has the files as they were sent, in folders of their classes.
    let long = String(repeating: "very long ", count: 12) + "名"
    let archive = try curl(
      labrun, ["-F", "label=stop", "-F", "label=\(long)", base + location + "/labeled"])
    #expect(archive.status == 200)
    try archive.body.write(to: labrun.folder.appendingPathComponent("labeled.tar"))
    let folder = labrun.folder.appendingPathComponent("labeled")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let tar = Process()
    tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    tar.arguments = ["tar", "-xf", labrun.folder.appendingPathComponent("labeled.tar").path, "-C", folder.path]
    try tar.run()
    tar.waitUntilExit()
    #expect(tar.terminationStatus == 0)
    for (label, file) in [("stop", "wide.ppm"), (long, "small.ppm")] {
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent(label).path)
      #expect(names.count == 1 && names[0].hasSuffix(".ppm"))
      #expect(
        try Data(contentsOf: folder.appendingPathComponent("\(label)/\(names[0])"))
          == Data(contentsOf: labrun.folder.appendingPathComponent(file)))
    }
    let inspected = try labrun.run("data", "inspect", "image-folder", "--path", "labeled")
    #expect(inspected.output.contains("2 training images, 0 test images, 2 classes"), "\(inspected)")
    for (labels, status) in [(["stop"], 422), (["", ""], 422), (["../x", ""], 422), ([".x", ""], 422)] {
      let answer = try curl(labrun, labels.flatMap { ["-F", "label=\($0)"] } + [base + location + "/labeled"])
      #expect(answer.status == status, "\(labels)")
    }
    #expect(try curl(labrun, [base + "/answers/0123456789abcdef0123456789abcdef"]).status == 404)
    #expect(try curl(labrun, ["-F", "image=@wide.ppm", base + "/predict"]).status == 422)
    let many = try curl(
      labrun, ["-F", "image=@wide.ppm"] + (0..<5).flatMap { ["-F", "run=\($0)"] } + [base + "/predict"])
    #expect(many.status == 422 && String(decoding: many.body, as: UTF8.self).contains("at most 4 are asked at once"))
  }

  @Test(.enabled(if: hasCurl, "there is no curl"))
  func onePageAloneIsShown() throws {
    let (labrun, runs) = try trained()
    defer { labrun.remove() }
    for arguments in [["serve", "--port", "0", "--predict", runs[0]], ["predict", runs[0], "--open"]] {
      let server = try start(labrun, arguments)
      defer { server.end() }
      let base = String(server.address.dropLast())
      let opened = labrun.folder.appendingPathComponent("bin/opened")
      if arguments.contains("--open") {
        for _ in 0..<100 where (try? Data(contentsOf: opened).isEmpty) != false { usleep(50_000) }
        #expect(try String(contentsOf: opened, encoding: .utf8) == server.address)
      } else {
        #expect(!FileManager.default.fileExists(atPath: opened.path))
      }
      let root = try curl(labrun, [base + "/"])
      #expect(root.status == 303 && root.location == "/runs/\(runs[0])/predict")
      let page = try curl(labrun, [base + "/runs/\(runs[0])/predict"])
      #expect(page.status == 200)
      let text = String(decoding: page.body, as: UTF8.self)
      #expect(!text.contains("href=\"/api\"") && !text.contains("href=\"/\""))
      for path in [
        "/api", "/predict", "/runs/\(runs[0])", "/runs/\(runs[1])/predict", "/sweeps/tiny", "/api/v1/sweeps",
        "/runs/\(runs[0])/files/weights-final.h5", "/api/v1/openapi.json", "/api/v1/runs/\(runs[1])/predictions",
      ] {
        #expect(try curl(labrun, [base + path]).status == 404, "\(path)")
      }
      #expect(
        try curl(labrun, ["-F", "image=@wide.ppm", "\(base)/api/v1/runs/\(runs[1])/predictions"]).status != 200)
      #expect(try curl(labrun, ["-F", "image=@wide.ppm", "\(base)/api/v1/runs/\(runs[0])/predictions"]).status == 200)
      let sent = try curl(labrun, ["-F", "image=@wide.ppm", "\(base)/runs/\(runs[0])/predict"])
      #expect(sent.status == 303)
      #expect(try curl(labrun, [base + (sent.location ?? "")]).status == 200)
    }
    for arguments in [["serve", "--port", "0", "--predict", "fff"], ["predict", "fff", "--open"]] {
      let result = try labrun.run(arguments)
      #expect(result.status == 66 && result.errors.contains("there is no run \"fff\""), "\(result.errors)")
    }
    let both = try labrun.run("predict", runs[0], "wide.ppm", "--open")
    #expect(both.status == 64 && both.errors.contains("an image does nothing"), "\(both.errors)")
  }

  // MARK: A browser

  private static let python = PythonPackages.interpreter(importing: "playwright.sync_api")
  private static let browser = [
    ProcessInfo.processInfo.environment["LABRUN_TEST_BROWSER"], "/usr/bin/chromium", "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
  ]
  .compactMap { $0 }.first { FileManager.default.isExecutableFile(atPath: $0) }

  @Test(
    .disabled(if: python == nil || browser == nil, "Playwright or Chromium is missing; `make python` and chromium"),
    .timeLimit(.minutes(4)))
  func imagesAreDroppedInABrowser() throws {
    let (labrun, runs) = try trained()
    defer { labrun.remove() }
    let server = try start(labrun, ["serve", "--port", "0"])
    defer { server.end() }
    let printed = try JSONValue(parsing: labrun.run("predict", runs[0], "wide.ppm", "--json").output)
    let row = try #require(printed["rows"]?.arrayValue?.first)
    let table = try labrun.run("predict", runs[0], "wide.ppm").output
    let expected = (1...5).map { rank -> String in
      let name = row["class_\(rank)"]?.stringValue ?? ""
      let text = String(format: "%.1f %%", (row["probability_\(rank)"]?.doubleValue ?? .nan) * 100)
      // What is printed is what the page has to say.
      #expect(table.contains("\(name) \(text)"), "\(table)")
      return "\(name)\t\(text)"
    }
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/ask.py")
    let result = try PythonPackages.run(
      #require(Self.python),
      [
        script.path, #require(Self.browser), server.address, runs[0],
        labrun.folder.appendingPathComponent("wide.ppm").path, labrun.folder.appendingPathComponent("small.ppm").path,
      ] + expected)
    #expect(result.status == 0 && result.output.contains("all is well"), "\(result.output)\(result.errors)")
  }
}
