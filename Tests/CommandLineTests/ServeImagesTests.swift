import Foundation
import LabCore
import LabRecords
import LabStore
import Testing

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// The test images of runs and sweeps in the window, compared with what runs have stored.
@Suite struct ServeImagesTests {
  private func start(_ labrun: Labrun) throws -> (process: Process, base: String) {
    let started = try labrun.start(["serve", "--port", "0"])
    var line = ""
    while !line.contains("\n") {
      let data = started.output.fileHandleForReading.availableData
      guard !data.isEmpty else { break }
      line += String(decoding: data, as: UTF8.self)
    }
    let address = try #require(line.firstMatch(of: /is shown at (http:\S+)\/ \(/)?.output.1)
    return (started.process, String(address))
  }

  private func get(_ address: String) throws -> Data { try Data(contentsOf: #require(URL(string: address))) }

  /// Sends a form of one field, and gives the status and the text of what it leads to.
  private func post(_ name: String, _ value: String, to address: String) throws -> (Int, String) {
    var request = URLRequest(url: try #require(URL(string: address)))
    request.httpMethod = "POST"
    request.setValue("multipart/form-data; boundary=b", forHTTPHeaderField: "Content-Type")
    request.httpBody = Data("--b\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n--b--\r\n".utf8)
    nonisolated(unsafe) var result: (Int, String) = (0, "")
    let ended = DispatchSemaphore(value: 0)
    let task = URLSession.shared.dataTask(with: request) { data, response, _ in
      result = ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data ?? Data(), as: UTF8.self))
      ended.signal()
    }
    task.resume()
    ended.wait()
    return result
  }

  /// A page of images, when they have been read.
  private func page(_ address: String) throws -> String {
    for _ in 0..<200 {
      let text = String(decoding: try get(address), as: UTF8.self)
      if !text.contains("are being read") { return text }
      usleep(100_000)
    }
    throw CocoaError(.fileReadUnknown)
  }

  /// How many images a page says that it shows.
  private func count(_ page: String) -> Int? {
    page.firstMatch(of: /<p>(?:\d+ to \d+ of )?(\d+) of 86 test images<\/p>/).flatMap { Int($0.output.1) }
  }

  private func numbers(_ page: String) -> [Int] {
    page.matches(of: /<small>(?:[^<]* · )?no\. (\d+)/).compactMap { Int($0.output.1) }
  }

  @Test func imagesAreThoseOfThePredictions() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Labrun.spec(epochs: 2), to: "Experiments/tiny.json")
    #expect(try labrun.run("sweep", "tiny").status == 0)
    let runs = try FileManager.default.contentsOfDirectory(
      atPath: labrun.folder.appendingPathComponent("Results/runs").path
    ).sorted()
    let store = try StudyStore(reading: labrun.folder.appendingPathComponent("Results").path)
    var wrongs: [Int: Int] = [:]
    var (process, base) = try start(labrun)
    defer { process.terminate() }
    for name in runs {
      let run = try store.run(matching: name)
      let predictions = try store.folder(of: run.identity).readPredictions()
      let classCount = predictions.classNames.count
      let taken = predictions.labels.indices.map { index in
        let row = predictions.logits[index * classCount..<(index + 1) * classCount]
        return (row.firstIndex(of: row.max() ?? 0) ?? 0) - index * classCount
      }
      let wrong = predictions.labels.indices.filter { taken[$0] != predictions.labels[$0] }
      for index in wrong { wrongs[index, default: 0] += 1 }
      let all = try page("\(base)/runs/\(name)/images?order=number")
      #expect(count(all) == 86 && numbers(all) == Array(0..<60))
      #expect(try numbers(page("\(base)/runs/\(name)/images?order=number&from=61")) == Array(60..<86))
      #expect(try count(page("\(base)/runs/\(name)/images?show=wrong")) == wrong.count)
      #expect(try count(page("\(base)/runs/\(name)/images?show=right")) == 86 - wrong.count)
      // The hardest is the one with the least probable true class.
      func share(_ index: Int) -> Double {
        let row = predictions.logits[index * classCount..<(index + 1) * classCount].map(Double.init)
        return exp(row[predictions.labels[index]]) / row.reduce(0) { $0 + exp($1) }
      }
      let hardest = predictions.labels.indices.min { share($0) < share($1) }
      #expect(try numbers(page("\(base)/runs/\(name)/images")).first == hardest)

      // Each cell of the run's page leads to as many images as it counts.
      let shown = String(decoding: try get("\(base)/runs/\(name)"), as: UTF8.self)
      let cells = Set(
        shown.matches(of: /images\?(true=%23(\d+)&amp;predicted=%23(\d+))"/).map { match in
          [Int(match.output.2) ?? -1, Int(match.output.3) ?? -1]
        })
      let pairs = Set(predictions.labels.indices.map { [predictions.labels[$0], taken[$0]] })
      #expect(cells == pairs)
      for pair in pairs.sorted(by: { $0.lexicographicallyPrecedes($1) }).prefix(6) {
        let expected = predictions.labels.indices.filter { [predictions.labels[$0], taken[$0]] == pair }
        let found = try page("\(base)/runs/\(name)/images?true=%23\(pair[0])&predicted=%23\(pair[1])&order=number")
        #expect(numbers(found) == expected)
      }
      let byName = predictions.classNames[3].addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
      #expect(
        try count(page("\(base)/runs/\(name)/images?true=\(byName)")) == predictions.labels.count { $0 == 3 })

      // A picture is the image that the prediction is of: the model says the same of it.
      for index in [0, 41, 85] {
        let picture = labrun.folder.appendingPathComponent("\(index).png")
        try get("\(base)/runs/\(name)/images/\(index).png").write(to: picture)
        let said = try JSONValue(parsing: labrun.run("predict", name, "\(index).png", "--json").output)
        let row = try #require(said["rows"]?.arrayValue?.first)
        #expect(row["class_1"]?.stringValue == predictions.classNames[taken[index]])
        let logits = predictions.logits[index * classCount..<(index + 1) * classCount].map(Double.init)
        let largest = logits.max() ?? 0
        let expected = 1 / logits.reduce(0) { $0 + exp($1 - largest) }
        #expect(abs((row["probability_1"]?.doubleValue ?? .nan) - expected) < 1e-12)
      }
    }
    // Whoever asks what the model looks at gets an answer about that image.
    let hard = try page("\(base)/runs/\(runs[1])/images?order=number")
    #expect(hard.contains("name=\"number\" value=\"41\">what it looks at</button>"))
    for (number, status) in [("41", 200), ("86", 422), ("-1", 422), ("x", 422)] {
      let (answered, text) = try post("number", number, to: "\(base)/runs/\(runs[1])/images")
      #expect(answered == status, "\(number): \(text)")
      guard status == 200 else { continue }
      let said = try JSONValue(parsing: labrun.run("predict", runs[1], "41.png", "--json").output)
      let row = try #require(said["rows"]?.arrayValue?.first)
      #expect(text.contains("<data value=\"\(row["probability_1"]?.doubleValue ?? .nan)\">"))
      #expect(text.contains("-overlay.png"))
    }

    let sweep = try page("\(base)/sweeps/tiny/images")
    let both = wrongs.filter { $0.value == 2 }.keys.sorted()
    #expect(
      sweep.contains(
        "Of 86 test images, both variants get \(both.count) wrong in more than half of the runs, both runs get "
          + "\(both.count) wrong, and some run gets \(wrongs.count) wrong."), "\(sweep)")
    #expect(numbers(sweep).prefix(both.count).elementsEqual(both.prefix(60)))

    // Without stored predictions they are made anew, and are the same.
    let name = runs[0]
    let before = try page("\(base)/runs/\(name)/images")
    process.terminate()
    process.waitUntilExit()
    try FileManager.default.removeItem(
      at: labrun.folder.appendingPathComponent("Results/runs/\(name)/predictions.h5"))
    (process, base) = try start(labrun)
    let after = try page("\(base)/runs/\(name)/images")
    #expect(after.contains("The run has stored no predictions; these were made anew by its weights."))
    #expect(numbers(after) == numbers(before) && numbers(after).count == 60)
  }

  /// Pictures are those of the files as they are, and the page says where they are others than those that were tested on.
  @Test func filesThatChangeAreReadAnew() throws {
    let labrun = try Labrun.withPhotos()
    defer { labrun.remove() }
    let store = try StudyStore(reading: labrun.folder.appendingPathComponent("Results").path)
    let run = try #require(store.sweep(matching: "large").runs.first).identity.short
    let (process, base) = try start(labrun)
    defer { process.terminate() }
    let photos = labrun.folder.appendingPathComponent("photos/test/turn")
    /// The page as soon as a condition holds.
    func page(_ path: String, until condition: (String) -> Bool) throws -> String {
      for _ in 0..<300 {
        let text = try self.page("\(base)\(path)")
        if condition(text) { return text }
        usleep(100_000)
      }
      Issue.record("\(path) has not changed in half a minute")
      return ""
    }
    let images = "/runs/\(run)/images?order=number&true=turn"
    let whole = "/sweeps/large/images"
    func addresses(_ page: String) -> [String] {
      page.matches(of: /img src="([^"]+)"/).map { String($0.output.1) }
    }
    let before = try page(images) { $0.contains("<img") }
    #expect(!before.contains("has changed since") && addresses(before).count == 6)
    let picture = try get(base + addresses(before)[2])
    #expect(try !page(whole) { $0.contains("<img") }.contains("has changed since"))

    try Labrun.bitmap(250).write(to: photos.appendingPathComponent("2.pgm"))
    let after = try page(images) { $0.contains("has changed since the run was trained") }
    #expect(addresses(after).count == 6)
    #expect(Set(addresses(after)).isDisjoint(with: addresses(before)), "a browser would show what it has kept")
    #expect(try get(base + addresses(after)[2]) != picture)
    #expect(try get(base + addresses(after)[1]) == get(base + addresses(before)[1]))
    _ = try page(whole) { $0.contains("has changed since the run was trained") && $0.contains("<img") }

    // Of fewer images nobody knows which is which.
    try FileManager.default.removeItem(at: photos.appendingPathComponent("3.pgm"))
    let fewer = try page(images) { $0.contains("are now others than those of the predictions") }
    #expect(!fewer.contains("<img") && numbers(fewer) == numbers(before))
    #expect(!(try page(whole) { $0.contains("are now others than those of the predictions") }.contains("<img")))
    #expect(throws: (any Error).self) { try get(base + addresses(before)[2]) }
  }

  @Test func whatIsAskedWronglyIsSaid() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Labrun.spec(epochs: 1), to: "Experiments/tiny.json")
    #expect(try labrun.run("sweep", "tiny").status == 0)
    let run = try #require(
      FileManager.default.contentsOfDirectory(atPath: labrun.folder.appendingPathComponent("Results/runs").path).first)
    let (process, base) = try start(labrun)
    defer { process.terminate() }
    _ = try page("\(base)/runs/\(run)/images")
    for path in [
      "images?true=nothing", "images?true=%2343", "images?predicted=%23-1", "images?show=some", "images?order=random",
      "images?from=0", "images?from=87", "images/86.png", "images/-1.png", "images/0", "images/..%2F0.png",
    ] {
      #expect(throws: (any Error).self, "\(path)") { try get("\(base)/runs/\(run)/\(path)") }
    }
    #expect(throws: (any Error).self) { try get("\(base)/sweeps/tiny/images?from=0") }
    #expect(throws: (any Error).self) { try get("\(base)/sweeps/none/images") }
  }
}
