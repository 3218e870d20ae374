import Foundation
import LabCore
import LabRecords

extension RunStoreConformance {
  static let recordingChecks = [
    Check("epochs come back as recorded, each once") { subject in
      let (_, claimed) = try subject.claimFirst()
      let run = claimed.lease.run
      try requireEqual(try subject.store.run(run)?.trainSeconds, nil, "the training time before the first epoch")
      for index in [1, 0, 2] { try subject.store.record(RunStoreSamples.epoch(index), lease: claimed.lease) }
      try requireEqual(try subject.store.epochs(of: run), (0..<3).map { RunStoreSamples.epoch($0) }, "the epochs")
      let corrected = RunStoreSamples.epoch(1, seconds: 6, imagesPerSecond: 20)
      try subject.store.record(corrected, lease: claimed.lease)
      try requireEqual(try subject.store.epochs(of: run)[1], corrected, "the epoch recorded again")
      let stored = try subject.store.run(run)
      try requireEqual(stored?.completedEpochs, 3, "the completed epochs")
      try requireEqual(stored?.trainSeconds, 10, "the training time")
      // Two epochs of 2 s at 100 images a second and one of 6 s at 20.
      try requireEqual(stored?.imagesPerSecond, 52, "the throughput")
    },
    Check("absent and non-finite numbers survive") { subject in
      let (_, claimed) = try subject.claimFirst()
      var epoch = RunStoreSamples.epoch(0)
      for name in epoch.metrics.names where name.split == "validation" { epoch.metrics[name] = nil }
      epoch.metrics["train_accuracy"] = nil
      epoch.metrics["test_top5_accuracy"] = nil
      epoch.metrics["test_log_loss"] = nil
      epoch.timing.peakMemoryBytes = nil
      epoch.timing.plannedMemoryBytes = nil
      epoch.metrics["learning_rate"] = .infinity
      epoch.metrics["test_loss"] = -.infinity
      try subject.store.record(epoch, lease: claimed.lease)
      try requireEqual(try subject.store.epochs(of: claimed.lease.run), [epoch], "the epochs")
      epoch.metrics["train_loss"] = .nan
      epoch.metrics["test_loss"] = .nan
      epoch.metrics["test_log_loss"] = .nan
      try subject.store.record(epoch, lease: claimed.lease)
      try requireEqual(try subject.store.epochs(of: claimed.lease.run), [epoch], "the epochs with NaN")
    },
    Check("a start removes its epoch and all later ones") { subject in
      let (_, claimed) = try subject.claimFirst()
      for index in 0..<4 { try subject.store.record(RunStoreSamples.epoch(index), lease: claimed.lease) }
      try subject.store.recordStart(RunStoreSamples.provenance(), epoch: 2, step: 4, lease: claimed.lease)
      try requireEqual(try subject.store.epochs(of: claimed.lease.run).map(\.epoch), [0, 1], "the epochs")
      try requireEqual(try subject.store.run(claimed.lease.run)?.completedEpochs, 2, "the completed epochs")
      try requireEqual(try subject.store.run(claimed.lease.run)?.trainSeconds, 4, "the training time")
      try subject.store.recordStart(RunStoreSamples.provenance(), epoch: 9, step: 18, lease: claimed.lease)
      try requireEqual(try subject.store.epochs(of: claimed.lease.run).count, 2, "the epochs after a start beyond them")
      try subject.store.recordStart(RunStoreSamples.provenance(), epoch: 0, step: 0, lease: claimed.lease)
      try requireEqual(try subject.store.run(claimed.lease.run)?.trainSeconds, nil, "the training time of no epochs")
    },
    Check("a completed run has its final record, alone and with its run") { subject in
      let (sweep, claimed) = try subject.claimFirst()
      let run = claimed.lease.run
      try subject.store.record(RunStoreSamples.epoch(0), lease: claimed.lease)
      try requireEqual(try subject.store.finalRecord(of: run), nil, "the final record before the end")
      subject.clock.advance(seconds: 3)
      try subject.store.finish(claimed.lease, .completed(RunStoreSamples.final()))
      try requireEqual(try subject.store.finalRecord(of: run), RunStoreSamples.final(), "the final record")
      try requireEqual(try subject.store.attempts(at: run).last?.endedAt, subject.clock.now, "the end")
      let variants = try subject.store.sweep(sweep.id).variants
      try requireEqual(variants.map(\.testImageCount), [17, nil, nil], "the numbers of test images")
      let found = variants[0].runs[0]
      try requireEqual(try subject.store.run(run), found, "the run by its identity")
      try requireEqual(found.state, .completed, "the run's state")
      try requireEqual(found.metrics, RunStoreSamples.final().metrics, "the run's metrics")
      try requireEqual(found.metrics["test_macro_f1"], 1 / 3, "the run's macro F1")
      try requireEqual(found.metrics["test_nll"], 0.5, "the run's metric of an unknown name")
      try requireEqual(found.metrics["ease of use"], 0, "the run's metric of an odd name")
      try requireEqual(found.metrics["test_log_loss"], 2, "the run's log loss")
      try requireEqual(found.health, RunStoreSamples.final().health, "the run's health")
      try requireEqual(found.completedEpochs, 1, "the run's completed epochs")
      try requireEqual(found.plannedEpochs, 4, "the run's planned epochs")
      try requireEqual(found.trainSeconds, 2, "the run's training time")
      try requireEqual(found.imagesPerSecond, 100, "the run's throughput")
      let other = variants[0].runs[1]
      try requireEqual(other.metrics, [:], "a pending run's metrics")
      try requireEqual(other.trainSeconds, nil, "a pending run's training time")
    },
    Check("a final record without options survives") { subject in
      let (_, claimed) = try subject.claimFirst()
      let record = FinalRecord(metrics: ["test_accuracy": 0.5])
      try subject.store.finish(claimed.lease, .completed(record))
      try requireEqual(try subject.store.finalRecord(of: claimed.lease.run), record, "the final record")
    },
    Check("failures keep their reason") { subject in
      let sweep = try subject.store.register(RunStoreSamples.sweep())
      let runs = try subject.store.sweep(sweep.id).runs.map(\.identity)
      try subject.store.finish(subject.claim(runs[0], sweep.id).lease, .failed(reason: "shape ≠ [1]; 'quoted'"))
      try subject.store.finish(subject.claim(runs[1], sweep.id).lease, .diverged(reason: "loss is nan at step 7"))
      let found = try subject.store.sweep(sweep.id).variants[0].runs
      try requireEqual(found.map(\.state), [.failed, .diverged, .pending], "the states")
      try requireEqual(
        found.map(\.reason), ["shape ≠ [1]; 'quoted'", "loss is nan at step 7", nil], "the reasons")
      try requireEqual(
        try subject.store.sweeps()[0].runCounts, [.failed: 1, .diverged: 1, .pending: 7], "the run counts")
      try requireEqual(try subject.store.run(runs[0])?.isRetriable, false, "whether the failure is tried again")
      let passing = RunOutcome.failed(reason: "no memory", isRetriable: true)
      try subject.store.finish(subject.claim(runs[2], sweep.id).lease, passing)
      try requireEqual(try subject.store.run(runs[2])?.isRetriable, true, "whether a passing failure is tried again")
    },
    Check("attempts keep process, dates and provenance") { subject in
      let (sweep, first) = try subject.claimFirst()
      let began = subject.clock.now
      try subject.store.recordStart(RunStoreSamples.provenance(threads: 1), epoch: 0, step: 0, lease: first.lease)
      try subject.store.recordStart(RunStoreSamples.provenance(threads: 2), epoch: 0, step: 0, lease: first.lease)
      subject.clock.advance(seconds: 2)
      try subject.store.finish(first.lease, .interrupted(reason: "stopped"))
      let second = try subject.claim(first.lease.run, sweep.id)
      let attempts = try subject.store.attempts(at: first.lease.run)
      try requireEqual(attempts.count, 2, "the number of attempts")
      let expected = RunAttempt(
        run: first.lease.run, number: 1, sweep: sweep.id, owner: .current, startedAt: began,
        endedAt: subject.clock.now, exitState: .interrupted, exitReason: "stopped",
        provenance: RunStoreSamples.provenance(threads: 2))
      try requireEqual(attempts[0], expected, "the first attempt")
      try requireEqual(attempts[1].number, second.lease.attempt, "the second attempt's number")
      try requireEqual(attempts[1].endedAt, nil, "the second attempt's end")
      try requireEqual(try subject.store.run(first.lease.run)?.attempts, 2, "the count of attempts")
    },
    Check("events are kept in order") { subject in
      let (_, claimed) = try subject.claimFirst()
      try subject.store.log(.resumed, "from epoch 2", lease: claimed.lease)
      try subject.store.log(.warning, "checkpoint.h5 is damaged", lease: claimed.lease)
      try subject.store.finish(claimed.lease, .completed(RunStoreSamples.final()))
      let events = try subject.store.events(of: claimed.lease.run)
      try requireEqual(events.map(\.kind), [.claimed, .resumed, .warning, .finished], "the kinds")
      try requireEqual(events[2].message, "checkpoint.h5 is damaged", "the warning")
      try requireEqual(Set(events.map(\.attempt)), [1], "the attempts")
      try requireEqual(events[0].date, subject.clock.now, "the date")
    },
  ]
}
