import Foundation
import LabCore
import LabRecords

/// A line of a capsule's `events.jsonl`.
public struct CapsuleEvent: Sendable, Hashable {
  /// What happened.
  public enum Content: Sendable, Hashable {
    /// The attempt trains from an epoch on, with its first step counted over all epochs, both from 0.
    case start(RunProvenance, epoch: Int, step: Int)
    /// The run is so far.
    case progress(RunProgress)
    /// An epoch has ended.
    case epoch(EpochRecord)
    /// Files are whole, those together that belong together.
    case artifact([CapsuleFile])
    /// Something happened that is worth remembering.
    case log(RunEvent.Kind, String)
    /// A person should know this at once.
    case remark(String)
    /// The machine has refused something, such as room on a disk, by which the attempt ends.
    case refusal(CapsuleRefusal)
    /// The attempt has ended so, after so many epochs of the run.
    case final(RunOutcome, epochs: Int)
    /// Something that this version does not know: the whole line.
    case unknown(JSONValue)
  }

  /// The event's number, from 1 without gaps.
  public var sequence: Int
  /// When it happened.
  public var date: Date
  /// What happened.
  public var content: Content

  /// Creates an event.
  public init(sequence: Int, date: Date, content: Content) {
    self.sequence = sequence
    self.date = date
    self.content = content
  }

  /// Whether whoever wrote it relies on its being there after the machine has lost its power.
  var mustLast: Bool { if case .progress = content { false } else { true } }
}

extension CapsuleEvent: Codable {
  private enum Key: String, CodingKey {
    case sequence = "seq"
    case date = "at"
    case kind = "event"
    case provenance, epoch, step, epochs
    case stepsPerEpoch = "steps_per_epoch"
    case loss
    case imagesPerSecond = "images_per_second"
    case activity, metrics, timing, files, level, message, outcome, reason
    case isRetriable = "is_retriable"
    case endsSweep = "ends_sweep"
    case record
  }

  public init(from decoder: any Decoder) throws {
    let line = try decoder.container(keyedBy: Key.self)
    sequence = try line.decode(Int.self, forKey: .sequence)
    date = try line.decode(Date.self, forKey: .date)
    let kind = try line.decode(String.self, forKey: .kind)
    content =
      switch kind {
      case "start":
        .start(
          try line.decode(RunProvenance.self, forKey: .provenance), epoch: try line.decode(Int.self, forKey: .epoch),
          step: try line.decode(Int.self, forKey: .step))
      case "progress":
        .progress(
          RunProgress(
            epoch: try line.decode(Int.self, forKey: .epoch), epochs: try line.decode(Int.self, forKey: .epochs),
            step: try line.decode(Int.self, forKey: .step),
            stepsPerEpoch: try line.decode(Int.self, forKey: .stepsPerEpoch),
            loss: try line.decodeIfPresent(Double.self, forKey: .loss),
            imagesPerSecond: try line.decodeIfPresent(Double.self, forKey: .imagesPerSecond),
            activity: try line.decodeIfPresent(String.self, forKey: .activity)))
      case "epoch":
        .epoch(
          EpochRecord(
            epoch: try line.decode(Int.self, forKey: .epoch), metrics: try line.decode(Metrics.self, forKey: .metrics),
            timing: try line.decodeIfPresent(EpochRecord.Timing.self, forKey: .timing) ?? .notMeasured))
      case "artifact": .artifact(try line.decode([CapsuleFile].self, forKey: .files))
      case "log":
        .log(
          try line.decodeIfPresent(RunEvent.Kind.self, forKey: .level) ?? .note,
          try line.decode(String.self, forKey: .message))
      case "remark": .remark(try line.decode(String.self, forKey: .message))
      case "refusal":
        .refusal(
          CapsuleRefusal(
            description: try line.decode(String.self, forKey: .message),
            endsSweep: try line.decode(Bool.self, forKey: .endsSweep)))
      case "final": .final(try CapsuleEvent.outcome(line), epochs: try line.decode(Int.self, forKey: .epochs))
      default: .unknown(try JSONValue(from: decoder))
      }
  }

  private static func outcome(_ line: KeyedDecodingContainer<Key>) throws -> RunOutcome {
    let reason = { try line.decode(String.self, forKey: .reason) }
    switch try line.decode(RunState.self, forKey: .outcome) {
    case .completed: return .completed(try line.decode(FinalRecord.self, forKey: .record))
    case .interrupted: return .interrupted(reason: try reason())
    case .diverged: return .diverged(reason: try reason())
    case .failed:
      return .failed(
        reason: try reason(), isRetriable: try line.decodeIfPresent(Bool.self, forKey: .isRetriable) ?? false)
    case .pending, .running:
      throw DecodingError.dataCorruptedError(
        forKey: .outcome, in: line, debugDescription: "expected completed, interrupted, diverged or failed")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    if case .unknown(let line) = content { return try line.encode(to: encoder) }
    var line = encoder.container(keyedBy: Key.self)
    try line.encode(sequence, forKey: .sequence)
    try line.encode(date, forKey: .date)
    func kind(_ name: String) throws { try line.encode(name, forKey: .kind) }
    switch content {
    case .start(let provenance, let epoch, let step):
      try kind("start")
      try line.encode(provenance, forKey: .provenance)
      try line.encode(epoch, forKey: .epoch)
      try line.encode(step, forKey: .step)
    case .progress(let progress):
      try kind("progress")
      try line.encode(progress.epoch, forKey: .epoch)
      try line.encode(progress.epochs, forKey: .epochs)
      try line.encode(progress.step, forKey: .step)
      try line.encode(progress.stepsPerEpoch, forKey: .stepsPerEpoch)
      try line.encodeIfPresent(progress.loss, forKey: .loss)
      try line.encodeIfPresent(progress.imagesPerSecond, forKey: .imagesPerSecond)
      try line.encodeIfPresent(progress.activity, forKey: .activity)
    case .epoch(let record):
      try kind("epoch")
      try line.encode(record.epoch, forKey: .epoch)
      try line.encode(record.metrics, forKey: .metrics)
      try line.encode(record.timing, forKey: .timing)
    case .artifact(let files):
      try kind("artifact")
      try line.encode(files, forKey: .files)
    case .log(let level, let message):
      try kind("log")
      try line.encode(level, forKey: .level)
      try line.encode(message, forKey: .message)
    case .remark(let message):
      try kind("remark")
      try line.encode(message, forKey: .message)
    case .refusal(let refusal):
      try kind("refusal")
      try line.encode(refusal.description, forKey: .message)
      try line.encode(refusal.endsSweep, forKey: .endsSweep)
    case .final(let outcome, let epochs):
      try kind("final")
      try line.encode(outcome.state, forKey: .outcome)
      try line.encode(epochs, forKey: .epochs)
      try line.encodeIfPresent(outcome.reason, forKey: .reason)
      if case .completed(let record) = outcome { try line.encode(record, forKey: .record) }
      if case .failed(_, true) = outcome { try line.encode(true, forKey: .isRetriable) }
    case .unknown: break
    }
  }
}

/// What the machine has refused to the process that trains.
public struct CapsuleRefusal: RunFailure, MachineAttributable, Hashable, CustomStringConvertible {
  /// The error in a sentence.
  public var description: String
  /// Whether it concerns every run, as a full disk does.
  public var endsSweep: Bool

  public var isOfMachine: Bool { true }

  /// Creates a refusal.
  public init(description: String, endsSweep: Bool) {
    self.description = description
    self.endsSweep = endsSweep
  }

  /// The refusal behind an error; nil where the machine is not to blame.
  package init?(_ error: any Error) {
    let endsSweep = (error as? any RunFailure)?.endsSweep == true
    guard endsSweep || RunOutcome.isOfMachine(error) else { return nil }
    self.init(description: "\(error)", endsSweep: endsSweep)
  }
}
