/// What the processes of a run leave beside the run's other files.
public enum RunOutput {
  /// The folder that belongs to a program, in which it keeps its checkpoint.
  public static let folderName = "program"

  /// The file of what an attempt's process has printed.
  public static func name(ofAttempt attempt: Int) -> String { "output-\(attempt).txt" }
}
