import Foundation
import LabCore
import LabStore
import Testing

@Suite struct PyTorchCheckpointTests {
  private struct Expected: Decodable {
    var shape: [Int]
    var values: [Double]
  }

  private func path(_ name: String) throws -> String {
    let folder = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
    return folder.appendingPathComponent("checkpoints/" + name).path
  }

  private func expected(_ name: String) throws -> [String: Expected] {
    let data = try Data(contentsOf: URL(fileURLWithPath: path("expected.json")))
    return try #require(try JSONDecoder().decode([String: [String: Expected]].self, from: data)[name])
  }

  private func numbers(_ tensor: NamedTensor) -> [Double] {
    switch tensor.values {
    case .float32(let values): values.map(Double.init)
    case .float64(let values): values
    case .int64(let values): values.map(Double.init)
    case .uint8(let values): values.map(Double.init)
    }
  }

  private func problem(_ name: String) throws -> String {
    let path = try path(name)
    let error = #expect(throws: StoreError.self) { try WeightsFile.read(path) }
    return error?.description ?? ""
  }

  @Test(arguments: ["plain.pt", "ordered.pt"])
  func tensorsAreThoseOfPyTorch(name: String) throws {
    let expected = try expected(name)
    let tensors = try WeightsFile.read(path(name))
    #expect(tensors.map(\.name) == expected.keys.sorted())
    for tensor in tensors {
      let reference = try #require(expected[tensor.name])
      #expect(tensor.shape.dimensions == reference.shape, "\(tensor.name)")
      let values = numbers(tensor)
      #expect(values.count == reference.values.count)
      // Double precision is rounded to single.
      #expect(zip(values, reference.values).allSatisfy { $0 == Double(Float($1)) }, "\(tensor.name)")
    }
  }

  @Test func aStateWithinACheckpointIsFound() throws {
    let tensors = try WeightsFile.read(path("checkpoint.pth"))
    let plain = try WeightsFile.read(path("ordered.pt"))
    #expect(tensors.contentHash == plain.contentHash)
    #expect(tensors.first?.name == "0.bias")
  }

  @Test func nothingIsExecuted() throws {
    let text = try problem("command.pt")
    #expect(text.contains("system, which could run code; only state_dicts of plain tensors are read"))
    #expect(!FileManager.default.fileExists(atPath: "executed.txt"))
    #expect(try problem("module.pt").contains("which could run code"))
  }

  @Test func whatHoldsNoTensorsIsNamed() throws {
    #expect(try problem("no-tensors.pt").hasSuffix("it has a, b"))
    #expect(try problem("legacy.pt").contains("torch.save"))
    #expect(try problem("deep.pt").contains("nested too deeply"))
    #expect(try problem("cycle.pt").contains("no longer open"))
    #expect(try problem("huge.pt").contains("it ends too early"))
  }

  @Test func damageIsAnErrorAndNeverACrash() throws {
    let whole = try Data(contentsOf: URL(fileURLWithPath: path("plain.pt")))
    let copy = FileManager.default.temporaryDirectory.path + "/checkpoint-\(UUID().uuidString).pt"
    defer { try? FileManager.default.removeItem(atPath: copy) }
    for length in stride(from: 0, to: whole.count, by: 37) {
      try whole.prefix(length).write(to: URL(fileURLWithPath: copy))
      #expect(throws: StoreError.self, "cut to \(length) bytes") { try WeightsFile.read(copy) }
    }
    let stream = RandomStream(seed: 9, name: "damage")
    for attempt in 0..<400 {
      var bytes = whole
      for change in 0..<3 {
        let words = stream.words(UInt64(attempt), UInt64(change))
        bytes[bytes.startIndex + Int(words.x) % min(1200, bytes.count)] = UInt8(truncatingIfNeeded: words.y)
      }
      try bytes.write(to: URL(fileURLWithPath: copy))
      _ = try? WeightsFile.read(copy)
    }
  }
}
