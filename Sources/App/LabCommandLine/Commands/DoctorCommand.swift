import ArgumentParser
import Foundation
import LabCore
import LabWorkbench

/// The command `labrun doctor`.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Check libraries, processor, data and folders, and say what to do where something is missing.",
    discussion: """
      EXAMPLES
        labrun doctor
        labrun doctor --json
        labrun doctor --check                # every byte of the results, and what to do about what does not fit
        labrun doctor --check --results DIR
      """)

  @Flag(help: "Look at every byte of the results: database, files, and whether they belong together.")
  var check = false

  @Flag(help: "Print JSON.") var json = false

  @OptionGroup var resultsOptions: ResultsOptions

  func run() throws {
    if check { return try StoreCheckReport(results: resultsOptions.folder).show(json: json) }
    let findings = Checkup(results: resultsOptions.folder).all
    let output = Terminal.standardOutput
    if json {
      output.write(JSONValue.array(findings.map(\.json)))
    } else {
      let width = findings.map(\.subject.count).max() ?? 0
      for finding in findings {
        let mark = output.style.apply(finding.isGood ? .better : .warning, to: finding.isGood ? "ok  " : "note")
        let subject = finding.subject.padding(toLength: width, withPad: " ", startingAt: 0)
        output.write(styled: "\(mark)  \(subject)  \(finding.text.printable)\n")
      }
    }
  }
}
