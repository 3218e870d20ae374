import LabScheduler

/// Where programs may report beside lines.
enum ProgramReportSources {
  /// The sources; a further one is one line.
  static let all: [MakeProgramReportSource] = [
    { TensorBoardReports($0, isResumed: $1) }
  ]
}
