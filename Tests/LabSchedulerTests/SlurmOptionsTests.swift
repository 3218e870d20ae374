import LabCore
import LabScheduler
import Testing

/// What a spec may ask of Slurm.
@Suite struct SlurmOptionsTests {
  private func options(_ members: [String: JSONValue]) throws -> SlurmOptions {
    try SlurmOptions(.object(members))
  }

  @Test(arguments: [
    ("90", 90), ("02:00:00", 120), ("10:30", 11), ("1-12", 2160), ("1-12:30", 2190), ("2-00:00:01", 2881),
    ("00:00:30", 1),
  ])
  func timesAreThoseOfSlurm(text: String, minutes: Int) throws {
    #expect(try options(["time": .string(text)]).timeMinutes == minutes)
  }

  @Test(arguments: [
    (
      "time", JSONValue.string("two hours"),
      "expected minutes, or a time such as 02:00:00 or 1-12:00:00, found \"two hours\""
    ),
    ("time", .string("1-2-3"), "found \"1-2-3\""),
    ("time", .string("00:00:00"), "found \"00:00:00\""),
    ("memory", .string("much"), "expected a size such as 8G or 800M, found \"much\""),
    ("memory", .string("0G"), "found \"0G\""),
    ("options", .array([.string("account=vision")]), "a word each, found \"account=vision\""),
    ("options", .array([.string("--array=0-3")]), "--array is labrun's own"),
    ("options", .array([.string("-o")]), "-o is labrun's own"),
  ])
  func whatMeansNothingIsRefused(key: String, value: JSONValue, sentence: String) throws {
    let problem = #expect(throws: SlurmOptions.Problem.self) { try options([key: value]) }
    #expect(problem?.key == key)
    #expect("\(problem!)".hasPrefix("execution.executor.\(key): ") && "\(problem!)".contains(sentence), "\(problem!)")
  }
}
