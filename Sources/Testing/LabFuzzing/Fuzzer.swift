import Foundation
import LabCore

/// Feeds a reader with damaged versions of valid samples: it may refuse them or read them, but never crash or hang.
///
/// The n-th version is a function of the target's name and n, so that a number reproduces a failure. Three environment
/// variables change what a test does: `FUZZ_SECONDS` gives each target that long, `FUZZ_START` is its first number, and
/// `FUZZ_TARGET` leaves all others out.
public struct Fuzzer {
  /// The longest that one damaged sample may take, in seconds; generous, since machines may be busy.
  private static let patience = 60.0
  /// By how many bytes the process may have grown at most.
  private static let room = 4 << 30

  private let target: String
  private let samples: [Data]
  private let mutator: Mutator

  /// Prepares a target.
  ///
  /// - Parameters:
  ///   - target: its name, such as `png`.
  ///   - samples: valid input.
  ///   - fragments: what the format is made of, beside numbers at the ends of their range.
  public init(_ target: String, samples: [Data], fragments: [String] = []) {
    self.target = target
    self.samples = samples
    mutator = Mutator(name: target, fragments: fragments.map { Array($0.utf8) })
  }

  /// Tries damaged samples.
  ///
  /// - Parameters:
  ///   - count: how many, where no environment variable says otherwise.
  ///   - body: reads one; what it throws is an answer like any other.
  /// - Returns: what went wrong, with the numbers that reproduce it; empty where nothing did.
  /// - Throws: where the note that reproduces a crash cannot be written.
  public func problems(count: Int, _ body: (Data) throws -> Void) throws -> [String] {
    let environment = ProcessInfo.processInfo.environment
    if let chosen = environment["FUZZ_TARGET"], !chosen.isEmpty, chosen != target { return [] }
    guard !samples.isEmpty, samples.allSatisfy({ !$0.isEmpty }) else {
      return ["\(target): there is nothing to damage"]
    }
    var problems: [String] = []
    let first = environment["FUZZ_START"].flatMap { UInt64($0) } ?? 0
    let seconds = environment["FUZZ_SECONDS"].flatMap { Double($0) }
    let note = environment["FUZZ_NOTES"].map { "\($0)/\(target)" }
    let memory = Self.largestMemory
    let start = ContinuousClock.now
    var number = first
    while seconds.map({ (ContinuousClock.now - start).seconds < $0 }) ?? (number < first + UInt64(count)) {
      // Where the process ends here, this is how anyone knows with what.
      if let note {
        try Data("FUZZ_TARGET=\(target) FUZZ_START=\(number)\n".utf8).write(to: URL(fileURLWithPath: note))
      }
      let begin = ContinuousClock.now
      let damaged = mutator.mutation(number, of: samples[Int(number % UInt64(samples.count))], others: samples)
      do { try body(damaged) } catch {
        if "\(error)".isEmpty { problems.append("\(target) \(number): an error without words") }
      }
      let took = (ContinuousClock.now - begin).seconds
      if took > Self.patience { problems.append("\(target) \(number): took \(took) s") }
      number += 1
    }
    let growth = Self.largestMemory - memory
    if growth > Self.room { problems.append("\(target) from \(first) to \(number): took \(growth) bytes") }
    if let note {
      try? FileManager.default.removeItem(atPath: note)
      print("fuzzed \(target): \(first)..<\(number)")
    }
    return problems
  }

  /// The most memory that the process has had so far, in bytes.
  private static var largestMemory: Int {
    var usage = rusage()
    #if os(Linux)
      getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
      return usage.ru_maxrss * 1024
    #else
      getrusage(RUSAGE_SELF, &usage)
      return usage.ru_maxrss
    #endif
  }
}
