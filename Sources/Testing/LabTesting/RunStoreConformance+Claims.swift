import Dispatch
import Foundation
import LabCore
import LabRecords
import Synchronization

extension RunStoreConformance {
  static let claimChecks = [
    Check("a claimed run is busy for everyone else until it is finished") { subject in
      let (sweep, claimed) = try subject.claimFirst()
      let run = claimed.lease.run
      try requireEqual(claimed.run.state, .pending, "the state before the claim")
      try requireEqual(claimed.lease.attempt, 1, "the attempt")
      try requireEqual(try subject.store.run(run)?.state, .running, "the state")
      let result = try subject.store.claim(run, sweep: sweep.id, owner: .current, policy: .unfinished)
      guard case .busy(let owner, _) = result else { throw Violation(description: "expected busy, got \(result)") }
      try requireEqual(owner, .current, "the owner")
      try subject.store.finish(claimed.lease, .interrupted(reason: "stopped"))
      let again = try subject.claim(run, sweep.id)
      try requireEqual(again.lease.attempt, 2, "the second attempt")
      try requireEqual(again.run.reason, "stopped", "the reason before the second claim")
      try requireEqual(try subject.store.run(run)?.reason, nil, "the reason while it runs")
      try require(again.lease.token != claimed.lease.token, "two leases have one token")
    },
    Check("a living process keeps its run however long it is silent") { subject in
      let (sweep, claimed) = try subject.claimFirst(owner: .current)
      subject.clock.advance(seconds: 1_000_000)
      let result = try subject.store.claim(claimed.lease.run, sweep: sweep.id, owner: .current, policy: .unfinished)
      guard case .busy = result else { throw Violation(description: "expected busy, got \(result)") }
      try subject.store.record(RunStoreSamples.epoch(0), lease: claimed.lease)
    },
    Check("a dead process's run is taken over at once, and goes on") { subject in
      let (sweep, dead) = try subject.claimFirst(owner: RunStoreSamples.deadProcess)
      try subject.store.record(RunStoreSamples.epoch(0), lease: dead.lease)
      let successor = try subject.claim(dead.lease.run, sweep.id)
      try requireEqual(successor.recordedEpochs, 1, "the recorded epochs")
      try requireEqual(successor.run.state, .running, "the state before the claim")
      try requireEqual(successor.lease.attempt, 2, "the attempt")
      let attempts = try subject.store.attempts(at: dead.lease.run)
      try requireEqual(attempts.map(\.exitState), [.interrupted, nil], "the attempts' exit states")
      try require(attempts[0].exitReason != nil, "the dead attempt has no exit reason")
      try require(
        try subject.store.events(of: dead.lease.run).contains { $0.kind == .takenOver }, "there is no event of it")
    },
    Check("a process that cannot be asked loses its run after the store's patience") { subject in
      let (sweep, foreign) = try subject.claimFirst(owner: RunStoreSamples.foreignProcess())
      let run = foreign.lease.run
      func isBusy() throws -> Bool {
        let result = try subject.store.claim(run, sweep: sweep.id, owner: .current, policy: .unfinished)
        if case .busy(RunStoreSamples.foreignProcess(), _) = result { return true } else { return false }
      }
      subject.clock.advance(seconds: Subject.patienceSeconds - 1)
      try require(try isBusy(), "the run is taken over too early")
      try subject.store.heartbeat(foreign.lease)
      subject.clock.advance(seconds: Subject.patienceSeconds - 1)
      try require(try isBusy(), "a heartbeat does not count")
      subject.clock.advance(seconds: 1)
      try require(!(try isBusy()), "the run is not taken over")
      try requireError(.leaseLost(foreign.lease), "a late heartbeat") { try subject.store.heartbeat(foreign.lease) }
    },
    Check("progress comes with signs of life, and goes with the lease") { subject in
      let (sweep, claimed) = try subject.claimFirst()
      let run = claimed.lease.run
      func told() throws -> RunProgress? {
        let found = try subject.store.run(run)
        return found?.progress
      }
      let first = RunProgress(
        epoch: 0, epochs: 2, step: 3, stepsPerEpoch: 8, loss: 0.5, imagesPerSecond: 100, activity: "evaluating",
        remainingSeconds: 60)
      try subject.store.heartbeat(claimed.lease)
      try requireEqual(try told(), nil, "the progress of a process that tells none")
      try subject.store.heartbeat(claimed.lease, progress: first)
      try requireEqual(try told(), first, "the progress")
      let date = try subject.store.run(run)?.progressAt
      try require(date != nil, "the progress has no date")
      subject.clock.advance(seconds: 5)
      try subject.store.heartbeat(claimed.lease)
      try requireEqual(try told(), first, "the progress after a sign of life without any")
      try requireEqual(try subject.store.run(run)?.progressAt, date, "its date")
      let runs = try subject.store.sweep(sweep.id).variants.flatMap(\.runs)
      try requireEqual(runs.first { $0.identity == run }?.progress, first, "the progress in the sweep")
      try require(runs.allSatisfy { $0.identity == run || $0.progress == nil }, "another run has the progress")
      // What was said before an epoch was recorded is not said of the next one.
      try subject.store.record(RunStoreSamples.epoch(0), lease: claimed.lease)
      try requireEqual(try told(), nil, "the progress in an epoch that is on record")
      let second = RunProgress(epoch: 1, epochs: 2, step: 1, stepsPerEpoch: 8)
      try subject.store.heartbeat(claimed.lease, progress: second)
      try requireEqual(try told(), second, "the progress in the next epoch")
      try subject.store.finish(claimed.lease, .interrupted(reason: "stopped"))
      try requireEqual(try told(), nil, "the progress of an interrupted run")
      let again = try subject.claim(run, sweep.id)
      try requireEqual(try told(), nil, "the progress of the next attempt")
      try subject.store.heartbeat(again.lease, progress: second)
      try subject.store.finish(again.lease, .completed(RunStoreSamples.final()))
      try requireEqual(try told(), nil, "the progress of a completed run")
      try requireEqual(try subject.store.finalRecord(of: run), RunStoreSamples.final(), "the final record")
    },
    Check("the progress of a run that is taken over is not that of its successor") { subject in
      let (sweep, dead) = try subject.claimFirst(owner: RunStoreSamples.deadProcess)
      try subject.store.heartbeat(dead.lease, progress: RunProgress(epoch: 0, epochs: 2, step: 3, stepsPerEpoch: 8))
      let successor = try subject.claim(dead.lease.run, sweep.id)
      try requireEqual(successor.run.progress, nil, "the progress that the successor is told")
      try requireEqual(try subject.store.run(dead.lease.run)?.progress, nil, "the progress")
    },
    Check("a lost or finished lease changes nothing") { subject in
      let (sweep, dead) = try subject.claimFirst(owner: RunStoreSamples.deadProcess)
      try subject.store.record(RunStoreSamples.epoch(0), lease: dead.lease)
      let successor = try subject.claim(dead.lease.run, sweep.id)
      try refusesEveryWrite(subject.store, dead.lease)
      try requireEqual(try subject.store.run(dead.lease.run)?.state, .running, "the successor's state")
      try subject.store.finish(successor.lease, .completed(RunStoreSamples.final()))
      try refusesEveryWrite(subject.store, successor.lease)
      try requireEqual(try subject.store.run(dead.lease.run)?.state, .completed, "the final state")
      try requireEqual(
        try subject.store.epochs(of: dead.lease.run), [RunStoreSamples.epoch(0)], "the epochs")
      try requireEqual(try subject.store.finalRecord(of: dead.lease.run), RunStoreSamples.final(), "the final record")
    },
    Check("ended runs stay ended, and retriable failures do not") { subject in
      let sweep = try subject.store.register(RunStoreSamples.sweep())
      let runs = try subject.store.sweep(sweep.id).runs.map(\.identity)
      let outcomes: [RunOutcome] = [
        .completed(RunStoreSamples.final()), .failed(reason: "bad shape"), .diverged(reason: "loss is nan"),
        .failed(reason: "too large", isRetriable: true), .interrupted(reason: "stopped"),
      ]
      for (run, outcome) in zip(runs, outcomes) {
        try subject.store.finish(subject.claim(run, sweep.id).lease, outcome)
      }
      func claimable(_ policy: ClaimPolicy) throws -> [Bool] {
        try zip(runs, outcomes).map { run, outcome in
          switch try subject.store.claim(run, sweep: sweep.id, owner: .current, policy: policy) {
          case .claimed(let claimed):
            try subject.store.finish(claimed.lease, outcome)
            return true
          case .finished(let state):
            try requireEqual(state, outcome.state, "the ended run's state")
            try requireEqual(try subject.store.run(run)?.reason, outcome.reason, "the ended run's reason")
            return false
          case .busy: throw Violation(description: "an ended run is busy")
          }
        }
      }
      try requireEqual(try claimable(.unfinished), [false, false, false, true, true], "unfinished runs")
      let before = subject.clock.now
      try requireEqual(
        try claimable(.retryingFailed(endedBefore: before)), [false, false, false, false, true],
        "runs that failed before the sweep began")
      subject.clock.advance(seconds: 1)
      try requireEqual(
        try claimable(.retryingFailed(endedBefore: subject.clock.now)), [false, true, true, true, true],
        "failed runs")
      subject.clock.advance(seconds: 1)
      try requireEqual(
        try claimable(.fresh(endedBefore: before)), [false, false, false, false, true],
        "runs that ended before the sweep began")
      try requireEqual(
        try claimable(.fresh(endedBefore: subject.clock.now)), [true, true, true, true, true], "all runs")
    },
    Check("a fresh claim discards what was recorded, once") { subject in
      let (sweep, claimed) = try subject.claimFirst()
      try subject.store.record(RunStoreSamples.epoch(0), lease: claimed.lease)
      try subject.store.finish(claimed.lease, .completed(RunStoreSamples.final()))
      subject.clock.advance(seconds: 1)
      let began = subject.clock.now
      let fresh = try subject.claim(claimed.lease.run, sweep.id, .current, .fresh(endedBefore: began))
      try requireEqual(fresh.recordedEpochs, 0, "the recorded epochs")
      try requireEqual(fresh.run.state, .completed, "the state before the claim")
      try requireEqual(try subject.store.epochs(of: claimed.lease.run), [], "the epochs")
      try requireEqual(try subject.store.finalRecord(of: claimed.lease.run), nil, "the final record")
      try requireEqual(try subject.store.run(claimed.lease.run)?.completedEpochs, 0, "the completed epochs")
      try requireEqual(try subject.store.run(claimed.lease.run)?.trainSeconds, nil, "the training time")
      try subject.store.record(RunStoreSamples.epoch(0), lease: fresh.lease)
      subject.clock.advance(seconds: 1)
      try subject.store.finish(fresh.lease, .interrupted(reason: "stopped"))
      let resumed = try subject.claim(claimed.lease.run, sweep.id, .current, .fresh(endedBefore: began))
      try requireEqual(resumed.recordedEpochs, 1, "the epochs recorded since the fresh claim")
    },
    Check("threads that claim at once share the runs without overlap") { subject in
      let sweep = try subject.store.register(RunStoreSamples.sweep(seeds: Array(0..<100)))
      let runs = try subject.store.sweep(sweep.id).runs.map(\.identity)
      let claims = Mutex<[RunIdentity: Int]>([:])
      let problems = Mutex<[String]>([])
      DispatchQueue.concurrentPerform(iterations: 4) { worker in
        do {
          for run in worker.isMultiple(of: 2) ? runs : runs.reversed() {
            switch try subject.store.claim(run, sweep: sweep.id, owner: .current, policy: .unfinished) {
            case .claimed(let claimed):
              claims.withLock { $0[run, default: 0] += 1 }
              try subject.store.finish(claimed.lease, .completed(RunStoreSamples.final()))
            case .busy, .finished: continue
            }
          }
        } catch {
          problems.withLock { $0.append("\(error)") }
        }
      }
      try requireEqual(problems.withLock { $0 }, [], "the errors")
      try requireEqual(claims.withLock { $0.count }, 300, "the number of runs claimed")
      try require(claims.withLock { $0.values.allSatisfy { $0 == 1 } }, "a run was claimed twice")
    },
  ]

  private static func refusesEveryWrite(_ store: any RunStore, _ lease: RunLease) throws {
    let writes: [(String, () throws -> Void)] = [
      ("a heartbeat", { try store.heartbeat(lease) }),
      (
        "progress",
        { try store.heartbeat(lease, progress: RunProgress(epoch: 0, epochs: 1, step: 1, stepsPerEpoch: 2)) }
      ),
      ("a start", { try store.recordStart(RunStoreSamples.provenance(), epoch: 0, step: 0, lease: lease) }),
      ("an epoch", { try store.record(RunStoreSamples.epoch(1), lease: lease) }),
      ("an event", { try store.log(.note, "late", lease: lease) }),
      ("an outcome", { try store.finish(lease, .failed(reason: "late")) }),
    ]
    let events = try store.events(of: lease.run)
    let attempts = try store.attempts(at: lease.run)
    for (name, write) in writes { try requireError(.leaseLost(lease), name, write) }
    try requireEqual(try store.events(of: lease.run), events, "the events after refused writes")
    try requireEqual(try store.attempts(at: lease.run), attempts, "the attempts after refused writes")
  }
}
