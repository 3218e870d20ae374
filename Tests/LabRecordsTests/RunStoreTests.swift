import Foundation
import LabCore
import LabRecords
import LabTesting
import Testing

@Suite struct InMemoryRunStoreTests {
  @Test(arguments: RunStoreConformance.checks) func conforms(check: RunStoreConformance.Check) throws {
    try check.run { clock, patience in InMemoryRunStore(patienceSeconds: patience, now: { clock.now }) }
  }
}

@Suite struct ProcessIdentityTests {
  @Test func thisProcessIsAlive() {
    #expect(ProcessIdentity.current.liveness == .alive)
    #expect(ProcessIdentity.current.pid == getpid())
    #expect(!ProcessIdentity.current.host.isEmpty)
  }

  @Test func aLaterProcessOfTheSameNumberIsAnother() {
    #expect(RunStoreSamples.deadProcess.liveness == .dead)
  }

  @Test func aProcessThatEndedIsDead() throws {
    let child = Process()
    child.executableURL = URL(fileURLWithPath: "/bin/sleep")
    child.arguments = ["60"]
    try child.run()
    var identity = ProcessIdentity.current
    identity.pid = child.processIdentifier
    // Its start time is not this process's, so the number alone proves nothing.
    #expect(identity.liveness == .dead)
    kill(child.processIdentifier, SIGKILL)
    child.waitUntilExit()
    #expect(identity.liveness == .dead)
  }

  @Test func anotherMachinesProcessIsUnknown() {
    #expect(RunStoreSamples.foreignProcess().liveness == .unknown)
    var identity = ProcessIdentity.current
    identity.scope = nil
    #expect(identity.liveness == .unknown)
  }
}

@Suite struct PlanHashTests {
  @Test func thePlanHashSeesEverythingButCounts() {
    let sweep = RunStoreSamples.sweep()
    var counted = sweep
    counted.variants[0].parameterCount = 7
    #expect(counted.planHash == sweep.planHash)
    let changes: [(inout Sweep) -> Void] = [
      { $0.name = "other" }, { $0.specHash = ContentHash(of: "other") }, { $0.factors[0].levels.reverse() },
      { $0.seeds.swapAt(0, 1) }, { $0.variants.swapAt(0, 1) }, { $0.variants[1].label = "other" },
      { $0.variants[0].isBaseline = false }, { $0.variants[0].levels["conv"] = "other" },
      { $0.variants[2].runs[1] = RunStoreSamples.run(level: "odconv-4x", seed: 1, data: "other") },
    ]
    var hashes: Set = [sweep.planHash]
    for change in changes {
      var changed = sweep
      change(&changed)
      hashes.insert(changed.planHash)
    }
    #expect(hashes.count == changes.count + 1)
  }
}
