import LabWorkbench

extension DryRun {
  /// Shows the plan.
  func show(json: Bool) throws {
    let table = try table()
    let output = Terminal.standardOutput
    if json { return output.write(table.table(groupsSeeds: false).json) }
    let terminal = output.isInteractive ? output : Terminal.standardError
    output.write(
      styled: table.table().rendered(options: .init(width: terminal.width, style: output.style)))
  }
}
