/// Looks for one kind of oddity in the course of a completed run.
///
/// A check is a pure function of what is on record, and its thresholds stand in its documentation. A new one is a file
/// and a line in ``HealthChecks/all``.
public protocol HealthCheck: Sendable {
  /// What its notes are called in stores and formats for programs, in snake case; never changed once released.
  var kind: String { get }

  /// What it looks for, for people: the title of its notes.
  var title: String { get }

  /// Whether conclusions from runs that it has found something about are preliminary.
  var makesPreliminary: Bool { get }

  /// What a table says of several variants alike; nil where their own notes are listed.
  ///
  /// - Parameter variants: whose runs have the note, such as `all 12 variants`.
  func summary(of variants: String) -> String?

  /// The note on a run; nil where there is nothing to say.
  func note(on course: RunCourse) -> HealthNote?
}

extension HealthCheck {
  public var makesPreliminary: Bool { false }

  public func summary(of variants: String) -> String? { nil }

  /// A note of this check's kind.
  func found(_ message: String, value: Double? = nil) -> HealthNote { HealthNote(kind, message, value: value) }
}

/// Everything that a completed run is looked at for.
public enum HealthChecks {
  /// The checks in the order in which their notes are shown.
  public static let all: [any HealthCheck] = [
    LateCollapse(), OneClass(), AtChance(), Diverging(), TestLoss(), AnnealingLength(), ScheduleLength(),
    StillImproving(),
  ]

  /// What the checks have to say of a run.
  public static func notes(on course: RunCourse) -> [HealthNote] { all.compactMap { $0.note(on: course) } }

  /// The check that makes notes of a kind.
  public static func check(_ kind: String) -> (any HealthCheck)? { all.first { $0.kind == kind } }
}

extension Run {
  /// Whether it is completed and longer training would have given another result.
  public var isPreliminary: Bool {
    state == .completed && health.contains { HealthChecks.check($0.kind)?.makesPreliminary ?? false }
  }
}
