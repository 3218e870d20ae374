import Foundation
import LabCore
import LabRecords
import LabStore
import Testing

/// Sweeps of which each machine trains a part.
@Suite(.serialized) struct ShardTests {
  private func store(_ labrun: Labrun) throws -> StudyStore {
    try StudyStore(reading: labrun.folder.appendingPathComponent(labrun.results).path)
  }

  @Test func aPartIsTrainedAndSaysThatItIsOne() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Labrun.spec(epochs: 1, seeds: "[3, 1, 2]"), to: "Experiments/tiny.json")
    let remark = "shard 2/2 has 3 of the 6 runs"
    let plan = try labrun.run("sweep", "tiny", "--shard", "2/2", "--dry-run")
    #expect(plan.status == 0 && plan.output.contains("3 runs: 3 to run"), "\(plan.errors)\(plan.output)")
    #expect(plan.output.contains(remark), "\(plan.output)")

    let result = try labrun.run("sweep", "tiny", "--shard", "2/2")
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.errors.contains("note: \(remark)"), "\(result.errors)")
    #expect(result.errors.contains("tiny, shard 2/2: 3 of 3 runs completed (3 trained), in"), "\(result.errors)")
    #expect(result.errors.contains("3 runs are of other shards, 0 of them completed here: labrun merge"))
    #expect(!result.errors.contains("To go on with"), "\(result.errors)")
    for options in [["table"], ["table", "--by", "conv"]] {
      let table = try labrun.run(options, variables: ["COLUMNS": "400"])
      #expect(
        table.output.contains("Shard 2 of 2 is here: runs that are not started may be those of other shards"),
        "\(table.output)")
    }
    // The second seed is whole; the third is dealt by work, and the dynamic convolution has more of it.
    let store = try store(labrun)
    var sweep = try store.sweep(#require(store.sweeps().first).id)
    #expect(sweep.shards == [Shard(number: 2, count: 2)])
    let completed = sweep.variants.map { $0.runs.filter { $0.state == .completed }.map(\.seed) }
    #expect(completed == [[1, 2], [1]])

    // What is stored changes no shard.
    let again = try labrun.run("sweep", "tiny", "--shard", "2/2")
    #expect(again.errors.contains("tiny, shard 2/2: 3 of 3 runs completed (3 reused), in"), "\(again.errors)")
    let selected = try labrun.run("sweep", "tiny", "--shard", "1/2", "--only", "conv=odconv-1x", "--limit", "1")
    #expect(
      selected.status == 0 && selected.errors.contains("tiny, shard 1/2: 1 of 3 runs completed (1 trained), 2 not"))
    #expect(
      selected.errors.contains("To go on with the 2 runs left: labrun sweep tiny --shard 1/2"), "\(selected.errors)")
    let rest = try labrun.run("sweep", "tiny", "--shard", "1/2")
    #expect(rest.errors.contains("(2 trained, 1 reused)") && rest.errors.contains("labrun report"), "\(rest.errors)")
    sweep = try store.sweep(#require(store.sweeps().first).id)
    #expect(sweep.runs.allSatisfy { $0.state == .completed } && sweep.shards.count == 2)
    #expect(try !labrun.run("table").output.contains("Shard"))
  }

  @Test(arguments: [
    (["--shard", "2"], "--shard takes a part and the number of parts (at most 1000), such as 2/5"),
    (["--shard", "3/2"], "but \"3/2\" was given."),
    (["--shard", "1/2", "--until", "accuracy ± 1", "--max-seeds", "9"], "which a shard does not have"),
    (["--shard", "3/3"], "--shard 3/3 has no run at all: the plan has 2 only"),
    (["--shard", "1/2", "--only", "conv=static"], "--shard 1/2 has no run that --only conv=static selects"),
  ])
  func mistakesAreSaidBeforeAnythingIsTrained(options: [String], message: String) throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Labrun.spec(), to: "Experiments/tiny.json")
    let result = try labrun.run(["sweep", "tiny"] + options)
    #expect(result.status == 64 && result.errors.contains(message), "\(result.errors)")
    #expect(!FileManager.default.fileExists(atPath: labrun.folder.appendingPathComponent("Results").path))
  }
}
