import Foundation
import LabCore
import LabRecords

extension RunStoreConformance {
  static let capsuleChecks = [
    Check("events of a capsule are kept together with their position") { subject in
      let (_, claimed) = try subject.claimFirst()
      let (store, lease) = (subject.store, claimed.lease)
      try requireEqual(
        try store.capsulePosition(ofAttempt: 1, lease: lease), CapsulePosition(attempt: 1),
        "the position before any event")
      let date = subject.clock.now.addingTimeInterval(-7)
      try store.ingest(
        [
          .start(RunStoreSamples.provenance(), epoch: 0, step: 0), .epoch(RunStoreSamples.epoch(0)),
          .log(.note, "seven seconds ago", at: date), .epoch(RunStoreSamples.epoch(1)),
        ], upTo: CapsulePosition(attempt: 1, sequence: 6), lease: lease)
      try requireEqual(
        try store.capsulePosition(ofAttempt: 1, lease: lease).sequence, 6, "the position")
      try requireEqual(try store.epochs(of: lease.run), (0..<2).map { RunStoreSamples.epoch($0) }, "the epochs")
      try requireEqual(try store.run(lease.run)?.completedEpochs, 2, "the completed epochs")
      try requireEqual(try store.attempts(at: lease.run)[0].provenance, RunStoreSamples.provenance(), "the provenance")
      let note = try store.events(of: lease.run).first { $0.kind == .note }
      try requireEqual(
        note, RunEvent(date: date, attempt: 1, kind: .note, message: "seven seconds ago"), "the note")
      // A later start takes back what it trains again.
      try store.ingest(
        [.start(RunStoreSamples.provenance(), epoch: 1, step: 2)], upTo: CapsulePosition(attempt: 1, sequence: 7),
        lease: lease)
      try requireEqual(try store.epochs(of: lease.run).count, 1, "the epochs after another start")
    },
    Check("events of an earlier attempt's capsule are kept as that one's") { subject in
      let (sweep, first) = try subject.claimFirst(owner: RunStoreSamples.deadProcess)
      try subject.store.ingest(
        [.log(.note, "told in time", at: subject.clock.now)], upTo: CapsulePosition(attempt: 1, sequence: 1),
        lease: first.lease)
      let second = try subject.claim(first.lease.run, sweep.id)
      try requireEqual(
        try subject.store.capsulePosition(ofAttempt: 1, lease: second.lease).sequence, 1, "the first one's position")
      try requireEqual(
        try subject.store.capsulePosition(ofAttempt: 2, lease: second.lease).sequence, 0, "the second one's position")
      let late: [CapsuleEntry] = [
        .epoch(RunStoreSamples.epoch(0)), .log(.note, "told late", at: subject.clock.now),
      ]
      let end = CapsulePosition(attempt: 1, sequence: 3)
      try requireError(.leaseLost(first.lease), "ingesting without the lease") {
        try subject.store.ingest(late, upTo: end, lease: first.lease)
      }
      try requireEqual(try subject.store.epochs(of: first.lease.run), [], "the epochs of a lost lease")
      try subject.store.ingest(late, upTo: end, lease: second.lease)
      try requireEqual(try subject.store.epochs(of: first.lease.run), [RunStoreSamples.epoch(0)], "the epochs")
      let notes = try subject.store.events(of: first.lease.run).filter { $0.kind == .note }
      try requireEqual(notes.map(\.message), ["told in time", "told late"], "the notes")
      try requireEqual(notes.map(\.attempt), [1, 1], "the attempts of the notes")
    },
  ]
}
