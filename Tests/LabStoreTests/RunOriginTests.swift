import Foundation
import LabRecords
import LabStore
import LabTesting
import Testing

/// Where the runs of variants were trained and with what.
@Suite struct RunOriginTests {
  private func complete(_ store: StudyStore, _ level: String, _ seed: UInt64, _ sweep: Int64) throws {
    let claimed = try #require(try store.claimed(level, seed, sweep))
    try store.recordStart(
      RunStoreSamples.provenance(threads: seed == 2 ? 2 : 1), epoch: 0, step: 0, lease: claimed.lease)
    try store.finish(claimed.lease, .completed(RunStoreSamples.final()))
  }

  @Test func originsAreCountedByVariant() throws {
    let folder = TestFolder()
    let store = try StudyStore(folder: folder.path)
    let id = try store.register(RunStoreSamples.sweep(seeds: [0, 1, 2])).id
    for seed in [0, 1, 2] as [UInt64] { try complete(store, "static", seed, id) }
    try complete(store, "odconv-4x", 1, id)
    // The last attempt counts, and of runs that are not complete none does.
    let interrupted = try #require(try store.claimed("odconv-1x", 0, id))
    try store.recordStart(RunStoreSamples.provenance(threads: 8), epoch: 0, step: 0, lease: interrupted.lease)
    try store.finish(interrupted.lease, .interrupted(reason: "stopped"))
    let (one, two) = (RunOrigin(RunStoreSamples.provenance()), RunOrigin(RunStoreSamples.provenance(threads: 2)))
    #expect(try store.origins(sweep: id) == [[one: 2, two: 1], [:], [one: 1]])
    try complete(store, "odconv-1x", 0, id)
    #expect(try StudyStore(reading: folder.path).origins(sweep: id)[1] == [one: 1])
    #expect(try store.processors(sweep: id) == ["processor": 5])
    // An attempt that has only taken over what an earlier one told has no provenance of its own.
    let claimed = try #require(try store.claimed("odconv-4x", 2, id))
    try store.recordStart(RunStoreSamples.provenance(), epoch: 0, step: 0, lease: claimed.lease)
    try store.finish(claimed.lease, .interrupted(reason: "left"))
    let next = try #require(try store.claimed("odconv-4x", 2, id))
    try store.finish(next.lease, .completed(RunStoreSamples.final()))
    #expect(try store.origins(sweep: id)[2] == [one: 2])
    #expect(try store.processors(sweep: id) == ["processor": 6])
  }
}
