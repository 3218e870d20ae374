/// What the processes of a run have printed, a file an attempt beside the run's other files.
public enum RunOutput {
  /// The file's name.
  public static func name(ofAttempt attempt: Int) -> String { "output-\(attempt).txt" }
}
