import Foundation
import LabCore
import Testing

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// `labrun serve` as its user meets it.
@Suite struct ServeTests {
  /// A started server, with the address that it has printed.
  private func start(_ labrun: Labrun, _ arguments: String...) throws -> (process: Process, errors: Pipe, line: String)
  {
    let started = try labrun.start(["serve", "--port", "0"] + arguments)
    var line = ""
    while !line.contains("\n") {
      let data = started.output.fileHandleForReading.availableData
      guard !data.isEmpty else { break }
      line += String(decoding: data, as: UTF8.self)
    }
    return (started.process, started.errors, line)
  }

  private func get(_ address: String) throws -> JSONValue {
    try JSONValue(parsing: String(contentsOf: #require(URL(string: address)), encoding: .utf8))
  }

  @Test func programsGetWhatCommandsPrint() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Labrun.spec(epochs: 1, seeds: "[0, 1]"), to: "Experiments/tiny.json")
    #expect(try labrun.run("sweep", "tiny").status == 0)
    let (process, _, line) = try start(labrun)
    let address = try #require(
      line.firstMatch(of: /Results is shown at (http:\/\/127\.0\.0\.1:\d+\/) \(Ctrl-C ends it\)\n/)?.output.1)
    let run = try #require(
      FileManager.default.contentsOfDirectory(atPath: labrun.folder.appendingPathComponent("Results/runs").path).first)
    let commands = [
      "sweeps": ["list"], "sweeps/tiny/runs": ["list", "tiny"], "sweeps/tiny/table": ["table", "tiny"],
      "sweeps/1/table?by=conv&metric=test_macro_f1": ["table", "1", "--by", "conv", "--metric", "test_macro_f1"],
      "sweeps/tiny/table?layout=components&holm=true": ["table", "tiny", "--layout", "components", "--holm"],
      "sweeps/tiny/analysis": ["analyze", "tiny"], "runs/\(run)": ["show", run],
    ]
    for (path, command) in commands {
      let printed = try labrun.run(command + ["--json"])
      guard printed.status == 0 else {
        // What a command refuses, the server does in the same words.
        #expect(printed.errors.contains("has no effect"), "\(printed.errors)")
        continue
      }
      #expect(try get("\(address)api/v1/\(path)") == JSONValue(parsing: printed.output), "\(path)")
    }
    process.terminate()
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 0)
  }

  @Test func theArgumentsAreChecked() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let nothing = try labrun.run("serve", "--port", "0")
    #expect(nothing.status == 66 && nothing.errors.contains("Results"), "\(nothing.errors)")
    try labrun.write(Labrun.spec(epochs: 1), to: "Experiments/tiny.json")
    #expect(try labrun.run("sweep", "tiny").status == 0)
    let (process, _, line) = try start(labrun)
    defer { process.terminate() }
    let port = try #require(line.firstMatch(of: /:(\d+)\//)?.output.1)
    let taken = try labrun.run("serve", "--port", String(port))
    #expect(taken.status == 64)
    #expect(
      taken.errors.hasPrefix("labrun: port \(port) is taken, perhaps by another labrun serve: choose another one"))
    for arguments in [
      ["--port", "70000"], ["--token", "short"], ["--host", "nonsense.example"], ["--host", "192.0.2.1"],
    ] {
      let result = try labrun.run(["serve", "--port", "0"] + arguments)
      #expect(result.status == 64 && result.errors.hasPrefix("labrun: "), "\(arguments): \(result.errors)")
    }
    kill(process.processIdentifier, SIGINT)
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 0)
  }

  @Test func anotherAddressIsPrintedWithItsToken() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Labrun.spec(epochs: 1), to: "Experiments/tiny.json")
    #expect(try labrun.run("sweep", "tiny").status == 0)
    let (process, errors, line) = try start(labrun, "--host", "0.0.0.0")
    #expect(line.contains(#/\?token=[0-9a-f]{32} /#), "\(line)")
    process.terminate()
    process.waitUntilExit()
    let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(said.contains("a token that was made for this start"))
  }
}
