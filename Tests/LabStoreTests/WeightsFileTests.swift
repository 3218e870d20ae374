import Foundation
import LabCore
import LabStore
import Testing

@Suite struct WeightsFileTests {
  private let folder = TestFolder()

  private func fixture(_ name: String) throws -> String {
    try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: nil)).path
  }

  /// What `make_fixtures.py` writes: each tensor counts upwards from a start of its own in steps of an eighth.
  private func expected(_ start: Float, _ count: Int) -> [Float] { (0..<count).map { start + Float($0) / 8 } }

  @Test(arguments: ["state-dict.h5", "state-dict-chunked.h5", "checkpoint-like.h5", "state-dict.safetensors"])
  func readsWhatOtherProgramsWrite(name: String) throws {
    let tensors = try WeightsFile.read(fixture(name))
    let byName = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0) })
    #expect(
      byName.keys.sorted() == [
        "bn1.num_batches_tracked", "bn1.running_var", "conv1.weight", "fc.bias", "layer1.0.conv1.weight",
      ])
    #expect(byName["conv1.weight"]?.shape == [2, 3, 3, 3])
    #expect(byName["conv1.weight"]?.floats == expected(-2, 54))
    #expect(byName["layer1.0.conv1.weight"]?.floats == expected(1, 8), "half precision")
    #expect(byName["layer1.0.conv1.weight"]?.shape == [2, 2, 2, 1])
    #expect(byName["bn1.running_var"]?.floats == expected(0, 2), "double precision")
    #expect(byName["bn1.num_batches_tracked"]?.integers == [1 << 40])
    #expect(byName["bn1.num_batches_tracked"]?.shape == Shape([]))
    #expect(byName["fc.bias"]?.floats == expected(3, 5))
  }

  @Test func readsWhatThisProgramWroteBefore() throws {
    let tensors = try WeightsFile.read(fixture("labrun-weights.h5"))
    #expect(tensors.map(\.name) == ["bn1.num_batches_tracked", "conv1.weight"])
    #expect(tensors[1].floats == expected(-2, 54))
    #expect(tensors[0].integers == [9])
  }

  @Test func missingAndUselessFilesAreNamed() throws {
    #expect(throws: FileError(action: "open", path: "/nowhere/weights.h5", code: ENOENT)) {
      _ = try WeightsFile.read("/nowhere/weights.h5")
    }
    let text = folder.path("weights.txt")
    try Data("these are not weights at all".utf8).write(to: URL(fileURLWithPath: text))
    #expect(throws: StoreError.self) { _ = try WeightsFile.read(text) }
    #expect(
      throws: StoreError.unsupportedFile(
        path: try fixture("empty.h5"), problem: "it has no datasets in its root and none in a group \"parameters\"")
    ) { _ = try WeightsFile.read(fixture("empty.h5")) }
    #expect(throws: StoreError.self) { _ = try WeightsFile.read(fixture("text.h5")) }
  }

  @Test func linksThatLeadOutOfTheFileAreNotFollowed() throws {
    #expect(try WeightsFile.read(fixture("links.h5")).map(\.name) == ["own"])
  }

  @Test func aDatasetThatClaimsMoreThanItHoldsIsRefused() throws {
    #expect(throws: StoreError.self) { _ = try WeightsFile.read(fixture("claims-terabytes.h5")) }
  }

  @Test func tensorHashesSeeNamesShapesTypesAndBits() {
    let base = [NamedTensor("a", [2], [1, 2] as [Float]), NamedTensor("b", [1], [0] as [Float])]
    let others: [[NamedTensor]] = [
      [base[0]], [base[0], NamedTensor("c", [1], [0] as [Float])],
      [base[0], NamedTensor("b", [1], [-0.0] as [Float])],
      [NamedTensor("a", [2, 1], [1, 2] as [Float]), base[1]],
      [base[0], NamedTensor("b", [1], [0] as [Int64])],
    ]
    #expect(base.contentHash == base.reversed().contentHash)
    #expect(Set(others.map(\.contentHash) + [base.contentHash]).count == others.count + 1)
  }
}
