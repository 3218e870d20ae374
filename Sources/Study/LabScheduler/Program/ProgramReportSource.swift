/// A way in which programs report beside lines: what is found there is taken in as lines are.
///
/// A further way is one type and one line in the list of sources that the supervisor is given.
package protocol ProgramReportSource {
  /// What was reported since the last time.
  ///
  /// - Parameter isLast: whether the program has ended, so that nothing more comes.
  /// - Throws: an error whose description says in one clause what is wrong; it fails the run.
  mutating func reports(isLast: Bool) throws -> [ProgramReport]

  /// What was found under which name, for the sentence that says what is missing; empty where nothing was found.
  var account: String { get }
}

/// Makes a source for a run.
///
/// - Parameters:
///   - program: what is asked of the program.
///   - isResumed: whether the program goes on from its checkpoint, so that what earlier attempts have reported counts.
package typealias MakeProgramReportSource =
  @Sendable (_ program: CapsuleRun.Program, _ isResumed: Bool) ->
  any ProgramReportSource
