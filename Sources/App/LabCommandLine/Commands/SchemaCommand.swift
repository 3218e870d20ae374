import ArgumentParser
import LabStudy
import LabWorkbench

/// The command `labrun schema`.
struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema", abstract: "Print the JSON Schema of specs, for editors.",
    discussion: """
      EXAMPLES
        labrun schema > Experiments/spec.schema.json
      """)

  func run() throws { Terminal.standardOutput.write(StudySchema.labrun.jsonSchema()) }
}
