import LabCore
import LabRecords
import LabReport
import Testing

/// What is said of arms that were trained elsewhere, or with something else.
@Suite struct RunOriginTests {
  private func origin(_ host: String, version: String = "1.0", threads: Int = 1) -> RunOrigin {
    RunOrigin(
      host: host, processor: "processor", operatingSystem: "system", programVersion: version,
      repository: .init(commit: "0123456789abcdef", isDirty: false), libraries: ["oneDNN": "3.1"], threads: threads)
  }

  private func notes(_ origins: [[RunOrigin: Int]]) throws -> [String] {
    var analysis = try SweepAnalysis(ReferenceSweep.sweep)
    analysis.origins = origins
    return analysis.document.sections.first { $0.title == "Fairness" }?.paragraphs ?? []
  }

  @Test func armsOfOtherMachinesAndVersionsAreNamed() throws {
    var origins = [[RunOrigin: Int]](repeating: [origin("alpha"): 3], count: 12)
    #expect(try notes(origins) == [])
    origins[3] = [origin("beta"): 3]
    #expect(
      try notes(origins) == [
        "Arms were trained with different machines: alpha (baseline; focal; spd and 8 more); beta (spd + focal)."
      ])
    origins[3] = [origin("alpha", version: "1.1", threads: 2): 3]
    #expect(
      try notes(origins) == [
        "Arms were trained with different versions of the program: labrun 1.0 (baseline; focal; spd and 8 more); labrun 1.1 "
          + "(spd + focal).",
        "Arms were trained with different numbers of threads a run: 1 (baseline; focal; spd and 8 more); 2 (spd + focal).",
      ])
  }

  @Test func armsThatAreSpreadAlikeAreFair() throws {
    // Machines that take whichever run is next spread arms nearly alike.
    var origins = [[RunOrigin: Int]](repeating: [origin("alpha"): 2, origin("beta"): 1], count: 12)
    for index in stride(from: 0, to: 12, by: 2) { origins[index] = [origin("alpha"): 1, origin("beta"): 2] }
    #expect(try notes(origins) == [])
    origins[11] = [origin("beta"): 3]
    let found = try notes(origins)
    #expect(
      found == [
        "Arms were trained with different machines: 67 % beta, 33 % alpha (baseline; spd; odconv-1x and 3 more); 67 % alpha, "
          + "33 % beta (focal; spd + focal; odconv-1x + focal and 2 more); beta (odconv-4x + spd + focal)."
      ], "\(found)")
  }

  @Test func armsWithoutARecordAreNamed() throws {
    var origins = [[RunOrigin: Int]](repeating: [origin("alpha"): 3], count: 12)
    origins[1] = [:]
    #expect(
      try notes(origins) == ["Of some arms it is not on record where they were trained and with what: focal."])
  }
}
