import Foundation
import LabCore
import LabRecords
import LabStore
import LabTesting
import Testing

/// Results of several machines, as a user brings them together.
@Suite(.serialized) struct MergeCommandTests {
  private func path(_ labrun: Labrun, _ name: String) -> String { labrun.folder.appendingPathComponent(name).path }

  /// What a machine measured, by the run: all metrics and the hash of the weights.
  private func results(_ labrun: Labrun, _ name: String) throws -> [RunIdentity: FinalRecord] {
    let store = try StudyStore(reading: path(labrun, name))
    let runs = try store.sweep(#require(store.sweeps().first).id).runs
    return try Dictionary(runs.map { ($0.identity, try #require(try store.finalRecord(of: $0.identity))) }) { $1 }
  }

  /// A table without what depends on the machine's pace.
  private func table(_ labrun: Labrun, _ name: String) throws -> [[Substring]] {
    let table = try labrun.run("table", "--format", "csv", "--results", name)
    #expect(table.status == 0, "\(table.errors)")
    let lines = table.output.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    let head = lines[0]
    let timings = Set(head.indices.filter { head[$0].contains("seconds") || head[$0].contains("images_per") })
    #expect(!timings.isEmpty && lines.allSatisfy { $0.count == head.count })
    return lines.map { line in line.indices.filter { !timings.contains($0) }.map { line[$0] } }
  }

  @Test func shardsOfTwoMachinesAreTheWholeSweep() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Labrun.spec(epochs: 1, seeds: "[0, 1, 2]"), to: "Experiments/tiny.json")
    #expect(try labrun.run("sweep", "tiny", "--results", "whole").status == 0)
    for shard in 1...2 {
      #expect(try labrun.run("sweep", "tiny", "--shard", "\(shard)/2", "--results", "lab\(shard)").status == 0)
    }

    let merge = try labrun.run("merge", "lab1", "lab2", "--results", "all")
    #expect(merge.status == 0 && merge.errors == "", "\(merge.errors)")
    #expect(
      merge.output == """
        lab1: took over 3 runs (3 completed); nothing new of 3
          new: 1 sweep (tiny)
        lab2: took over 3 runs (3 completed); nothing new of 3
          more is on record now of 1 sweep (tiny): shards, analyses or seeds

        """)
    let expected = try results(labrun, "whole")
    let found = try results(labrun, "all")
    #expect(expected.count == 6 && found.mapValues(\.weightsHash) == expected.mapValues(\.weightsHash))
    #expect(found.mapValues { $0.metrics.only(split: "test") } == expected.mapValues { $0.metrics.only(split: "test") })
    #expect(try table(labrun, "all") == table(labrun, "whole"))
    #expect(try !labrun.run("table", "--results", "all").output.contains("Shard"))
    let check = try labrun.run("doctor", "--check", "--results", "all")
    #expect(check.status == 0 && check.output.contains("everything belongs together"), "\(check.output)")
    let again = try labrun.run("merge", "lab1", "lab2", "--results", "all")
    #expect(again.status == 0 && again.output == "lab1: nothing new\nlab2: nothing new\n")
    // What is merged is not trained again.
    let sweep = try labrun.run("sweep", "tiny", "--results", "all")
    #expect(sweep.errors.contains("6 of 6 runs completed (6 reused)"), "\(sweep.errors)")

    let export = try labrun.run("export", "tiny", "tiny.tar", "--results", "all")
    #expect(
      export.status == 0 && export.output.contains("tiny.tar: sweep tiny with 6 of 6 runs (6 completed), "),
      "\(export.output)\(export.errors)")
    let taken = try labrun.run("merge", "tiny.tar", "--results", "elsewhere")
    #expect(taken.status == 0 && taken.output.contains("tiny.tar: took over 6 runs (6 completed)"), "\(taken.output)")
    #expect(try table(labrun, "elsewhere") == table(labrun, "whole"))
    #expect(try labrun.run("merge", "tiny.tar", "--results", "all").output == "tiny.tar: nothing new\n")
    let names = try FileManager.default.contentsOfDirectory(atPath: labrun.folder.path)
    #expect(!names.contains { $0.contains(".tmp-") }, "\(names)")
  }

  @Test func otherResultsOfARunAreConflicts() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    for (name, result) in [("here", 0), ("there", 1)] as [(String, Double)] {
      let store = try StudyStore(folder: path(labrun, name))
      let sweep = try store.register(RunStoreSamples.sweep()).id
      for seed in [0, 1] as [UInt64] {
        let claim = try store.claim(
          RunStoreSamples.run(level: "static", seed: seed).identity, sweep: sweep, owner: .current, policy: .unfinished)
        guard case .claimed(let claimed) = claim else { continue }
        for epoch in 0..<4 { try store.record(RunStoreSamples.epoch(epoch), lease: claimed.lease) }
        if seed == 0 { try store.finish(claimed.lease, .completed(RunStoreSamples.final(result))) }
        if seed == 1 { try store.finish(claimed.lease, result == 0 ? .failed(reason: "x") : .interrupted(reason: "x")) }
      }
    }
    let run = RunStoreSamples.run(level: "static", seed: 0).identity.short
    for _ in 0..<2 {
      let merge = try labrun.run("merge", "there", "--results", "here")
      #expect(merge.status == 65)
      #expect(merge.output.contains("there: nothing new; 1 run with other results than here"), "\(merge.output)")
      let left = "was interrupted after 4 of 4 epochs there, and had failed after 4 of 4 epochs here: left out"
      #expect(merge.output.contains(left), "\(merge.output)")
      #expect(
        merge.errors
          == "warning: ablation, static, seed 0 (\(run)) has validation_loss 3.0 in there, and 2.0 here; what is here stays\n"
      )
    }
    let message = "the run has validation_loss 3.0 in there, and 2.0 here; what is here stays"
    let table = try labrun.run("table", "--results", "here", variables: ["COLUMNS": "300"])
    #expect(table.output.contains("Other result elsewhere: static: \(message)"), "\(table.output)\(table.errors)")
    let show = try labrun.run("show", run, "--results", "here", variables: ["COLUMNS": "300"])
    #expect(show.output.contains(message), "\(show.output)\(show.errors)")
  }

  @Test(arguments: [
    (["nothing"], 66, "cannot open nothing: No such file or directory"),
    (["Experiments"], 66, "there are no results in Experiments: no sweep has been started there yet"),
    (
      ["Experiments/tiny.json"], 65,
      "Experiments/tiny.json is a file, and labrun merge takes results folders and archives"
    ),
    (["some.tar"], 65, "some.tar cannot be used: it is no tar archive"),
    (["Results"], 65, "Results cannot be used: it is the results folder that is merged into"),
    (["Results", "nothing"], 66, "cannot open nothing: No such file or directory"),
  ])
  func whatIsNoResultsIsNamed(arguments: [String], status: Int32, message: String) throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Labrun.spec(), to: "Experiments/tiny.json")
    try labrun.write("no archive", to: "some.tar")
    if arguments[0] == "Results" {
      _ = try StudyStore(folder: path(labrun, "Results")).register(RunStoreSamples.sweep())
    }
    let merge = try labrun.run(["merge"] + arguments)
    #expect(merge.status == status && merge.errors.contains(message), "\(merge.status) \(merge.errors)")
    #expect(merge.output == "")
  }

  @Test(arguments: [
    (["--predictions"], "--predictions goes with --to"),
    (["--weights", "best"], "--to and .tar write a sweep's results"),
  ])
  func optionsWithoutEffectOnArchivesAreRefused(options: [String], message: String) throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let export = try labrun.run(["export", "tiny", "tiny.tar"] + options)
    #expect(export.status == 64 && export.errors.contains(message), "\(export.errors)")
  }
}
