import ArgumentParser
import LabReport

/// In which format a table is printed.
struct TableFormatOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "\(TableFormats.registry.names.joined(separator: ", ")) (default: \(TableFormats.text.name)).",
      valueName: "format"))
  var format: String?

  @Flag(help: "The same as --format json.")
  var json = false

  func validate() throws {
    if json, let format, format != TableFormats.json.name {
      throw ValidationError("--json is --format json, but --format \(format) was given too.")
    }
  }

  /// The format that was asked for.
  ///
  /// - Throws: `ReportError` where there is none of the name.
  func chosen() throws -> any TableFormat {
    json ? TableFormats.json : try TableFormats.named(format ?? TableFormats.text.name)
  }
}
