/// The version of the libraries and of the program.
public enum ProgramVersion {
  /// The version as it is printed and stored with results.
  public static let current = "0.2.0-dev"
}
