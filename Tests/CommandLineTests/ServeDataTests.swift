import Foundation
import LabCore
import LabData
import LabStore
import Testing

/// The data sets of sweeps in the window, compared with `labrun data inspect`.
@Suite struct ServeDataTests {
  private func start(_ labrun: Labrun) throws -> (process: Process, base: String) {
    let started = try labrun.start(["serve", "--port", "0"])
    var line = ""
    while !line.contains("\n") {
      let data = started.output.fileHandleForReading.availableData
      guard !data.isEmpty else { break }
      line += String(decoding: data, as: UTF8.self)
    }
    return (started.process, String(try #require(line.firstMatch(of: /is shown at (http:\S+)\/ \(/)?.output.1)))
  }

  private func get(_ address: String) throws -> Data { try Data(contentsOf: #require(URL(string: address))) }

  private func json(_ address: String) throws -> JSONValue {
    try JSONValue(parsing: String(decoding: get(address), as: UTF8.self))
  }

  /// A page of a data set, when it has been read.
  private func page(_ address: String) throws -> String {
    for _ in 0..<200 {
      let text = String(decoding: try get(address), as: UTF8.self)
      if !text.contains("are being read") { return text }
      usleep(100_000)
    }
    throw CocoaError(.fileReadUnknown)
  }

  @Test func aDataSetIsWhatInspectPrints() throws {
    let labrun = try Labrun.withPhotos()
    defer { labrun.remove() }
    let (process, base) = try start(labrun)
    defer { process.terminate() }
    let rows = try #require(json("\(base)/api/v1/data")["rows"]?.arrayValue)
    #expect(rows.compactMap { $0["dataset"]?.stringValue } == ["synthetic-signs", "image-folder"])
    let ids = rows.compactMap { $0["data"]?.stringValue }
    #expect(rows[1]["sweeps"] == [2, 1] && rows[1]["path"] == "photos" && ids.count == 2)

    // The resource is the command's JSON, by the settings that the page names.
    for (id, words) in [
      (ids[1], ["image-folder", "--path", "photos", "--set", "on_corrupt=skip"]),
      (ids[0], ["synthetic-signs", "--set", "image_size=16", "--set", "test_count=45", "--set", "train_count=50"]),
    ] {
      let printed = try labrun.run(["data", "inspect"] + words + ["--json"])
      #expect(printed.status == 0, "\(printed.errors)")
      #expect(try json("\(base)/api/v1/data/\(id)") == JSONValue(parsing: printed.output))
      let page = try page("\(base)/data/\(id)")
      #expect(page.contains("<code>labrun data inspect \(words.joined(separator: " "))</code>"))
    }

    let id = ids[1]
    let said = try json("\(base)/api/v1/data/\(id)")
    let page = try page("\(base)/data/\(id)")
    for name in ["findings", "classes", "images", "pixels", "duplicates", "damaged", "suspicious", "sweeps"] {
      #expect(page.contains("<section id=\"\(name)\""), "\(name)")
    }
    #expect(!page.contains("<b>stop") && page.contains("&lt;b&gt;stop"))
    for finding in try #require(said["findings"]?.arrayValue) {
      let message = try #require(finding["message"]?.stringValue)
      #expect(
        page.contains(message.replacing("<", with: "&lt;").replacing(">", with: "&gt;").replacing("\"", with: "&quot;"))
      )
    }
    // Each pair of equal images stands side by side: the one in both parts first, then the one of two classes.
    let groups = page.components(separatedBy: "<ul class=\"images whole\">").dropFirst().prefix(2).map {
      $0.components(separatedBy: "</ul>")[0]
    }
    #expect(groups[0].contains("test/&lt;b&gt;stop/leak.pgm") && groups[0].contains("train/&lt;b&gt;stop/0.pgm"))
    #expect(groups[1].contains("train/yield/wrong.pgm") && groups[1].contains("train/&lt;b&gt;stop/1.pgm"))
    #expect(page.contains(">in training and test</p>") && page.contains(">of different classes</p>"))
    for group in groups {
      let pictures = try group.matches(of: /img src="([^"]+)"/).map { try get(base + $0.output.1) }
      #expect(pictures.count == 2 && pictures[0] == pictures[1])
    }
    #expect(page.contains("broken.pgm") && page.contains("400×6 pixels: a side is shorter than 8"))

    // A picture is the image; a large one is made smaller.
    let images = try self.page("\(base)/data/\(id)/images?class=turn&split=train")
    #expect(images.contains("<p>14 images</p>") && images.contains("<span class=\"failure\">damaged</span>"))
    func picture(_ name: String) throws -> DecodedImage {
      let pattern = try Regex("img src=\"([^\"]+)\"[^>]*alt=\"turn, train/turn/\(name)\"")
      let address = try #require(images.firstMatch(of: pattern)?.output[1].substring)
      return try ImageDecoder.decode(get(base + address))
    }
    let first = try picture("4.pgm")
    #expect(first.shape == ImageShape(channels: 1, height: 12, width: 12))
    #expect(Data(first.pixels) == Labrun.bitmap(29).suffix(144))
    #expect(try picture("wide.pgm").shape == ImageShape(channels: 1, height: 2, width: 160))

    // Everything leads there.
    let run = try #require(
      StudyStore(reading: labrun.folder.appendingPathComponent("Results").path).sweep(1).runs.first
    ).identity.short
    for place in ["sweeps/small", "sweeps/large", "runs/\(run)", "runs/\(run)/images", "sweeps/small/images"] {
      #expect(String(decoding: try get("\(base)/\(place)"), as: UTF8.self).contains("href=\"/data/\(id)\""), "\(place)")
    }
    #expect(String(decoding: try get("\(base)/data"), as: UTF8.self).contains("href=\"/data/\(ids[0])\""))
  }

  /// What becomes of the files while the server runs is seen: one that changes, one that comes, and all that go.
  @Test func filesThatChangeAreReadAnew() throws {
    let labrun = try Labrun.withPhotos()
    defer { labrun.remove() }
    let (process, base) = try start(labrun)
    defer { process.terminate() }
    let id = try #require(json("\(base)/api/v1/data")["rows"]?.arrayValue?.last?["data"]?.stringValue)
    let photos = labrun.folder.appendingPathComponent("photos")
    /// The page as soon as a condition holds, and the address of a picture on the page of images.
    func page(_ path: String = "", until condition: (String) -> Bool) throws -> String {
      for _ in 0..<300 {
        let text = try self.page("\(base)/data/\(id)\(path)")
        if condition(text) { return text }
        usleep(100_000)
      }
      Issue.record("the page has not changed in half a minute")
      return ""
    }
    func picture(_ name: String, _ images: String) throws -> (address: String, pixels: Data) {
      let pattern = try Regex("img src=\"([^\"]+)\"[^>]*alt=\"turn, train/turn/\(name)\"")
      let address = String(try #require(images.firstMatch(of: pattern)?.output[1].substring))
      return (address, try Data(ImageDecoder.decode(get(base + address)).pixels))
    }
    let images = "/images?class=turn&split=train"
    let before = try picture("4.pgm", page(images) { $0.contains("<p>14 images</p>") })
    #expect(before.pixels == Labrun.bitmap(29).suffix(144))
    #expect(try page { _ in true }.contains("broken.pgm"))

    // Another picture in a file of the same size, one more file, and one that is mended.
    try Labrun.bitmap(77).write(to: photos.appendingPathComponent("train/turn/4.pgm"))
    try Labrun.bitmap(78).write(to: photos.appendingPathComponent("train/turn/new.pgm"))
    try Labrun.bitmap(79).write(to: photos.appendingPathComponent("train/turn/broken.pgm"))
    let after = try picture("4.pgm", page(images) { $0.contains("<p>15 images</p>") })
    #expect(after.pixels == Labrun.bitmap(77).suffix(144))
    #expect(after.address != before.address, "a browser would show the picture that it has kept")
    let text = try page { !$0.contains("<section id=\"damaged\"") }
    #expect(text.contains("<section id=\"images\""))
    #expect(try json("\(base)/api/v1/data/\(id)")["unreadable"]?.arrayValue == [])
    let printed = try labrun.run([
      "data", "inspect", "image-folder", "--path", "photos", "--set", "on_corrupt=skip", "--json",
    ])
    #expect(try json("\(base)/api/v1/data/\(id)") == JSONValue(parsing: printed.output))
    // As long as nothing changes, the page is the same.
    usleep(2_500_000)
    #expect(try self.page("\(base)/data/\(id)") == text)

    let away = labrun.folder.appendingPathComponent("away")
    try FileManager.default.moveItem(at: photos, to: away)
    #expect(try page { $0.contains("It cannot be looked at") }.contains("photos"))
    try FileManager.default.moveItem(at: away, to: photos)
    #expect(try page { !$0.contains("It cannot be looked at") }.contains("<section id=\"classes\""))
  }

  @Test func nothingElseIsShown() throws {
    let labrun = try Labrun.withPhotos()
    defer { labrun.remove() }
    let (process, base) = try start(labrun)
    defer { process.terminate() }
    let id = try #require(json("\(base)/api/v1/data")["rows"]?.arrayValue?.last?["data"]?.stringValue)
    let damaged = try #require(json("\(base)/api/v1/data/\(id)")["unreadable"]?.arrayValue).count
    #expect(damaged == 1)
    for path in [
      "data/nothing", "data/..%2Fphotos", "data/photos", "data/\(id)/images/60.png", "data/\(id)/images/-1.png",
      "data/\(id)/images/0", "data/\(id)/images/..%2F..%2Fphotos%2Ftrain%2Fyield%2F0.pgm", "data/\(id)/photos",
      "data/\(id)/images?class=nothing", "data/\(id)/images?class=%233", "data/\(id)/images?split=validation",
      "data/\(id)/images?from=0", "data/\(id)?path=/etc", "api/v1/data/nothing", "api/v1/data/%2Fetc",
    ] {
      #expect(throws: (any Error).self, "\(path)") { try get("\(base)/\(path)") }
    }
    // Data that are gone are named, and no reason to end.
    process.terminate()
    process.waitUntilExit()
    try FileManager.default.removeItem(at: labrun.folder.appendingPathComponent("photos"))
    let (second, place) = try start(labrun)
    defer { second.terminate() }
    #expect(try page("\(place)/data/\(id)").contains("It cannot be looked at: "))
    #expect(throws: (any Error).self) { try get("\(place)/api/v1/data/\(id)") }
  }
}
