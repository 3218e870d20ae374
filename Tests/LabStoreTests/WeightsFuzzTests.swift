import Foundation
import LabCore
import LabFuzzing
import LabStore
import Testing

/// Damaged weights of every format: an error or tensors, never a crash or a hang.
@Suite(.timeLimit(.minutes(30))) struct WeightsFuzzTests {
  private let folder = TestFolder()

  private func samples(_ names: [String]) throws -> [Data] {
    let fixtures = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
    return try names.map { try Data(contentsOf: fixtures.appendingPathComponent($0)) }
  }

  private func read(_ data: Data, _ name: String) throws {
    let path = folder.path(name)
    try data.write(to: URL(fileURLWithPath: path))
    for tensor in try WeightsFile.read(path) { #expect(tensor.values.count == tensor.shape.elementCount) }
  }

  @Test func damagedCheckpointsOfPyTorch() throws {
    let names = ["plain.pt", "ordered.pt", "checkpoint.pth", "deep.pt", "cycle.pt"]
    let hostile = HostileCheckpoint(
      tensors: [
        .init(claimed: 4, shape: [2, 2], strides: [2, 1]), .init(name: "b", claimed: 4, shape: [4], strides: [1]),
      ],
      storages: [("0", Data(count: 16))])
    let problems = try Fuzzer(
      "pt", samples: samples(names.map { "checkpoints/" + $0 }) + [hostile.data],
      fragments: [
        "(", "t", "Q", "R", "}", "]", "u", "e", "s", "a", "b", ".", "ctorch\nFloatStorage\n", "PK\u{3}\u{4}", "h\u{0}",
      ]
    ).problems(count: 1500) { try read($0, "fuzz.pt") }
    #expect(problems == [])
  }

  @Test func damagedSafetensors() throws {
    let problems = try Fuzzer(
      "safetensors", samples: samples(["state-dict.safetensors"]),
      fragments: [
        "{", "}", "[", "]", ":", ",", "\"", "-1", "1e99", "9223372036854775807", "\"F64\"", "\"BF16\"", "\"shape\":",
      ]
    ).problems(count: 1500) { try read($0, "fuzz.safetensors") }
    #expect(problems == [])
  }

  @Test func damagedSealedFiles() throws {
    let problems = try Fuzzer(
      "sealed", samples: samples(["labrun-weights.h5"]), fragments: ["labrun-file-1\n", "length 1", "\n"]
    )
    .problems(count: 300) { try read($0, "fuzz-sealed.h5") }
    #expect(problems == [])
  }

  @Test func damagedHDF5IsReadInAProcessOfItsOwn() throws {
    #expect(HelperProgram.use(), "the program is built with the tests")
    let problems = try Fuzzer(
      "hdf5", samples: samples(["state-dict.h5", "state-dict-chunked.h5", "checkpoint-like.h5", "links.h5"]),
      fragments: ["TREE", "HEAP", "SNOD", "OHDR", "GCOL", "FRHP", "BTHD"]
    ).problems(count: 40) { try read($0, "fuzz.h5") }
    #expect(problems == [])
  }
}
